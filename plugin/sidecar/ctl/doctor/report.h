// What `confluxctl doctor` prints.
#pragma once

#include <string>
#include <vector>

#include "config/confluxctl/console.h"
#include "plugin/sidecar/ctl/doctor/checks.h"

namespace conflux::ctl {

[[nodiscard]] std::string findings_as_text(const std::vector<Finding>& findings,
                                           const Console& console);
// {"healthy": ..., "findings": [{"level", "subject", "text", "next"}]}
[[nodiscard]] std::string findings_as_json(const std::vector<Finding>& findings);

}  // namespace conflux::ctl
