// From text to Settings. Nothing here opens a file, reads the environment or keeps state, and no
// exception leaves these functions; any thread may call them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/settings.h"

namespace conflux::config {

// A longer text is refused.
inline constexpr std::size_t kMaxTextBytes = 1 << 20;

struct ParseResult {
  std::string name;                     // display name of the text
  std::vector<std::string_view> keys;   // that the text sets, as dotted paths of static storage
  std::optional<Settings> settings;     // present exactly if there is no error
  std::vector<Diagnostic> diagnostics;  // errors and warnings in the order of the text
  std::size_t omitted = 0;              // how many more there were beyond kMaxDiagnostics
  bool out_of_memory = false;           // then there are no settings and maybe no diagnostics

  bool ok() const { return settings.has_value(); }
};

// Checks the whole text and reports everything that is wrong with it at once. `text` is borrowed
// until return; `name` is what messages call it, usually a path, and is never opened.
ParseResult parse(std::string_view text, std::string_view name) noexcept;

// The same for a process that already runs with `current`: a key that is marked "restart required"
// must keep its value, else nothing is accepted. On any error the caller keeps `current`.
//
// One file may serve several processes: only keys that the named one acts on count.
enum class Process : std::uint8_t { kHost, kSidecar };
ParseResult reload(const Settings& current, std::string_view text, std::string_view name,
                   Process process = Process::kHost) noexcept;

// What a file that sets nothing but `conflux.profile` means. Throws std::bad_alloc only.
Settings default_settings(Profile profile);

// Every diagnostic on a line of its own, each ended by '\n', and a last line that counts the
// omitted ones.
std::string to_string(const ParseResult& result);

}  // namespace conflux::config
