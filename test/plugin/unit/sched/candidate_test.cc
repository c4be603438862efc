// What all schedulers ask of a set of legs.
#include <gtest/gtest.h>

#include <array>

#include "plugin/sched/scheduler.h"
#include "test/plugin/unit/support/candidates.h"

namespace conflux {
namespace {

using test::candidate;
using test::stalled;
using test::with_window;

TEST(Candidate, HasTheRoomThatItsWindowLeaves) {
  EXPECT_EQ(with_window(0, 1, 100, 60).room(), Cells{40});
  EXPECT_EQ(with_window(0, 1, 100, 100).room(), Cells{0});
  EXPECT_EQ(with_window(0, 1, 100, 101).room(), Cells{0}) << "an overdrawn window wraps to nothing";
}

TEST(Candidate, RemembersNothingWithoutAHistory) {
  Candidate leg = candidate(0, 10, Reason::NONE);
  EXPECT_EQ(leg.estimate().least_us, 0U);
  EXPECT_EQ(leg.estimate().most_us, 0U);
  EXPECT_EQ(leg.estimate().deviation_us, 0U);
  const RttEstimate seen{.least_us = 1, .most_us = 2, .deviation_us = 3};
  leg.history = &seen;
  EXPECT_EQ(leg.estimate().least_us, 1U);
  EXPECT_EQ(leg.estimate().most_us, 2U);
  EXPECT_EQ(leg.estimate().deviation_us, 3U);
}

TEST(IsFaster, GoesByRttAmongLegsThatMoveAndAmongThoseThatDoNot) {
  const Candidate quick = candidate(0, 10, Reason::NONE);
  const Candidate slow = candidate(1, 20, Reason::NONE);
  EXPECT_TRUE(is_faster(quick, slow));
  EXPECT_FALSE(is_faster(slow, quick));
  EXPECT_FALSE(is_faster(quick, quick)) << "equal is not faster, or equals would take turns";
  EXPECT_TRUE(is_faster(stalled(quick), stalled(slow)));
  EXPECT_FALSE(is_faster(stalled(slow), stalled(quick)));
}

TEST(IsFaster, PutsALegThatStalledLast) {
  const Candidate quick = stalled(candidate(0, 10, Reason::NONE));
  const Candidate slow = candidate(1, 20, Reason::NONE);
  EXPECT_TRUE(is_faster(slow, quick));
  EXPECT_FALSE(is_faster(quick, slow));
}

TEST(Fastest, IsTheFirstOfEqualsWhateverItsObstacle) {
  const std::array legs = {candidate(3, 20, Reason::NONE), candidate(5, 10, Reason::PRIMARY_FULL),
                           candidate(7, 10, Reason::NONE)};
  EXPECT_EQ(fastest(legs).index, 5U);
  EXPECT_EQ(fastest(std::span(legs).first(1)).index, 3U);
}

TEST(FastestOpen, IsTheFirstOfEqualsThatCanSend) {
  const std::array legs = {candidate(1, 10, Reason::CHANNEL_BLOCKED),
                           candidate(3, 30, Reason::NONE), candidate(5, 20, Reason::NONE),
                           candidate(7, 20, Reason::NONE)};
  ASSERT_NE(fastest_open(legs), nullptr);
  EXPECT_EQ(fastest_open(legs)->index, 5U);
}

TEST(FastestOpen, IsALegThatStalledOnlyIfNoOtherIsOpen) {
  const std::array legs = {stalled(candidate(0, 10, Reason::NONE)), candidate(1, 90, Reason::NONE)};
  EXPECT_EQ(fastest_open(legs)->index, 1U);
  const std::array full = {stalled(candidate(0, 10, Reason::NONE)),
                           candidate(1, 90, Reason::PRIMARY_FULL)};
  EXPECT_EQ(fastest_open(full)->index, 0U);
}

TEST(FastestOpen, IsNoneIfNoneCanSend) {
  const std::array legs = {candidate(0, 10, Reason::PRIMARY_FULL),
                           candidate(1, 10, Reason::PADDING_BLOCKED)};
  EXPECT_EQ(fastest_open(legs), nullptr);
}

TEST(FindLeg, GoesByThePlaceInLegOrder) {
  const std::array legs = {candidate(1, 10, Reason::NONE), candidate(3, 10, Reason::NONE)};
  EXPECT_EQ(find_leg(legs, 3), &legs[1]);
  EXPECT_EQ(find_leg(legs, 1), &legs[0]);
  EXPECT_EQ(find_leg(legs, 0), nullptr) << "a place in leg order is not a place in the list";
}

TEST(Blocked, SaysThatAllAreFullOnlyIfAllAre) {
  const std::array full = {candidate(0, 10, Reason::PRIMARY_FULL),
                           candidate(1, 20, Reason::PRIMARY_FULL)};
  EXPECT_EQ(blocked(full).reason, Reason::ALL_FULL);
  EXPECT_EQ(blocked(full).index, std::nullopt);
  EXPECT_FALSE(blocked(full).waits);
  const std::array mixed = {candidate(0, 10, Reason::PRIMARY_FULL),
                            candidate(1, 20, Reason::CHANNEL_BLOCKED)};
  EXPECT_EQ(blocked(mixed).reason, Reason::PRIMARY_FULL) << "the first leg's";
  EXPECT_EQ(blocked(mixed).index, std::nullopt);
  EXPECT_FALSE(blocked(mixed).waits);
}

TEST(WaitFor, NamesWhatStandsInTheWayOfTheBetterLeg) {
  const Pick pick = wait_for(candidate(4, 10, Reason::PADDING_BLOCKED));
  EXPECT_EQ(pick.index, std::nullopt);
  EXPECT_EQ(pick.reason, Reason::PADDING_BLOCKED);
  EXPECT_TRUE(pick.waits);
}

}  // namespace
}  // namespace conflux
