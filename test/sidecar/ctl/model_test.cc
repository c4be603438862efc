#include "plugin/sidecar/ctl/top/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin/sidecar/ctl/format.h"
#include "test/sidecar/ctl/answers.h"

namespace conflux::top {
namespace {

using test::add_region;
using test::add_tunnel;
using test::snapshot_at;
using test::tunnels_at;
using testing::DoubleNear;

constexpr double kNear = 1e-6;

class Tracking : public testing::Test {
 protected:
  const Model& tunnels(double at, const test::TunnelFacts& facts) {
    auto answer = tunnels_at(at);
    add_tunnel(answer, facts);
    tracker_.handle_tunnels(answer);
    return tracker_.model();
  }
  Tracker tracker_{"unix:/nowhere", 1};
};

TEST_F(Tracking, GoodputIsCellsTimes498BytesOfTunnelAndLegs) {
  tracker_.handle_snapshot(snapshot_at(0));
  tunnels(0, {.received = {1000, 500}});
  const Model& model = tunnels(2, {.received = {3000, 1500}});
  ASSERT_EQ(model.tunnels.size(), 1U);
  const TunnelRow& tunnel = model.tunnels[0];
  EXPECT_THAT(tunnel.goodput.received, DoubleNear(3000 / 2 * 498.0, kNear));
  ASSERT_EQ(tunnel.legs.size(), 2U);
  EXPECT_THAT(tunnel.legs[0].goodput.received, DoubleNear(1000 * 498.0, kNear));
  EXPECT_THAT(tunnel.legs[1].goodput.received, DoubleNear(500 * 498.0, kNear));
  EXPECT_THAT(tunnel.legs[0].share, DoubleNear(2.0 / 3, kNear));
  EXPECT_THAT(model.totals.goodput.received, DoubleNear(tunnel.goodput.received, kNear));
}

TEST_F(Tracking, TheFirstAnswerHasNoRate) {
  const Model& model = tunnels(0, {.received = {1000000, 500000}});
  EXPECT_EQ(model.tunnels[0].goodput.both(), 0);
  EXPECT_THAT(model.tunnels[0].legs[0].share, DoubleNear(2.0 / 3, kNear)) << "of all cells so far";
}

TEST_F(Tracking, ACounterThatWentBackIsAnotherTunnelAndNoNegativeRate) {
  tunnels(0, {.received = {5000, 5000}});
  tunnels(1, {.received = {9000, 9000}});
  EXPECT_EQ(tunnels(2, {.received = {10, 10}}).tunnels[0].goodput.both(), 0);
  EXPECT_THAT(tunnels(3, {.received = {110, 10}}).tunnels[0].goodput.received,
              DoubleNear(100 * 498.0, kNear));
}

TEST_F(Tracking, ATunnelThatVanishesIsForgotten) {
  tunnels(0, {.id = 1, .received = {1, 1}});
  const Model& model = tunnels(1, {.id = 2, .received = {1, 1}});
  ASSERT_EQ(model.tunnels.size(), 1U);
  EXPECT_EQ(model.tunnels[0].display_id, 2U);
}

TEST_F(Tracking, SwitchesAreToldPerMinute) {
  tunnels(0, {.switches = 0, .received = {1, 1}});
  EXPECT_THAT(tunnels(10, {.switches = 5, .received = {1, 1}}).tunnels[0].switches_per_minute,
              DoubleNear(30, kNear));
}

TEST_F(Tracking, TheRatioOfATunnelIsAllItsCellsOverThoseOfItsBestLeg) {
  const Model& model = tunnels(0, {.received = {1000, 900}});
  EXPECT_THAT(model.tunnels[0].ratio.value, DoubleNear(1.9, kNear));
  EXPECT_FALSE(model.tunnels[0].ratio.of_sent);
}

TEST_F(Tracking, TheRatioOfTheTotalIsThatOfTheRegionsCounters) {
  auto snapshot = snapshot_at(0, {.best_received = 1000, .other_received = 900});
  add_region(snapshot, {.instance = "b", .best_received = 3000, .other_received = 100});
  tracker_.handle_snapshot(snapshot);
  EXPECT_THAT(tracker_.model().totals.ratio.value, DoubleNear(5000.0 / 4000, kNear));
}

TEST_F(Tracking, BeforeTheCountersTellAnythingTheRatioIsThatOfOpenTunnels) {
  tracker_.handle_snapshot(snapshot_at(0, {.fine_grained = false}));
  const Model& model = tunnels(0, {.received = {1000, 900}});
  EXPECT_THAT(model.totals.ratio.value, DoubleNear(1.9, kNear));
  EXPECT_TRUE(model.totals.ratio_of_open_tunnels);
}

TEST_F(Tracking, WhatTunnelsTellIsExactWhereTheAggregatesAreBinned) {
  tracker_.handle_snapshot(snapshot_at(0, {.tunnels = 8}));
  EXPECT_EQ(tunnels(0, {.reorder_cells = 2, .received = {1, 1}}).totals.tunnels, 1);
  EXPECT_EQ(tracker_.model().totals.legs, 2);
  EXPECT_EQ(tracker_.model().totals.reorder_bytes, 2 * 509);
}

TEST_F(Tracking, WithoutSlotsTotalsComeFromTheAggregates) {
  tracker_.handle_snapshot(snapshot_at(0, {.slots = 0, .best_received = 0}));
  tracker_.handle_snapshot(snapshot_at(2, {.slots = 0, .best_received = 2048}));
  const Model& model = tracker_.model();
  EXPECT_EQ(model.detail, Detail::kNoSlots);
  EXPECT_THAT(model.totals.goodput.received, DoubleNear(1024 * 498.0, kNear));
  EXPECT_EQ(model.totals.history.size(), 2U);
}

TEST_F(Tracking, BinnedAggregatesAreEvenedOutOverMinutes) {
  // When: counters that stand still for a minute and then jump.
  for (int second = 0; second <= 240; ++second) {
    const double told = second / 60 * 61440;
    tracker_.handle_snapshot(
        snapshot_at(second, {.slots = 0, .fine_grained = false, .best_received = told}));
  }
  // Then: about the true rate, and not zero for 59 seconds.
  EXPECT_THAT(tracker_.model().totals.goodput.received, DoubleNear(1024 * 498.0, 1024 * 498.0 / 3));
}

TEST_F(Tracking, TunnelsThatAreRefusedAreNoTunnelsThatStandStill) {
  tracker_.handle_snapshot(snapshot_at(0));
  tunnels(0, {.received = {1000, 500}});
  tracker_.handle_refused("limit: 20000: expected at most 10000");
  const Model& model = tracker_.model();
  EXPECT_TRUE(model.tunnels.empty());
  EXPECT_EQ(model.tunnels_refused, "limit: 20000: expected at most 10000");
  EXPECT_EQ(model.totals.tunnels, model.regions[0].tunnels) << "as the aggregates have it";
  EXPECT_TRUE(tunnels(1, {.received = {2000, 500}}).tunnels_refused.empty());
}

TEST_F(Tracking, ADeadRegionCountsForNothing) {
  auto snapshot = snapshot_at(0, {.health = test::v1::Region::HEALTH_DEAD, .tunnels = 7});
  tracker_.handle_snapshot(snapshot);
  EXPECT_EQ(tracker_.model().totals.tunnels, 0);
  EXPECT_EQ(tracker_.model().regions[0].health, test::v1::Region::HEALTH_DEAD);
}

TEST_F(Tracking, WhatASidecarSaysCannotSteerTheTerminal) {
  auto snapshot =
      snapshot_at(0, {.health = test::v1::Region::HEALTH_CORRUPT, .problem = "a\x1b[2J"});
  snapshot.mutable_regions(0)->set_instance("x\n");
  tracker_.handle_snapshot(snapshot);
  EXPECT_EQ(tracker_.model().regions[0].problem, "a?[2J");
  EXPECT_EQ(tracker_.model().regions[0].instance, "x?");
}

TEST(RateOfACounter, EvensOutAProxyThatPublishesAtItsOwnPace) {
  // Given: a counter that is published each second but looked at each 0.9 s.
  Rate rate(3);
  for (int look = 0; look < 40; ++look) {
    const double at = look * 0.9;
    rate.observe(at, 1000 * static_cast<int>(at));
    // Then: no look says that it stands still.
    if (at > 4) {
      EXPECT_THAT(rate.per_second(), DoubleNear(1000, 400)) << at;
    }
  }
}

TEST(RateOfACounter, ForgetsWhatIsOlderThanItsWindow) {
  Rate rate(3);
  for (int at = 0; at < 10; ++at) rate.observe(at, 1000.0 * at);
  for (int at = 10; at < 20; ++at) rate.observe(at, 9000);
  EXPECT_EQ(rate.per_second(), 0);
}

TEST(HistoryOfValues, KeepsTheLatest) {
  History history(3);
  for (int i = 1; i <= 5; ++i) history.push(i);
  EXPECT_THAT(history.values(), testing::ElementsAre(3, 4, 5));
  EXPECT_EQ(history.largest(2), 5);
}

TEST(Format, RatesAreShortAtEverySize) {
  EXPECT_EQ(ctl::in_rate_units(0), "0 B");
  EXPECT_EQ(ctl::in_rate_units(999), "999 B");
  EXPECT_EQ(ctl::in_rate_units(999.6), "1.0 kB");
  EXPECT_EQ(ctl::in_rate_units(12'400'000), "12.4 MB");
  EXPECT_EQ(ctl::in_rate_units(999'960'000), "1.0 GB");
  EXPECT_EQ(ctl::in_rate_units(-1), "0 B");
  for (double rate = 1; rate < 1e14; rate *= 1.07) {
    EXPECT_LE(ctl::in_rate_units(rate).size(), 8U) << rate;
  }
}

TEST(Format, MemoryIsBinary) {
  EXPECT_EQ(ctl::in_memory_units(6246), "6.1 KiB");
  EXPECT_EQ(ctl::in_memory_units(64 << 20), "64.0 MiB");
  EXPECT_EQ(ctl::in_memory_units(~0ULL), "16384 PiB");
}

TEST(Format, TheRestReadsWell) {
  using namespace std::chrono_literals;
  EXPECT_EQ(ctl::in_words(42s), "42 s");
  EXPECT_EQ(ctl::in_words(125min), "2 h 05 min");
  EXPECT_EQ(ctl::in_words(76h), "3 d 4 h");
  EXPECT_EQ(ctl::as_ratio(1.94), "1.9x");
  EXPECT_EQ(ctl::as_ratio(0), "-");
  EXPECT_EQ(ctl::tunnel_name(0xa1), "000000a1");
  EXPECT_EQ(ctl::number(3), "3");
  EXPECT_EQ(ctl::number(0.25), "0.25");
}

}  // namespace
}  // namespace conflux::top
