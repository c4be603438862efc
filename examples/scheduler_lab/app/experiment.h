// Scenarios x schedulers x seeds, several at a time, in an order that does not show in the results.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "examples/scheduler_lab/report/summary.h"

namespace scheduler_lab {

struct Experiment {
  std::vector<Scenario> scenarios;
  std::vector<std::string> schedulers;
  std::string settings{};  ///< of the plugin, see RunOptions
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 1;
  unsigned jobs = 1;
  mpath::Plugin plugin;
};

struct ExperimentResult {
  std::vector<Runs> all;            ///< scenario by scenario, within it by scheduler
  std::vector<std::string> errors;  ///< runs that failed; `all` is then void
};

/// `progress` hears how many runs of how many are done, from the calling thread, now and then.
using Progress = std::function<void(std::size_t done, std::size_t all)>;

/// The scenarios stay where they are for as long as the result is used.
ExperimentResult perform(const Experiment& experiment, const Progress& progress);

}  // namespace scheduler_lab
