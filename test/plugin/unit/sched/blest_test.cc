#include "plugin/sched/blest.h"

#include <gtest/gtest.h>

#include <array>

#include "test/plugin/unit/support/candidates.h"

namespace conflux {
namespace {

using test::stalled;
using test::with_window;

constexpr std::uint64_t kFarTooSmall = 1;

// A full fast leg of 10 ms with a window of 100, and an open slow one of 40 ms. One cell on the
// slow one takes 40'000 / 10'000 + 1 = 5 round trips of the fast one, which could send
// 5 * 100 cells in them.
struct Pair {
  std::array<Candidate, 2> legs = {with_window(0, 10'000, 100, 100),
                                   with_window(1, 40'000, 100, 0)};
  std::array<RttEstimate, 2> history{};
  Pair& remember(std::size_t leg, const RttEstimate& seen) {
    history[leg] = seen;
    legs[leg].history = &history[leg];
    return *this;
  }
  [[nodiscard]] Situation with(std::uint64_t window) const {
    return {.legs = legs, .window = Cells{window}};
  }
};

// The least shared window with which the slow leg is used. One less, and it waits.
std::uint64_t least_window(const Blest& blest, const Pair& pair) {
  std::uint64_t window = 0;
  while (window < 100'000 && !blest.pick(pair.with(window)).index) ++window;
  return window;
}
std::uint64_t least_window(const Pair& pair) { return least_window(Blest{}, pair); }

TEST(Blest, TakesTheFastestLegWhileItIsOpen) {
  Pair pair;
  pair.legs[0] = with_window(0, 10'000, 100, 99);
  EXPECT_EQ(Blest{}.pick(pair.with(kFarTooSmall)).index, 0U);
}

TEST(Blest, WaitsIfACellOnTheSlowLegWouldKeepTheFastOneFromSending) {
  const Pick wait = Blest{}.pick(Pair{}.with(600));
  EXPECT_EQ(wait.index, std::nullopt);
  EXPECT_EQ(wait.reason, Reason::PRIMARY_FULL);
  EXPECT_TRUE(wait.waits);
  const Pick use = Blest{}.pick(Pair{}.with(601));  // 500 * 1.2 = 601 - 1
  EXPECT_EQ(use.index, 1U);
  EXPECT_FALSE(use.waits);
}

TEST(Blest, WaitsForAShutChannelAsLongAsASendmeIsDue) {
  // The queue before a channel is full for a moment in nearly every burst. A minor leg that took
  // the rest of each burst would soon hold all that others bring.
  const std::array rates = {test::delivering(2000), test::delivering(300)};
  std::array legs = {with_window(0, 20'000, 600, 93), with_window(1, 200'000, 600, 160)};
  for (std::size_t i = 0; i < legs.size(); ++i) legs[i].delivered = &rates[i];
  legs[0].obstacle = Reason::CHANNEL_BLOCKED;
  const Pick wait = Blest{}.pick({.legs = legs, .backlog = Cells{500}, .window = Cells{5000}});
  EXPECT_TRUE(wait.waits);
  EXPECT_EQ(wait.reason, Reason::CHANNEL_BLOCKED);
}

TEST(Blest, TakesTheFasterOfTwoSlowerLegsInWhicheverOrderTheyJoined) {
  for (const std::uint64_t first_us : {20'000U, 40'000U}) {
    const std::array legs = {with_window(0, 10'000, 100, 100), with_window(1, first_us, 100, 0),
                             with_window(2, 60'000 - first_us, 100, 0)};
    const Pick use = Blest{}.pick({.legs = legs, .window = Cells{100'000}});
    EXPECT_EQ(use.index, first_us == 20'000 ? 1U : 2U);
  }
}

TEST(Blest, BoundsNothingAtThePeerAsLongAsNoRateIsKnown) {
  EXPECT_EQ(Blest{}.peer_limit(Pair{}.with(600)), Cells{UINT64_MAX});
}

TEST(Blest, CountsWhatIsUnderWayOnTheSlowLeg) {
  Pair pair;
  pair.legs[1].inflight = 50;
  EXPECT_EQ(least_window(pair), 600U + 51U);
}

TEST(Blest, WaitsWhileTheWindowIsLessThanWhatIsUnderWay) {
  Pair pair;
  pair.legs[1].inflight = 50;
  EXPECT_TRUE(Blest{}.pick(pair.with(51)).waits);
  EXPECT_TRUE(Blest{}.pick(pair.with(0)).waits) << "the difference must not wrap";
}

TEST(Blest, ExpectsTheRttToGrowAsTheSlowLegFills) {
  // With 50 of 100 filled, half way from 20 to 60 ms: again 5 round trips.
  Pair pair;
  pair.legs[1] = with_window(1, 20'000, 100, 49);
  pair.remember(1, {.least_us = 20'000, .most_us = 60'000});
  EXPECT_EQ(least_window(pair), 600U + 50U);
  // With the last cell filled, 60 ms: 7 round trips, 700 * 1.2 = 840.
  pair.legs[1].inflight = 99;
  EXPECT_EQ(least_window(pair), 840U + 100U);
}

TEST(Blest, ExpectsNoLessThanTheRttOfNow) {
  // 50 ms, although it was never seen to be more than 30: 6 round trips, 600 * 1.2 = 720.
  Pair pair;
  pair.legs[1] = with_window(1, 50'000, 100, 1);
  pair.remember(1, {.least_us = 20'000, .most_us = 30'000});
  EXPECT_EQ(least_window(pair), 720U + 2U);
}

TEST(Blest, ExpectsTheLeastRttOfALegThatHasNothingUnderWay) {
  // 20 ms, whatever a queue made of it once: 3 round trips, 300 * 1.2 = 360.
  Pair pair;
  pair.legs[1].rtt_us = 50'000;
  pair.remember(1, {.least_us = 20'000, .most_us = 90'000});
  EXPECT_EQ(least_window(pair), 360U + 1U);
}

TEST(Blest, MeasuresInRoundTripsHalfWayBetweenTheLeastAndTheMostOfTheFastLeg) {
  // 40'000 / ((10'000 + 30'000) / 2) + 1 = 3 round trips: 300 * 1.2 = 360.
  Pair pair;
  pair.remember(0, {.least_us = 10'000, .most_us = 30'000});
  EXPECT_EQ(least_window(pair), 360U + 1U);
}

TEST(Blest, GoesByTheRttOfALegWhoseHistoryIsEmpty) {
  Pair pair;
  pair.remember(0, {}).remember(1, {});
  EXPECT_EQ(least_window(pair), 601U);
}

TEST(Blest, RoundsBeginWithTheNextFullTrip) {
  // 19'999 / 10'000 + 1 = 2: 200 * 1.2 = 240; at 20'000 it is 3: 300 * 1.2 = 360.
  Pair pair;
  pair.legs[1].rtt_us = 19'999;
  EXPECT_EQ(least_window(pair), 240U + 1U);
  pair.legs[1].rtt_us = 20'000;
  EXPECT_EQ(least_window(pair), 360U + 1U);
}

// Until now the legs have delivered so many cells a second.
struct RatedPair : Pair {
  explicit RatedPair(std::uint64_t slow_per_second, std::uint64_t fast_per_second = 1'000) {
    rate[0].commit_acked(1, Instant{});
    rate[0].commit_acked(1 + 2 * fast_per_second, now);
    rate[1].commit_acked(1, Instant{});
    rate[1].commit_acked(1 + 2 * slow_per_second, now);
    for (std::size_t i = 0; i < legs.size(); ++i) legs[i].delivered = &rate[i];
    legs[1].cwnd = 1'000;
  }
  [[nodiscard]] Situation situation() const {
    Situation it = with(100'000);
    it.now = now;
    return it;
  }
  [[nodiscard]] Pick pick() const { return Blest{}.pick(situation()); }

  static constexpr Instant now{Micros{2'000'000}};
  std::array<DeliveredRate, 2> rate{};
};

TEST(Blest, HoldsAMinorLegToWhatItDeliversInATripWithoutAQueue) {
  RatedPair pair(360);
  // Taken to deliver 800 a second: 800 * (100 + 100 ms) = 160.
  pair.legs[1].rtt_us = 300'000;
  pair.remember(1, {.least_us = 100'000, .most_us = 300'000});
  pair.legs[1].inflight = 159;
  EXPECT_EQ(pair.pick().index, 1U);
  EXPECT_EQ(pair.pick().limit, Cells{1});
  pair.legs[1].inflight = 160;
  EXPECT_TRUE(pair.pick().waits);
}

TEST(Blest, TakesTheRttOfNowForTheLeastOfALegWithoutAPast) {
  RatedPair pair(360);
  pair.legs[1].rtt_us = 200'000;  // 800 * (200 + 100 ms)
  pair.legs[1].inflight = 239;
  EXPECT_EQ(pair.pick().limit, Cells{1});
}

TEST(Blest, HoldsALegThatDeliversMuchToThatIfAnotherDeliversMore) {
  RatedPair pair(1'500, 5'000);
  pair.legs[1].rtt_us = 100'000;  // 1500 * (100 + 100 ms)
  pair.legs[1].inflight = 299;
  EXPECT_EQ(pair.pick().limit, Cells{1});
}

TEST(Blest, NeverHoldsTheFastestLeg) {
  RatedPair pair(5'000);  // the other one, which is slower, delivers five times as much
  pair.legs[0] = with_window(0, 10'000, 1'000, 900);
  pair.legs[0].delivered = &pair.rate[0];
  EXPECT_EQ(pair.pick().index, 0U);
  EXPECT_EQ(pair.pick().limit, Cells{UINT64_MAX});
}

TEST(Blest, LeavesAMinorLegSomeSendmesHoweverNearItIs) {
  RatedPair pair(360);
  pair.legs[1].rtt_us = 11'000;
  pair.legs[1].inflight = 123;
  EXPECT_EQ(pair.pick().limit, Cells{1});
  pair.legs[1].sendme_inc = 100;
  EXPECT_EQ(pair.pick().limit, Cells{400 - 123});
}

TEST(Blest, HoldsAMinorLegThatDoesNotMoveToo) {
  RatedPair pair(360);
  pair.legs[1] = stalled(pair.legs[1]);
  pair.legs[1].inflight = 500;
  EXPECT_TRUE(pair.pick().waits);
}

TEST(Blest, PassesOverALegThatIsHeldButForNoneThatDoesNotMove) {
  // Given a full fast leg, a held one, and a third one that is slower still,
  RatedPair pair(360);
  pair.legs[1].inflight = 500;
  std::array legs = {pair.legs[0], pair.legs[1], with_window(2, 50'000, 1'000, 0)};
  DeliveredRate third = pair.rate[0];
  legs[2].delivered = &third;
  Situation situation = pair.situation();
  situation.legs = legs;
  // then that one is taken as long as it moves.
  EXPECT_EQ(Blest{}.pick(situation).index, 2U);
  legs[2] = stalled(legs[2]);
  EXPECT_TRUE(Blest{}.pick(situation).waits);
}

TEST(Blest, DoesNotHoldALegThatDeliversThreeEighthsOfWhatAnotherDoes) {
  RatedPair pair(370);
  pair.legs[1].inflight = 900;
  EXPECT_EQ(pair.pick().limit, Cells{UINT64_MAX});
}

TEST(Blest, BoundsThePeerByTripsWithoutTheQueueOfALegThatLags) {
  RatedPair pair(540);
  pair.legs[1].rtt_us = 500'000;
  pair.remember(1, {.least_us = 50'000, .most_us = 500'000});
  // 100 ms: 100 * 10 + 1000 / 5 = 1200, and two fifths of that.
  EXPECT_EQ(Blest{}.peer_limit(pair.situation()), Cells{1'680});
  pair.legs[1].rtt_us = 90'000;  // no queue: 100 * 9 + 1000
  EXPECT_EQ(Blest{}.peer_limit(pair.situation()), Cells{2'660});
  RatedPair alike(550);  // its queue counts: 100 * 50 + 1000
  alike.legs[1].rtt_us = 500'000;
  alike.remember(1, {.least_us = 50'000, .most_us = 500'000});
  EXPECT_EQ(Blest{}.peer_limit(alike.situation()), Cells{8'400});
  EXPECT_EQ(Blest{}.peer_limit(Pair{}.with(100)), Cells{UINT64_MAX}) << "nobody knows rates";
}

TEST(Blest, LooksSixteenRoundTripsAheadAtMost) {
  Pair pair;
  pair.legs[0] = with_window(0, 1, 100, 100);
  EXPECT_EQ(least_window(pair), 1920U + 1U) << "16 * 100 * 1.2";
  pair.legs[0].rtt_us = 1000;
  pair.legs[1].rtt_us = 14'000;
  EXPECT_EQ(least_window(pair), 1800U + 1U) << "14'000 / 1000 + 1 = 15";
}

TEST(Blest, LetsAWindowDoubleInSlowStartUpToTheCapAndThenGrowByHalfOfIt) {
  // 200 + 400 + 800 + 1100 = 2500, * 1.2 = 3000.
  Pair pair;
  pair.legs[0] = with_window(0, 10'000, 200, 200);
  pair.legs[0].slow_start = true;
  pair.legs[1].rtt_us = 30'000;
  EXPECT_EQ(least_window(pair), 3000U + 1U);
  // At the cap: 300 + 600 + 900 = 1800, * 1.2 = 2160.
  pair.legs[0] = with_window(0, 10'000, 300, 300);
  pair.legs[0].slow_start = true;
  pair.legs[1].rtt_us = 20'000;
  EXPECT_EQ(least_window(pair), 2160U + 1U);
}

TEST(Blest, WaitsForNoLegThatStalled) {
  Pair pair;
  pair.legs[0] = stalled(pair.legs[0]);
  EXPECT_EQ(Blest{}.pick(pair.with(kFarTooSmall)).index, 1U);
}

TEST(Blest, DoesNotDeclineALegThatStalledIfThatIsAllThereIs) {
  Pair pair;
  pair.legs[0] = stalled(with_window(0, 10'000, 100, 100));
  pair.legs[1] = stalled(pair.legs[1]);
  EXPECT_EQ(Blest{}.pick(pair.with(kFarTooSmall)).index, 1U);
  pair.legs[0].stalled = false;
  EXPECT_EQ(Blest{}.pick(pair.with(kFarTooSmall)).index, 1U);
}

TEST(Blest, SaysThatAllAreFull) {
  Pair pair;
  pair.legs[1] = with_window(1, 40'000, 100, 100);
  EXPECT_EQ(Blest{}.pick(pair.with(100'000)).reason, Reason::ALL_FULL);
}

// How much caution it takes: by the least window, from 120 of a hundred.
class BlestCaution : public ::testing::Test {
 protected:
  void look(std::int64_t now_us, bool window_is_full = false) {
    Pair pair;
    if (window_is_full) pair.legs[0] = with_window(0, 10'000, 100, fast_inflight_);
    Situation situation = pair.with(100'000);
    situation.now = Instant(Micros(now_us));
    situation.window_is_full = window_is_full;
    blest_.commit(situation, {}, Cells{0});
  }
  void expect_caution(std::uint64_t percent) const {
    EXPECT_EQ(least_window(blest_, Pair{}), 500 * percent / 100 + 1) << percent;
  }

  Blest blest_;
  std::uint32_t fast_inflight_ = 99;
};

TEST_F(BlestCaution, FallsByOneOncePerTripOfTheSlowestLeg) {
  expect_caution(120);
  look(39'999);
  expect_caution(120);
  look(40'000);
  expect_caution(119);
  look(79'999);
  expect_caution(119);
  look(80'000);
  expect_caution(118);
}

TEST_F(BlestCaution, RisesByFourIfTheWindowWasFullWhileTheFastLegHadRoom) {
  look(39'999, true);
  expect_caution(120);
  look(40'000);  // remembered until the change,
  expect_caution(124);
  look(80'000);  // and then forgotten
  expect_caution(123);
}

TEST_F(BlestCaution, CountsTheLookOfTheChangeItself) {
  look(40'000, true);
  expect_caution(124);
}

TEST_F(BlestCaution, DoesNotMindAFullWindowWhileTheFastLegIsFullToo) {
  fast_inflight_ = 100;
  look(40'000, true);
  expect_caution(119);
}

TEST_F(BlestCaution, StaysWithin100And130) {
  std::int64_t now_us = 0;
  for (int trip = 0; trip < 5; ++trip) look(now_us += 40'000, true);
  expect_caution(130);
  for (int trip = 0; trip < 31; ++trip) look(now_us += 40'000);
  expect_caution(100);
  look(now_us += 40'000, true);
  expect_caution(104);
}

}  // namespace
}  // namespace conflux
