// Whole runs, with the plugin: laws that any scheduler must keep.
#include "examples/scheduler_lab/host/simulation.h"

#include <gtest/gtest.h>

#include <set>

#include "examples/scheduler_lab/app/experiment.h"
#include "examples/scheduler_lab/app/plugin.h"
#include "examples/scheduler_lab/host/receiver.h"
#include "examples/scheduler_lab/net/cell.h"
#include "examples/scheduler_lab/report/folder.h"
#include "test/scheduler_lab/support.h"

namespace scheduler_lab {
namespace {

constexpr const char* kLowRtt = "low_rtt";
// What is left of a relay's rate: the payload of a cell, and of 32 cells one is a SENDME, which the
// same bucket counts.
constexpr double kPayloadShare = double{kPayloadBytes} / kWireBytes * 31 / 32;

// Everything that makes runs unlike each other, and short.
constexpr const char* kRough = R"(version: 1
duration: 8s
legs:
  - {rate: 800KiB, delay: 10ms, jitter: 5ms}
  - rate: 400KiB
    delay: 60ms
    jitter: 30ms
    stalls:
      - {from: 3s, until: 4s}
traffic:
  - {kind: bulk}
  - {kind: web, objects: 10, object_size: 4KiB, pause: 300ms}
  - {kind: interactive, pause: 100ms}
)";

TEST(LabSimulation, OneLegAtARateGivesThatRateTimesTheShareOfPayload) {
  for (const int rate : {500, 2000}) {
    const Scenario scenario = scenario_of(exact_bulk({rate}, "30MiB"));
    const RunResult run = simulate_with(scenario, kLowRtt);
    // The full bucket at the start is worth a quarter of a second.
    const double seconds = static_cast<double>(run.ended) / kSecond + 0.25;
    const double goodput = static_cast<double>(run.bytes_delivered) / seconds;
    EXPECT_NEAR(goodput / (rate * 1024), kPayloadShare, 0.02 * kPayloadShare) << rate;
    EXPECT_EQ(run.peak_held_cells, 0U);
  }
}

TEST(LabSimulation, TwoEqualLegsGiveTwiceOfOne) {
  const RunResult one = simulate_with(scenario_of(exact_bulk({1000}, "20MiB")), kLowRtt);
  const RunResult two = simulate_with(scenario_of(exact_bulk({1000, 1000}, "40MiB")), kLowRtt);
  EXPECT_NEAR(two.goodput / one.goodput, 2, 0.04);
  EXPECT_NEAR(two.shares[0], 0.5, 0.03);
  EXPECT_GT(two.switches, 50U);
}

TEST(LabSimulation, RelaysThatLoseTokensAsTorDoesAreSlower) {
  std::string text = exact_bulk({1000}, "20MiB");
  const RunResult exact = simulate_with(scenario_of(text), kLowRtt);
  const RunResult as_tor = simulate_with(scenario_of(text.substr(0, text.find("tor:"))), kLowRtt);
  EXPECT_LT(as_tor.goodput, 0.95 * exact.goodput);
  EXPECT_GT(as_tor.goodput, 0.75 * exact.goodput);
}

TEST(LabSimulation, EverySchedulerOfThePluginDeliversWhatWasSent) {
  Scenario scenario = scenario_of(kRough);
  const std::vector<std::string> schedulers = schedulers_of(plugin());
  ASSERT_GE(schedulers.size(), 2U);
  for (const std::string& scheduler : schedulers) {
    const RunResult run = simulate_with(scenario, scheduler);
    EXPECT_GT(run.bytes_delivered, 1'000'000U) << scheduler;
    EXPECT_EQ(run.tunnels_lost, 0U) << scheduler;
    // What is not delivered is on its way: two windows at most.
    EXPECT_GE(run.bytes_sent, run.bytes_delivered) << scheduler;
    EXPECT_LT(run.bytes_sent - run.bytes_delivered, 2'000'000U) << scheduler;
  }
}

TEST(LabSimulation, WhatEndsIsDeliveredToTheLastByte) {
  const Scenario scenario = scenario_of(
      "version: 1\nduration: 60s\nlegs: [{rate: 800KiB, delay: 10ms}, {rate: 300KiB, delay: "
      "90ms, jitter: 40ms}]\ntraffic: [{kind: bulk, size: 3MiB}, {kind: web, pages: 3, objects: "
      "9}, {kind: interactive, count: 20}]\n");
  for (const std::string& scheduler : schedulers_of(plugin())) {
    const RunResult run = simulate_with(scenario, scheduler, 5);
    EXPECT_EQ(run.bytes_sent, run.bytes_delivered) << scheduler;
    EXPECT_EQ(run.completions.size(), 1U + 3 + 20) << scheduler;
    std::uint64_t bytes = 0;
    for (const Completion& completion : run.completions) {
      EXPECT_TRUE(completion.took) << scheduler;
      bytes += completion.bytes;
    }
    EXPECT_EQ(bytes, run.bytes_delivered) << scheduler;
  }
}

TEST(LabSimulation, EqualSeedsGiveEqualFilesWhateverRunsBesideThem) {
  Experiment experiment{.scenarios = {scenario_of(kRough)},
                        .schedulers = schedulers_of(plugin()),
                        .seeds = kSanitized ? 1U : 2U,
                        .plugin = plugin()};
  const auto files = [&experiment] {
    const ExperimentResult result = perform(experiment, [](std::size_t, std::size_t) {});
    EXPECT_TRUE(result.errors.empty());
    std::vector<Summary> rows;
    std::string all;
    for (const Runs& of : result.all) {
      rows.push_back(summarise(of));
      for (std::size_t i = 0; i < of.runs.size(); ++i) {
        for (const ResultFile& file : files_of_run(of, i, i, {})) all += file.path + file.content;
      }
    }
    for (const ResultFile& file : files_of_all(result.all, rows, {})) {
      all += file.path + file.content;
    }
    return all;
  };
  const std::string once = files();
  experiment.jobs = 3;
  const std::string again = files();
  EXPECT_GT(once.size(), 10'000U);
  EXPECT_TRUE(once == again);
}

TEST(LabSimulation, SeedsDiffer) {
  const Scenario scenario = scenario_of(kRough);
  std::set<std::uint64_t> events;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    events.insert(simulate_with(scenario, kLowRtt, seed).events);
  }
  EXPECT_EQ(events.size(), 3U);
}

TEST(LabSimulation, ALegThatDiesWithCellsLosesTheTunnelAndNothingElse) {
  const Scenario scenario = scenario_of(
      "version: 1\nduration: 60s\nrebuild: 500ms\nlegs: [{rate: 1000KiB}, {rate: 1000KiB, dies: "
      "2s}]\ntraffic: [{kind: bulk, size: 6MiB}]\n");
  const RunResult run = simulate_with(scenario, kLowRtt);
  EXPECT_EQ(run.tunnels_lost, 1U);
  EXPECT_EQ(run.bytes_delivered, 6U << 20U);
  EXPECT_GT(run.bytes_sent, run.bytes_delivered);
}

TEST(LabSimulation, ATunnelThatIsLostHoldsNothingBack) {
  // One leg far away and slow: the exit holds cells back all the time until it dies.
  const Scenario scenario = scenario_of(
      "version: 1\nduration: 20s\nrebuild: 10s\nlegs: [{rate: 1000KiB}, {rate: 200KiB, delay: "
      "300ms, dies: 5s}]\ntraffic: [{kind: bulk}]\n");
  const RunResult run = simulate_with(scenario, kLowRtt);
  ASSERT_EQ(run.tunnels_lost, 1U);
  std::uint64_t before = 0;
  for (const Sample& sample : run.samples) {
    if (sample.at < 5 * kSecond) before = std::max(before, sample.held_cells);
    if (sample.at > 6 * kSecond && sample.at < 15 * kSecond) {
      EXPECT_EQ(sample.held_cells, 0U) << sample.at;
    }
  }
  EXPECT_GT(before, 100U);
  // A single leg follows: whatever the mean is comes from the first quarter of the run.
  EXPECT_LT(run.mean_held_cells, static_cast<double>(before) / 4);
}

TEST(LabSimulation, FairnessIsOfTheTimeInWhichTheClientSends) {
  // The competitor has the relay to itself before and after.
  const std::string head =
      "version: 1\nduration: 40s\nrelays: [{name: narrow, rate: 1000KiB, burst: 250KiB}]\nlegs: "
      "[{middle: narrow}, {middle: narrow}]\ntor: {buckets: exact}\n"
      "competitors: [{middle: narrow, traffic: [{kind: bulk}]}]\n";
  const RunResult run = simulate_with(
      scenario_of(head + "traffic: [{kind: bulk, size: 6MiB, start: 15s}]\n"), kLowRtt);
  EXPECT_LT(run.ended, 35 * kSecond);
  ASSERT_EQ(run.competitor_goodput.size(), 1U);
  EXPECT_NEAR((run.goodput + run.competitor_goodput[0]) / (1000 * 1024), kPayloadShare, 0.05);
  EXPECT_LT(run.competitor_goodput[0], run.goodput);
}

TEST(LabSimulation, AStalledLegDeliversOnceItRecovers) {
  const Scenario scenario = scenario_of(
      "version: 1\nduration: 60s\nlegs:\n  - {rate: 1000KiB}\n  - {rate: 1000KiB, stalls: [{from: "
      "2s, until: 4s}]}\ntraffic: [{kind: bulk, size: 12MiB}]\n");
  const RunResult run = simulate_with(scenario, kLowRtt);
  EXPECT_EQ(run.bytes_delivered, 12U << 20U);
  EXPECT_GT(run.peak_held_cells, 300U);
}

TEST(LabSimulation, LegsThatMeetInOneRelayAreNoFasterThanIt) {
  const Scenario scenario = scenario_of(
      "version: 1\nduration: 20s\nrelays: [{name: narrow, rate: 1000KiB, burst: 250KiB}]\nlegs: "
      "[{middle: narrow}, {middle: narrow}]\ntraffic: [{kind: bulk}]\ntor: {buckets: exact}\n"
      "competitors: [{middle: narrow, traffic: [{kind: bulk}]}]\n");
  const RunResult run = simulate_with(scenario, kLowRtt);
  ASSERT_EQ(run.competitor_goodput.size(), 1U);
  EXPECT_NEAR((run.goodput + run.competitor_goodput[0]) / (1000 * 1024), kPayloadShare, 0.03);
  // Two windows against one.
  EXPECT_GT(run.goodput, run.competitor_goodput[0]);
  EXPECT_NEAR(*run.jain, jain_index({run.goodput, run.competitor_goodput[0]}), 1e-9);
}

TEST(LabSimulation, AnUnknownSchedulerIsRefusedWithThePluginsWords) {
  const Scenario scenario = scenario_of(kRough);
  try {
    (void)simulate_with(scenario, "fastest");
    FAIL() << "accepted";
  } catch (const Broken& broken) {
    EXPECT_NE(std::string(broken.what()).find("low_rtt"), std::string::npos) << broken.what();
  }
}

TEST(LabJain, KnownAnswers) {
  EXPECT_DOUBLE_EQ(jain_index({5, 5, 5}), 1);
  EXPECT_DOUBLE_EQ(jain_index({7, 0, 0, 0}), 0.25);
  EXPECT_DOUBLE_EQ(jain_index({2, 1, 1, 1, 1}), 0.9);
  EXPECT_DOUBLE_EQ(jain_index({3}), 1);
  EXPECT_DOUBLE_EQ(jain_index({0, 0}), 1);
}

}  // namespace
}  // namespace scheduler_lab
