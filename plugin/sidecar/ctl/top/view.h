// How a person looks at the model: sorting, filter, selection, help. Pure; keys are values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/sidecar/ctl/top/model.h"

namespace conflux::top {

enum class SortKey : std::uint8_t { kGoodput, kRtt, kReorder, kSwitches, kRatio, kAge, kTunnel };
inline constexpr std::size_t kSortKeys = 7;
// "goodput", "rtt", "reorder", "switches", "ratio", "age", "tunnel".
[[nodiscard]] std::string_view name_of(SortKey key) noexcept;
[[nodiscard]] std::optional<SortKey> sort_key_named(std::string_view name) noexcept;

struct Key {
  enum class Kind : std::uint8_t {
    kText,  // a printable character
    kUp,
    kDown,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kEnter,
    kEscape,
    kBackspace,
    kOther,
  };
  Kind kind = Kind::kOther;
  char text = 0;
};

struct View {
  SortKey sort = SortKey::kGoodput;
  bool reversed = false;
  std::string filter{};
  bool typing_filter = false;
  bool paused = false;
  bool help = false;
  bool details = true;
  // The selected tunnel. Its place is kept for when it vanishes.
  std::string selected_instance{};
  std::uint32_t selected_id = 0;
  bool has_selection = false;
  std::size_t selected_row = 0;
};

// Tunnels that pass the filter, as they are sorted. Largest first, names from a to z; equals by
// instance and name, so that rows do not jump.
[[nodiscard]] std::vector<const TunnelRow*> rows_of(const Model& model, const View& view);
void sort_rows(std::vector<const TunnelRow*>& rows, SortKey key, bool reversed);

// After each new model: the selection stays on its tunnel, or where that was.
void keep_selection(View& view, const Model& model);

enum class Action : std::uint8_t { kNone, kQuit };
// `page`: rows that a page key moves.
[[nodiscard]] Action handle_key(View& view, const Model& model, const Key& key, int page);

}  // namespace conflux::top
