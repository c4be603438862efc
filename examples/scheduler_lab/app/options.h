// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace scheduler_lab {

struct Options {
  std::vector<std::string> scenarios{};   ///< files
  std::vector<std::string> schedulers{};  ///< empty: all that the plugin knows
  /// More lines of the plugin's section `conflux`, as YAML indented by two blanks.
  std::string settings{};
  std::string plugin{};    ///< empty: the default
  std::string out{};       ///< empty: no files
  std::string baseline{};  ///< empty: low_rtt, or the first
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 3;
  unsigned jobs = 1;
  bool force = false;
  bool check = false;
  bool list_schedulers = false;
  bool quiet = false;
};

/// The program is to end now, with this status and text.
struct ExitNow {
  int status = 0;
  std::string text;
};

inline constexpr int kWrongUsage = 2;

/// `reorder.peer_limit=1MiB` and the like as YAML; nothing if one is not of the form KEY=VALUE.
std::optional<std::string> to_yaml(const std::vector<std::string>& settings);

std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv);

}  // namespace scheduler_lab
