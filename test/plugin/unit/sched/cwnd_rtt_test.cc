#include "plugin/sched/cwnd_rtt.h"

#include <gtest/gtest.h>

#include <array>

#include "test/plugin/unit/support/candidates.h"

namespace conflux {
namespace {

using test::candidate;
using test::stalled;
using test::with_window;

Pick pick_of(std::span<const Candidate> legs) { return CwndRtt{}.pick({.legs = legs}); }

TEST(CwndRtt, OffersTheFastestLegItsWholeRoom) {
  const std::array legs = {with_window(0, 30'000, 100, 0), with_window(1, 10'000, 100, 60)};
  const Pick pick = pick_of(legs);
  EXPECT_EQ(pick.index, 1U);
  EXPECT_EQ(pick.limit, Cells{40});
  EXPECT_FALSE(pick.waits);
}

TEST(CwndRtt, OffersASlowerLegWhatItDeliversWithinARoundTripOfTheFastest) {
  // Given room for 10 on a leg that is three times as slow: 10 * 10'000 / 30'000 = 3.33.
  const std::array legs = {with_window(0, 10'000, 100, 100), with_window(1, 30'000, 100, 90)};
  const Pick pick = pick_of(legs);
  EXPECT_EQ(pick.index, 1U);
  EXPECT_EQ(pick.limit, Cells{3});
  EXPECT_EQ(pick.reason, Reason::NONE);
}

TEST(CwndRtt, WaitsForTheFastestWhenTheShareOfTheSlowLegIsNothing) {
  const std::array one = {with_window(0, 10'000, 100, 100), with_window(1, 30'000, 100, 97)};
  EXPECT_EQ(pick_of(one).index, 1U);
  EXPECT_EQ(pick_of(one).limit, Cells{1}) << "3 * 10'000 / 30'000";
  const std::array none = {with_window(0, 10'000, 100, 100), with_window(1, 30'000, 100, 98)};
  EXPECT_EQ(pick_of(none).index, std::nullopt) << "2 * 10'000 / 30'000 is less than a cell";
  EXPECT_EQ(pick_of(none).reason, Reason::PRIMARY_FULL);
  EXPECT_TRUE(pick_of(none).waits);
}

TEST(CwndRtt, WaitsForAShutChannelAsLongAsASendmeIsDue) {
  std::array legs = {with_window(0, 30'000, 100, 99),
                     candidate(1, 10'000, Reason::CHANNEL_BLOCKED)};
  legs[1].inflight = 31;
  EXPECT_EQ(pick_of(legs).reason, Reason::CHANNEL_BLOCKED);
  EXPECT_TRUE(pick_of(legs).waits);
  // Else it never counts as stalled: shares are measured by the fastest of the others.
  legs[1].inflight = 30;
  EXPECT_EQ(pick_of(legs).index, 0U);
  EXPECT_EQ(pick_of(legs).limit, Cells{1});
}

TEST(CwndRtt, LetsALegInSlowStartFindItsWindow) {
  std::array legs = {with_window(0, 10'000, 100, 100), with_window(1, 30'000, 100, 90)};
  legs[1].slow_start = true;
  EXPECT_EQ(pick_of(legs).index, 1U);
  EXPECT_EQ(pick_of(legs).limit, Cells{10});
}

TEST(CwndRtt, DividesNothingAmongEquals) {
  const std::array legs = {with_window(0, 10'000, 100, 100), with_window(1, 10'000, 100, 99)};
  EXPECT_EQ(pick_of(legs).index, 1U);
  EXPECT_EQ(pick_of(legs).limit, Cells{1});
}

TEST(CwndRtt, PassesOverALegWhoseShareIsNothingForOneThatHasSome) {
  const std::array legs = {with_window(0, 10'000, 100, 100), with_window(1, 20'000, 100, 99),
                           with_window(2, 40'000, 100, 0)};
  EXPECT_EQ(pick_of(legs).index, 2U);
  EXPECT_EQ(pick_of(legs).limit, Cells{25});
}

TEST(CwndRtt, TakesTheFastestOfThoseWithAShareAndTheFirstOfEquals) {  // C tor's loop: the last
  const std::array legs = {with_window(0, 10'000, 100, 100), with_window(1, 40'000, 100, 0),
                           with_window(2, 20'000, 100, 40), with_window(3, 20'000, 100, 0)};
  EXPECT_EQ(pick_of(legs).index, 2U);
  EXPECT_EQ(pick_of(legs).limit, Cells{30});
}

TEST(CwndRtt, NeverOffersALegWithRoomBehindAnObstacle) {
  const std::array legs = {candidate(0, 10, Reason::CHANNEL_BLOCKED),
                           candidate(1, 10, Reason::PADDING_BLOCKED)};
  EXPECT_EQ(pick_of(legs).index, std::nullopt);
  EXPECT_EQ(pick_of(legs).reason, Reason::CHANNEL_BLOCKED);
  EXPECT_FALSE(pick_of(legs).waits) << "there was nothing to decline";
}

TEST(CwndRtt, SaysThatAllAreFull) {
  const std::array legs = {with_window(0, 10, 100, 100), with_window(1, 20, 100, 100)};
  EXPECT_EQ(pick_of(legs).reason, Reason::ALL_FULL);
  EXPECT_FALSE(pick_of(legs).waits);
}

TEST(CwndRtt, MeasuresSharesByTheFastestLegThatMoves) {
  const std::array legs = {stalled(with_window(0, 10'000, 100, 100)),
                           with_window(1, 30'000, 100, 90)};
  EXPECT_EQ(pick_of(legs).limit, Cells{10}) << "a frozen leg has a low RTT for ever";
}

TEST(CwndRtt, TakesALegThatStalledOnlyIfNothingElseHasAShare) {
  const std::array both = {stalled(with_window(0, 10'000, 100, 0)), with_window(1, 30'000, 100, 0)};
  EXPECT_EQ(pick_of(both).index, 1U);
  const std::array full = {stalled(with_window(0, 10'000, 100, 0)),
                           with_window(1, 30'000, 100, 100)};
  EXPECT_EQ(pick_of(full).index, 0U);
  EXPECT_EQ(pick_of(full).limit, Cells{100});
}

}  // namespace
}  // namespace conflux
