// Looks at regions without the sidecar.
#pragma once

#include <chrono>
#include <string>

#include "plugin/sidecar/ctl/doctor/checks.h"

namespace conflux::ctl {

[[nodiscard]] PathState look_at_socket(const std::string& path);

// Watches heartbeats until each has moved, at most for `patience`: one that has not is stalled.
[[nodiscard]] DirectoryFacts look_at_directory(const std::string& path,
                                               std::chrono::milliseconds patience);

}  // namespace conflux::ctl
