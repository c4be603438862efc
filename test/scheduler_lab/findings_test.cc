// What the README of the lab says of schedulers, on the scenarios that are shipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "examples/scheduler_lab/report/summary.h"
#include "examples/scheduler_lab/scenario/reader.h"
#include "test/scheduler_lab/support.h"

namespace scheduler_lab {
namespace {

constexpr std::uint64_t kSeeds = 5;

Scenario shipped(const std::string& name) {
  ScenarioResult read = load_scenario(lab_directory() + "/scenarios/" + name + ".yaml");
  EXPECT_EQ(read.errors, "");
  return *read.scenario;
}

struct Medians {
  double goodput;
  double peak;
};

Medians medians_of(const Scenario& scenario, const std::string& scheduler) {
  std::vector<double> goodput;
  std::vector<double> peak;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const RunResult run = simulate_with(scenario, scheduler, seed);
    goodput.push_back(run.goodput);
    peak.push_back(static_cast<double>(run.peak_held_cells));
  }
  return {.goodput = spread_of(goodput).median, .peak = spread_of(peak).median};
}

class LabFindings : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "figures are for builds without sanitizers";
  }
};

TEST_P(LabFindings, BlestHalvesWhatTheExitHoldsForThreePercentOfTheGoodputAtMost) {
  const Scenario scenario = shipped(GetParam());
  const Medians low_rtt = medians_of(scenario, "low_rtt");
  const Medians blest = medians_of(scenario, "blest");
  EXPECT_LE(blest.peak, 0.5 * low_rtt.peak);
  EXPECT_GE(blest.goodput, 0.97 * low_rtt.goodput);
}

INSTANTIATE_TEST_SUITE_P(UnlikeLegs, LabFindings,
                         testing::Values("unequal_rate", "unequal_delay", "unequal_both"),
                         [](const auto& of) { return of.param; });

TEST(LabFairness, TwoLegsTakeTwoSharesOfABottleneckAndAllMove) {
  if (kSanitized) GTEST_SKIP() << "figures are for builds without sanitizers";
  const Scenario scenario = shipped("shared_bottleneck");
  const RunResult both = simulate_with(scenario, "low_rtt");
  const RunResult one = simulate_with(scenario, "min_rtt");
  ASSERT_FALSE(both.competitor_goodput.empty());
  EXPECT_GT(*std::ranges::min_element(both.competitor_goodput), 100'000.0);
  // Jain's index of shares 2, 1, 1, 1, 1 is 0.9, of five equal ones 1.
  ASSERT_TRUE(both.jain && one.jain);
  EXPECT_NEAR(*both.jain, 0.9, 0.05);
  EXPECT_GT(*one.jain, 0.97);
}

}  // namespace
}  // namespace scheduler_lab
