#include "examples/onion_proxy/circuit/vegas.h"

#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

constexpr uint32_t kIncrement = 31;
constexpr uint64_t kRtt = 100'000;

// One row per SENDME: how many cells are in flight when it comes, what it measured, and the window
// after it. The numbers are those that C tor's own vectors pin.
struct Row {
  const char* why;
  uint64_t inflight;
  uint64_t rtt_us;
  bool blocked;
  uint64_t cwnd;
  bool slow_start;
};

void run(Vegas& vegas, const std::vector<Row>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    while (vegas.inflight() < rows[i].inflight) vegas.note_data_sent();
    vegas.handle_sendme({.rtt_us = rows[i].rtt_us, .channel_blocked = rows[i].blocked});
    EXPECT_EQ(vegas.cwnd(), rows[i].cwnd) << "row " << i << ": " << rows[i].why;
    EXPECT_EQ(vegas.in_slow_start(), rows[i].slow_start) << "row " << i << ": " << rows[i].why;
  }
}

std::vector<Row> slow_start_to(uint64_t cwnd) {
  std::vector<Row> rows;
  for (uint64_t now = 124; now < cwnd; now += 31) {
    rows.push_back({"doubles", now, kRtt, false, now + 31, true});
  }
  return rows;
}

TEST(Vegas, GrowsByOneIncrementPerFullSendmeThenSlowlyAbove600) {
  Vegas vegas({}, kIncrement);
  run(vegas, slow_start_to(620));
  run(vegas, {{"limited", 620, kRtt, false, 635, true},
              {"limited", 635, kRtt, false, 650, true},
              {"limited", 650, kRtt, false, 664, true}});
}

TEST(Vegas, LeavesSlowStartAtGammaForBdpPlusGamma) {
  Vegas vegas({}, kIncrement);
  run(vegas, slow_start_to(620));
  run(vegas, {{"limited", 620, kRtt, false, 635, true},
              {"limited", 635, kRtt, false, 650, true},
              {"limited", 650, kRtt, false, 664, true},
              {"gamma: bdp 398 + 186", 664, 2 * kRtt, false, 584, false}});
  EXPECT_EQ(vegas.bdp(), 398u);
}

TEST(Vegas, DoesNotGrowWhenTheWindowIsNotUsed) {
  Vegas vegas({}, kIncrement);
  run(vegas, {{"full", 124, kRtt, false, 155, true}});
  // After the window's SENDMEs the flag is cleared, and 31 in flight do not set it again.
  VegasParams params;
  params.full_gap = 0;
  Vegas idle(params, kIncrement);
  run(idle, {{"not full", 31, kRtt, false, 124, true}});
}

TEST(Vegas, ABlockedChannelEndsSlowStartAtOnce) {
  Vegas vegas({}, kIncrement);
  run(vegas, slow_start_to(217));
  run(vegas, {{"blocked: bdp 217 + 186", 217, kRtt, true, 403, false}});
}

// A window that has left slow start at 403 with a minimum of kRtt.
Vegas steady() {
  Vegas vegas({}, kIncrement);
  run(vegas, slow_start_to(217));
  run(vegas, {{"blocked", 217, kRtt, true, 403, false}});
  return vegas;
}

TEST(Vegas, SteadyStateStepsDownWhileBlockedAndUpBelowAlpha) {
  Vegas vegas = steady();
  run(vegas, {{"still blocked", 403, kRtt, true, 402, false},
              {"alpha", 402, kRtt, false, 403, false},
              {"alpha", 403, kRtt, false, 404, false}});
}

TEST(Vegas, SteadyStateFallsToBdpPlusDeltaWhenTheQueueIsLong) {
  Vegas vegas = steady();
  // ewma = (2 * 1000000 + 100000) / 3 = 700000, bdp = 403 / 7 = 57
  run(vegas, {{"delta: 57 + 310 - 1", 403, 10 * kRtt, false, 366, false}});
  EXPECT_EQ(vegas.bdp(), 57u);
}

TEST(Vegas, NeverFallsBelowTheMinimum) {
  VegasParams params;
  params.cwnd_min = 31;
  params.gamma = 0;
  params.delta = 10;
  Vegas vegas(params, kIncrement);
  run(vegas, {{"gamma 0: bdp", 124, kRtt, false, 124, false},
              {"delta would give 10", 124, 100 * kRtt, false, 31, false}});
}

TEST(Vegas, SlowStartEndsAtItsCap) {
  VegasParams params;
  params.ss_max = 200;
  Vegas vegas(params, kIncrement);
  run(vegas, {{"", 124, kRtt, false, 155, true},
              {"", 155, kRtt, false, 186, true},
              {"cap", 186, kRtt, false, 200, false}});
}

TEST(Vegas, AStalledClockChangesNothingButTheInflight) {
  Vegas vegas({}, kIncrement);
  run(vegas, {{"rtt 0", 124, 0, false, 124, true}});
  EXPECT_EQ(vegas.inflight(), 93u);
}

TEST(Vegas, RoomIsNeverNegative) {
  Vegas vegas({}, kIncrement);
  for (int i = 0; i < 130; ++i) vegas.note_data_sent();
  EXPECT_EQ(vegas.room(), 0u);
}

// TROVE-2022-001: one sample that was far too low made every later one look like a queue, and the
// window stayed at its minimum for ever.
TEST(Vegas, R34_AWindowThatOneLowSampleHasPinnedGrowsAgain) {
  // With the default targets the window stops short of its minimum.
  VegasParams params;
  params.alpha = params.gamma = 62;
  params.beta = 93;
  params.delta = 124;
  Vegas vegas(params, kIncrement);
  const auto answer = [&](uint64_t rtt_us) {
    while (vegas.room() > 0) vegas.note_data_sent();
    vegas.handle_sendme({.rtt_us = rtt_us});
  };
  answer(1000);
  int sendmes = 0;
  while (vegas.cwnd() != params.cwnd_min && ++sendmes < 10'000) answer(200'000);
  ASSERT_EQ(vegas.cwnd(), params.cwnd_min) << "pinned";
  for (int i = 0; i < 1000; ++i) answer(200'000);
  EXPECT_GE(vegas.cwnd(), 2 * params.cwnd_min);
  EXPECT_GT(vegas.rtt().min_us(), 100'000u) << "1 ms is forgotten";
}

// #40642, #40732, #40644: what C tor's window did wrong.
TEST(Vegas, R35_SlowStartEndsAnIdleWindowStaysAndAStalledClockTakesNothingAway) {
  VegasParams params;
  params.ss_max = 310;
  Vegas vegas(params, kIncrement);
  run(vegas, slow_start_to(279));
  run(vegas, {{"never beyond its cap", 279, kRtt, false, 310, false}});
  VegasParams exact;
  exact.full_gap = 0;
  Vegas idle(exact, kIncrement);
  for (int i = 0; i < 50; ++i) {
    run(idle, {{"31 of 124 are not a full window", 31, kRtt, false, 124, true}});
  }
  Vegas stalled({}, kIncrement);
  run(stalled, {{"no time has passed", 31, 0, false, 124, true}});
  EXPECT_EQ(stalled.inflight(), 0u) << "and not less";
  run(stalled, {{"nor now", 0, 0, false, 124, true}});
  EXPECT_EQ(stalled.inflight(), 0u);
}

RttEstimator::Sample steady_sample(uint64_t rtt_us) { return {.rtt_us = rtt_us}; }

TEST(RttEstimator, AveragesWithTheSpecifiedWeights) {
  RttEstimator rtt({});
  EXPECT_TRUE(rtt.add(steady_sample(100000)));
  EXPECT_TRUE(rtt.add(steady_sample(200000)));
  EXPECT_EQ(rtt.ewma_us(), 166666u);
  EXPECT_EQ(rtt.min_us(), 100000u);
  EXPECT_EQ(rtt.max_us(), 200000u);
  EXPECT_EQ(rtt.last_us(), 200000u);
}

TEST(RttEstimator, DisbelievesAJumpAndAStall) {
  RttEstimator rtt({});
  ASSERT_TRUE(rtt.add(steady_sample(1000)));
  EXPECT_FALSE(rtt.add(steady_sample(5'001'000)));
  EXPECT_FALSE(rtt.add(steady_sample(0)));
  EXPECT_EQ(rtt.ewma_us(), 1000u);
}

TEST(RttEstimator, DisbelievesASmallSampleOnlyAfterAStall) {
  RttEstimator rtt({});
  ASSERT_TRUE(rtt.add(steady_sample(50'000'000)));
  EXPECT_TRUE(rtt.add(steady_sample(1)));
  RttEstimator stalled({});
  ASSERT_TRUE(stalled.add(steady_sample(50'000'000)));
  ASSERT_FALSE(stalled.add(steady_sample(0)));
  EXPECT_FALSE(stalled.add(steady_sample(1)));
}

TEST(RttEstimator, AWindowAtItsMinimumForgetsAnAbnormallyLowMinimum) {
  // TROVE-2022-001: one 1 ms sample must not pin the window for ever.
  RttEstimator rtt({});
  ASSERT_TRUE(rtt.add(steady_sample(1000)));
  RttEstimator::Sample sample = steady_sample(200000);
  sample.cwnd_at_minimum = true;
  ASSERT_TRUE(rtt.add(sample));
  EXPECT_EQ(rtt.min_us(), rtt.ewma_us());
}

}  // namespace
}  // namespace onion_proxy
