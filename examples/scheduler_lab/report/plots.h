// The plots of one scenario: a line, a curve or a bar for each scheduler.
#pragma once

#include <string>
#include <vector>

#include "examples/scheduler_lab/report/summary.h"

namespace scheduler_lab {

struct NamedPlot {
  std::string file;  ///< "goodput.svg"
  std::string svg;
};

/// Goodput and out-of-order depth over time (of the first seed), and how long things took (of all
/// seeds). `schedulers` are the runs of one scenario.
[[nodiscard]] std::vector<NamedPlot> plots_of(const std::vector<Runs>& schedulers);

}  // namespace scheduler_lab
