// A plugin that is loaded as a host in C would: dlopen, dlsym, negotiate.
#pragma once

#include <mpath/plugin.h>

#include <string>

namespace mpath::kit {

// Stays loaded until the process ends.
class PluginFile {
 public:
  // Throws CannotLoad with the linker's words.
  explicit PluginFile(const std::string& path);

  // The bare entry point.
  [[nodiscard]] mpath_negotiate_fn entry() const noexcept { return entry_; }
  // Negotiates major 1; throws Failure if the plugin does not hand out a table that can be used.
  [[nodiscard]] const mpath_plugin_table& table() const;

 private:
  mpath_negotiate_fn entry_ = nullptr;
};

// Counted from 1, in the order of the table; 0: all functions of version 1.0 are there.
[[nodiscard]] std::size_t first_missing_function(const mpath_plugin_table& table) noexcept;

// An offer of majors `low` to `high`, all else as it should be.
[[nodiscard]] mpath_negotiation make_offer(std::uint32_t low, std::uint32_t high) noexcept;

}  // namespace mpath::kit
