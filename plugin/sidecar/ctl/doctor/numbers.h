// What a live proxy's numbers say is wrong: symptoms that its operator sees, with their cause.
// Pure.
#pragma once

#include <vector>

#include "plugin/sidecar/ctl/doctor/checks.h"

namespace conflux::ctl {

// Of a region that is live. The numbers are binned, so what is rare is not seen.
[[nodiscard]] std::vector<Finding> check_numbers(const metrics::v1::Region& region);

}  // namespace conflux::ctl
