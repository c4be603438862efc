// The one table of requirements that the kit is driven by: every MPATH-P-n and MPATH-H-n of ABI.md,
// section 5, and what holds a plugin or a host to it.
#pragma once

#include <span>
#include <string_view>

namespace mpath::kit {

// Text is that of ABI.md without its backticks; a test compares the two. The checks of
// mpath-validate name the requirements that they prove, so they are not repeated here.
struct Requirement {
  std::string_view id;    // "MPATH-P-3", "MPATH-H-12"
  std::string_view text;  // what a plugin (P) or a host (H) does
  // Why no check of mpath-validate proves it; empty: some do.
  std::string_view not_checkable;
  // What the probe plugin and the check layer, which look at hosts, do about it; empty: nothing.
  std::string_view probe;
  std::string_view layer;
};

[[nodiscard]] std::span<const Requirement> requirements() noexcept;
// nullptr if there is none.
[[nodiscard]] const Requirement* find_requirement(std::string_view id) noexcept;
// Is it one for plugins?
[[nodiscard]] inline bool is_for_plugins(const Requirement& requirement) noexcept {
  return requirement.id.starts_with("MPATH-P-");
}

}  // namespace mpath::kit
