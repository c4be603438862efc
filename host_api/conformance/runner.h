// Runs a check, in a process of its own unless told otherwise.
#pragma once

#include "host_api/conformance/check.h"
#include "host_api/conformance/result.h"

namespace mpath::kit {

// Never throws for what the plugin does. A check that takes longer than `timeout_seconds` is
// stopped, as is everything that it has started.
[[nodiscard]] Result run_check(const Check& check, const Settings& settings,
                               unsigned timeout_seconds);

// Can the plugin be loaded at all? Empty, or why not. In a process of its own.
[[nodiscard]] std::string why_not_loadable(const Settings& settings, unsigned timeout_seconds);

// Name and version as the plugin tells them, "unknown" if it does not; in a process of its own.
[[nodiscard]] std::string describe_plugin(const Settings& settings, unsigned timeout_seconds);

}  // namespace mpath::kit
