// Which schedulers run, and with which of them the others are compared.
#pragma once

#include <string>
#include <vector>

#include "examples/scheduler_lab/app/options.h"

namespace scheduler_lab {

/// Fills in `options.schedulers` (all that are `known`) and `options.baseline` (`low_rtt` if it
/// runs, else the first) where they were not given. `known` are those that the plugin tells; if it
/// tells none, names that were given are taken as they are.
/// Returns what is wrong with the names that were given, for the user; empty if nothing is.
[[nodiscard]] std::string choose_schedulers(const std::vector<std::string>& known,
                                            Options& options);

}  // namespace scheduler_lab
