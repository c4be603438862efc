// The lab against reality: goodput of the conditions that were measured with stock tor relays.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "examples/scheduler_lab/report/summary.h"
#include "examples/scheduler_lab/scenario/reader.h"
#include "test/scheduler_lab/support.h"

namespace scheduler_lab {
namespace {

struct Measured {
  std::string scheduler;
  std::vector<double> goodput;  // bytes per second
};

std::map<std::string, Measured> measured() {
  std::map<std::string, Measured> out;
  std::istringstream lines(read_text(lab_directory() + "/validation/measured.csv"));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "condition,scheduler,bytes,seconds");
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string name, scheduler, bytes, seconds;
    std::getline(fields, name, ',');
    std::getline(fields, scheduler, ',');
    std::getline(fields, bytes, ',');
    std::getline(fields, seconds, ',');
    out[name].scheduler = scheduler;
    out[name].goodput.push_back(std::stod(bytes) / std::stod(seconds));
  }
  return out;
}

TEST(LabValidation, GoodputIsWithinTenPercentOfStockTorsInTheMedian) {
  const std::map<std::string, Measured> reality = measured();
  ASSERT_GE(reality.size(), 6U);
  std::vector<double> errors;
  for (const auto& [name, real] : reality) {
    if (kSanitized && errors.size() == 2) break;
    const ScenarioResult read =
        load_scenario(lab_directory() + "/validation/conditions/" + name + ".yaml");
    ASSERT_EQ(read.errors, "");
    ASSERT_EQ(real.scheduler, "low_rtt");
    const RunResult run = simulate_with(*read.scenario, real.scheduler);
    errors.push_back(std::abs(run.goodput / spread_of(real.goodput).median - 1));
    EXPECT_LT(errors.back(), 0.25) << name;
  }
  EXPECT_LT(spread_of(errors).median, 0.10);
}

}  // namespace
}  // namespace scheduler_lab
