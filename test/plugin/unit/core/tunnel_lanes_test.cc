// Lanes of the out-of-order queue outlive their legs: what that means for those that come.
#include <gtest/gtest.h>

#include <array>

#include "test/plugin/unit/support/drains.h"
#include "test/plugin/unit/support/tunnels.h"

namespace conflux {
namespace {

using test::TunnelRig;

// A leg joins, brings one cell that is `skipped` cells ahead, and goes.
void come_and_leave_a_cell(TunnelRig& rig, std::uint32_t skipped) {
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  const LegId leg = rig.leg(2);
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  rig.poll();
  ASSERT_EQ(rig.linked(leg), Outcome::kConsumed);
  ASSERT_EQ(rig.switched(leg, skipped), Outcome::kConsumed);
  ASSERT_EQ(rig.data(leg), Outcome::kHeld);
  ASSERT_EQ(rig.tunnel.remove_leg(leg, Reason::RETIRED, rig.views(), rig.now), Outcome::kOk);
  ASSERT_EQ(rig.tunnel.close_reason(), Reason::NONE);
  rig.poll();
}

TEST(Tunnel, RefusesALegWhileCellsOfOthersFillEveryLane) {
  // Given two legs, one of which is far ahead, and as many more as there are lanes, which came,
  // left a cell each, and went:
  TunnelRig rig({.legs_max = kLegsMax});
  rig.link_all(2);
  ASSERT_EQ(rig.route(), Outcome::kOk);  // from now on there is a primary to lose
  ASSERT_EQ(rig.switched(rig.leg(1), 100), Outcome::kConsumed);
  ASSERT_EQ(rig.data(rig.leg(1)), Outcome::kHeld);
  for (std::uint32_t i = 0; i < kLegsMax - 2; ++i) come_and_leave_a_cell(rig, 1 + i);
  // When another wants to join two legs, then there is no lane, and nothing has changed.
  EXPECT_EQ(rig.join(1), Outcome::kLimit);
  EXPECT_EQ(rig.tunnel.legs().size(), 2U);
  EXPECT_TRUE(rig.tunnel.is_consistent());
  // When the missing cell comes and they drain, then there is room again.
  ASSERT_EQ(rig.data(rig.leg(0)), Outcome::kOk);
  std::array<DrainedToken, 32> drained;
  EXPECT_EQ(test::drain(rig.tunnel, drained), kLegsMax - 2);
  EXPECT_EQ(rig.join(1), Outcome::kOk);
}

// Attack A17 comes to light in the middle of a drain: what is left of it discards, and no more.
TEST(TunnelLanes, DrainGivesNoMoreThanAskedForWhenItComesUponAViolation) {
  TunnelRig rig;
  rig.link_all(3);
  for (const std::size_t leg : {1U, 2U}) {
    ASSERT_EQ(rig.switched(rig.leg(leg), 1), Outcome::kConsumed);
    for (int i = 0; i < 4; ++i) ASSERT_EQ(rig.data(rig.leg(leg)), Outcome::kHeld);
  }
  ASSERT_EQ(rig.data(rig.leg(0)), Outcome::kOk);
  std::array<DrainedToken, 8> drained;
  std::size_t written = 0;
  rig.tunnel.drain(3, [&](const DrainedToken& token) { drained[written++] = token; });
  ASSERT_EQ(written, 3U) << "the host has no room for more";
  EXPECT_TRUE(drained[0].deliver);
  EXPECT_FALSE(drained[1].deliver);
  EXPECT_FALSE(drained[2].deliver);
  EXPECT_EQ(rig.tunnel.close_reason(), Reason::SEQUENCE_REPEATED);
  EXPECT_EQ(rig.tunnel.receiver().queue().cells(), Cells{5});
}

}  // namespace
}  // namespace conflux
