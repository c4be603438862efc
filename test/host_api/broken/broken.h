// A plugin that is right in all but one thing. It passes every call on to the real plugin; the
// environment variable MPATH_BROKEN names the one requirement that it breaks, and how.
#pragma once

#include <mpath/plugin.h>

#include <cstdint>
#include <span>

namespace conflux::broken {

struct Breakage {
  const char* name;                            // "token_returned_twice"
  void (*install)(mpath_plugin_table& table);  // over the real functions
};

// The table of the real plugin.
[[nodiscard]] const mpath_plugin_table& real() noexcept;
// What the entry point does wrong, if it is the entry point.
enum class Entry : unsigned char { kRight, kCopiesTable, kTakesAnyMajor, kHidesItsRange };
void set_entry(Entry entry) noexcept;

[[nodiscard]] std::span<const Breakage> breakages_of_the_entry() noexcept;
[[nodiscard]] std::span<const Breakage> breakages_of_structs() noexcept;
[[nodiscard]] std::span<const Breakage> breakages_of_cells() noexcept;
[[nodiscard]] std::span<const Breakage> breakages_of_events() noexcept;
[[nodiscard]] std::span<const Breakage> breakages_of_conduct() noexcept;

}  // namespace conflux::broken
