// Scenario files: what is right is read, and what is wrong is said with its place.
#include <gtest/gtest.h>

#include <string>

#include "examples/scheduler_lab/scenario/reader.h"
#include "test/scheduler_lab/support.h"

namespace scheduler_lab {
namespace {

constexpr const char* kHead = "version: 1\nduration: 10s\n";
constexpr const char* kLegs = "legs:\n  - {rate: 500KiB}\n";
constexpr const char* kTraffic = "traffic:\n  - {kind: bulk}\n";

std::string errors_of(const std::string& text) {
  const ScenarioResult read = read_scenario(text, "dir/mine.yaml");
  EXPECT_EQ(read.scenario.has_value(), read.errors.empty());
  return read.errors;
}

void expect_error(const std::string& text, const std::string& part) {
  const std::string errors = errors_of(text);
  EXPECT_NE(errors.find(part), std::string::npos) << "expected: " << part << "\ngot: " << errors;
}

TEST(LabScenario, EveryKeyIsRead) {
  const Scenario scenario = scenario_of(R"(version: 1
title: All of it
duration: 1m
rebuild: 2s
relays:
  - {name: wide, rate: 4000KiB, burst: 1MiB}
legs:
  - {rate: 500KiB, burst: 100KiB, delay: 20ms, jitter: 5ms, dies: 9s}
  - guard: wide
    delay: 7ms
    stalls: [{from: 1s, until: 2s}]
traffic:
  - {kind: bulk, size: 3MiB, start: 1s}
  - {kind: web, objects: 5, object_size: 2KiB, pages: 7, pause: 3s}
  - {kind: interactive, size: 64B, count: 9, pause: 50ms}
competitors:
  - {count: 3, rate: 250KiB, middle: wide, delay: 1ms, traffic: [{kind: bulk}]}
tor:
  refill_interval: 50ms
  kist_interval: 5ms
  coarse_clock: 1ms
  wake_delay: 2ms
  socket_buffer: 1MiB
  mss: 1448B
  tcp: end_to_end
  buckets: exact
)");
  EXPECT_EQ(scenario.name, "test");
  EXPECT_EQ(scenario.title, "All of it");
  EXPECT_EQ(scenario.duration, 60 * kSecond);
  EXPECT_EQ(scenario.rebuild, 2 * kSecond);
  ASSERT_EQ(scenario.legs.size(), 2U);
  EXPECT_EQ(scenario.legs[0].delay, 20 * kMillisecond);
  EXPECT_EQ(scenario.legs[0].death, 9 * kSecond);
  EXPECT_EQ(scenario.legs[1].guard, "wide");
  EXPECT_EQ(scenario.legs[1].stalls.front().second, 2 * kSecond);
  ASSERT_EQ(scenario.traffic.size(), 3U);
  EXPECT_EQ(scenario.traffic[1].kind, TrafficKind::kWeb);
  EXPECT_EQ(scenario.traffic[1].count, 7U);
  EXPECT_EQ(scenario.traffic[2].pause, 50 * kMillisecond);
  ASSERT_EQ(scenario.competitors.size(), 3U);
  EXPECT_EQ(scenario.competitors[0].leg.middle, "wide");
  EXPECT_NE(scenario.competitors[0].leg.guard, scenario.competitors[1].leg.guard);
  EXPECT_EQ(scenario.tor.refill_interval, 50 * kMillisecond);
  EXPECT_EQ(scenario.tor.mss, 1448U);
  EXPECT_TRUE(scenario.tor.acks_travel);
  EXPECT_TRUE(scenario.tor.exact_buckets);
  // wide; two of leg 1; one guard for each competitor
  EXPECT_EQ(scenario.relays.size(), 1U + 2 + 3);
}

TEST(LabScenario, TheSmallestOneHasDefaults) {
  const Scenario scenario = scenario_of(std::string(kHead) + kLegs + kTraffic);
  EXPECT_EQ(scenario.title, "test");
  EXPECT_EQ(scenario.relays.front().rate, 500U * 1024);
  EXPECT_EQ(scenario.relays.front().burst, 500U * 1024);
  EXPECT_EQ(scenario.tor.refill_interval, 100 * kMillisecond);
  EXPECT_EQ(scenario.traffic.front().size, 0U);
}

TEST(LabScenario, UnknownKeysAreRefusedWithTheNearestKnownOne) {
  expect_error(std::string(kHead) + "legs:\n  - {rat: 500KiB}\n" + kTraffic,
               "dir/mine.yaml:4:6: legs[0].rat: unknown key: expected one of ");
  expect_error(std::string(kHead) + "legs:\n  - {rat: 500KiB}\n" + kTraffic,
               "did you mean `rate`?");
  expect_error(std::string(kHead) + kLegs + kTraffic + "durration: 3s\n",
               "did you mean `duration`?");
  EXPECT_EQ(errors_of(std::string(kHead) + kLegs + kTraffic + "x-note: mine\n"), "");
}

TEST(LabScenario, ValuesAreRefusedWithTheirPlaceAndWhatIsExpected) {
  expect_error(std::string(kHead) + "legs:\n  - {rate: 500}\n" + kTraffic,
               "dir/mine.yaml:4:12: legs[0].rate: \"500\": expected a size such as 500KiB");
  expect_error("version: 1\nduration: 10\n" + std::string(kLegs) + kTraffic,
               "dir/mine.yaml:2:11: duration: \"10\": expected a duration");
  expect_error("version: 2\nduration: 10s\n" + std::string(kLegs) + kTraffic,
               "dir/mine.yaml:1:10: version: \"2\": expected a whole number from 1 to 1");
  expect_error(std::string(kHead) + kLegs + "traffic:\n  - {kind: bluk}\n",
               "traffic[0].kind: \"bluk\": expected one of bulk, web, interactive; did you mean "
               "`bulk`?");
}

TEST(LabScenario, AllErrorsAreTold) {
  const std::string errors = errors_of("version: 1\nlegs: 3\ntraffic:\n  - {size: 1MiB}\n");
  EXPECT_NE(errors.find("duration: missing"), std::string::npos) << errors;
  EXPECT_NE(errors.find("legs: not a list"), std::string::npos) << errors;
  EXPECT_NE(errors.find("traffic[0].kind: missing"), std::string::npos) << errors;
}

TEST(LabScenario, WhatContradictsItselfIsRefused) {
  expect_error(std::string(kHead) + "legs: [{guard: a}]\n" + kTraffic, "no relay is called \"a\"");
  expect_error(std::string(kHead) +
                   "relays: [{name: a, rate: 1MiB}]\nlegs: [{guard: a, middle: "
                   "a}]\n" +
                   kTraffic,
               "the same relay as the guard");
  expect_error(std::string(kHead) + "relays: [{name: a, rate: 1MiB}, {name: a, rate: 1MiB}]\n" +
                   kLegs + kTraffic,
               "used twice");
  expect_error(
      std::string(kHead) + "legs: [{rate: 1MiB, stalls: [{from: 3s, until: 2s}]}]\n" + kTraffic,
      "not after `from`");
  expect_error(std::string(kHead) + "legs: []\n" + kTraffic, "0 legs: expected 1 to 8");
  expect_error(std::string(kHead) + "legs: [{delay: 1ms}]\n" + kTraffic, "legs[0].rate: missing");
  expect_error(std::string(kHead) +
                   "relays: [{name: a, rate: 1MiB}]\nlegs: [{guard: a, delay: "
                   "1ms}, {guard: a, delay: 2ms}]\n" +
                   kTraffic,
               "share its connection");
}

TEST(LabScenario, WhatWouldBeIgnoredIsRefused) {
  const std::string relays = "relays: [{name: a, rate: 1MiB}, {name: b, rate: 1MiB}]\n";
  expect_error(std::string(kHead) + relays + "legs: [{guard: a, burst: 1MiB}]\n" + kTraffic,
               "legs[0].burst: of no relay of this leg's own: expected `rate` beside it");
  expect_error(
      std::string(kHead) + relays + "legs: [{guard: a, middle: b, rate: 1MiB}]\n" + kTraffic,
      "legs[0].rate: of no relay: `guard` and `middle` name both");
  expect_error(std::string(kHead) + kLegs + "traffic: [{kind: bulk, start: 10s}]\n",
               "traffic[0].start: not before the end of the run: expected less than `duration`");
}

TEST(LabScenario, ABucketThatNeverFillsIsRefused) {
  expect_error(std::string(kHead) + "legs: [{rate: 1MiB, burst: 0B}]\n" + kTraffic,
               "legs[0].burst: \"0B\": expected");
}

TEST(LabScenario, StallsAreInTheOrderOfTimeWhateverTheFileSays) {
  const Scenario scenario = scenario_of(
      std::string(kHead) +
      "legs: [{rate: 1MiB, stalls: [{from: 5s, until: 8s}, {from: 3s, until: 6s}]}]\n" + kTraffic);
  using Stall = std::pair<Time, Time>;
  EXPECT_EQ(scenario.legs[0].stalls,
            (std::vector<Stall>{{3 * kSecond, 6 * kSecond}, {5 * kSecond, 8 * kSecond}}));
}

TEST(LabScenario, BrokenYamlIsSaidWithItsPlace) {
  expect_error("version: 1\nlegs: [\n", "dir/mine.yaml:");
  expect_error("", "dir/mine.yaml:1:1:");
}

TEST(LabScenario, AMissingFileIsSaid) {
  const ScenarioResult read = load_scenario("nowhere/at-all.yaml");
  EXPECT_FALSE(read.scenario);
  EXPECT_NE(read.errors.find("nowhere/at-all.yaml"), std::string::npos);
}

}  // namespace
}  // namespace scheduler_lab
