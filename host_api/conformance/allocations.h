// The malloc of the process, as far as the plugin uses it: counted, and made to fail on demand.
#pragma once

#include <cstdint>

namespace mpath::kit {

// While it lives, allocations of this thread are the plugin's.
class PluginRuns {
 public:
  PluginRuns() noexcept;
  ~PluginRuns();
  PluginRuns(const PluginRuns&) = delete;
  PluginRuns& operator=(const PluginRuns&) = delete;
};
// Is this thread in the plugin?
[[nodiscard]] bool plugin_runs() noexcept;

// Allocations of the plugin so far, on all threads.
[[nodiscard]] std::uint64_t plugin_allocations() noexcept;
// Blocks that the plugin has allocated and not freed, on all threads.
[[nodiscard]] std::int64_t plugin_blocks() noexcept;

// While it lives, the n-th allocation of the plugin from now on (from 1) fails; later ones succeed.
// Under a sanitizer, which owns malloc, those of operator new only.
class FailingAllocation {
 public:
  explicit FailingAllocation(std::uint64_t n) noexcept;
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  [[nodiscard]] static bool has_failed() noexcept;
};

}  // namespace mpath::kit
