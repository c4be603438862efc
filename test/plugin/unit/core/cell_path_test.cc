// The short way of a cell: that it is taken where it can be, and nowhere else. That it then does
// what the general way does, the random tests of sender and tunnel say.
#include "plugin/core/cell_path.h"

#include <gtest/gtest.h>

#include "test/plugin/unit/support/drains.h"
#include "test/plugin/unit/support/tunnels.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::TunnelRig;

constexpr std::uint8_t kData = 2;
constexpr std::uint8_t kSendme = 5;

class CellPath : public ::testing::Test {
 protected:
  Reception receive(std::size_t leg, std::uint8_t command = kData, HopNum hop = test::kJoinHop,
                    std::uint32_t cost = 1) {
    return rig_.tunnel.receive_plainly(rig_.leg(leg), command, hop, Token{++token_}, cost,
                                       rig_.now);
  }
  // The ordinal of the leg that is chosen again, or 0.
  std::uint32_t again(std::uint64_t want = 1, CommandClass command = CommandClass::kData,
                      HopNum hop = test::kJoinHop) {
    const Leg* leg =
        rig_.tunnel.route_again(command, hop, from_, Cells{want}, rig_.views(), rig_.now, granted_);
    return leg == nullptr ? 0 : leg->ordinal().raw();
  }

  TunnelRig rig_;
  LegId from_{};
  Cells granted_{};
  std::uint64_t token_ = 0;
};

TEST_F(CellPath, DeliversTheNextCellAndHoldsThoseBehindOthersOfTheirLeg) {
  rig_.link_all(2);
  EXPECT_EQ(receive(0), Reception::kDeliver);
  EXPECT_EQ(rig_.tunnel.receiver().last_delivered(), SeqNo{1});
  ASSERT_EQ(rig_.switched(rig_.leg(1), 2), Outcome::kConsumed);
  EXPECT_EQ(receive(1), Reception::kRefuse) << "the first of a lane may need memory and a timer";
  ASSERT_EQ(rig_.data(rig_.leg(1)), Outcome::kHeld);
  EXPECT_EQ(receive(1), Reception::kHold);
  EXPECT_EQ(rig_.tunnel.receiver().queue().cells(), Cells{2});
  EXPECT_EQ(rig_.tunnel.receiver().received(), Cells{3});
  EXPECT_EQ(rig_.tunnel.legs()[1].sequence().last_received(), SeqNo{4});
  EXPECT_EQ(receive(0), Reception::kDeliver);
  EXPECT_TRUE(rig_.tunnel.has_tokens());
}

TEST_F(CellPath, PassesWhatIsNotCounted) {
  EXPECT_EQ(receive(0), Reception::kPass) << "a single path counts nothing";
  rig_.link_all(2);
  EXPECT_EQ(receive(1, kSendme), Reception::kPass);
  EXPECT_EQ(rig_.tunnel.receiver().received(), Cells{0});
}

TEST_F(CellPath, LeavesEverythingElseToTheGeneralWay) {
  rig_.link_all(2);
  ASSERT_EQ(receive(0), Reception::kDeliver);
  const std::uint8_t kSwitch = 22;
  EXPECT_EQ(receive(0, kSwitch), Reception::kRefuse);
  EXPECT_EQ(receive(1), Reception::kRefuse) << "a number that has come before";
  EXPECT_EQ(receive(0, kData, HopNum{1}), Reception::kRefuse);
  EXPECT_EQ(rig_.tunnel.receive_plainly(LegId{1}, kData, test::kJoinHop, Token{1}, 1, rig_.now),
            Reception::kRefuse);
  rig_.now -= 1us;
  EXPECT_EQ(receive(0), Reception::kRefuse) << "time stepped back, which is counted";
  EXPECT_EQ(rig_.tunnel.receiver().received(), Cells{1});
  EXPECT_EQ(rig_.tunnel.clock_steps_back(), 0U);
}

TEST_F(CellPath, IsNotTakenOnceSomethingIsDue) {
  rig_.link_all(2);
  ASSERT_EQ(rig_.switched(rig_.leg(1), 2), Outcome::kConsumed);
  ASSERT_EQ(rig_.data(rig_.leg(1)), Outcome::kHeld);
  rig_.now = rig_.tunnel.receiver().stall_deadline() - 1us;
  EXPECT_EQ(receive(0), Reception::kDeliver);
  rig_.now += 1us;
  EXPECT_EQ(receive(0), Reception::kRefuse);
}

TEST_F(CellPath, HoldsUpToTheLimitAndNotBeyond) {
  TunnelRig rig(TunnelConfig{.reorder = {.tunnel_limit = Bytes{3 * (sizeof(HeldCell) + 10)},
                                         .high_water = Bytes{25},
                                         .low_water = Bytes{10},
                                         .stall_timeout = 30s}});
  rig.link_all(2);
  ASSERT_EQ(rig.switched(rig.leg(1), 2), Outcome::kConsumed);
  ASSERT_EQ(rig.data(rig.leg(1), 10), Outcome::kHeld);
  const auto hold = [&] {
    return rig.tunnel.receive_plainly(rig.leg(1), kData, test::kJoinHop, Token{1}, 10, rig.now);
  };
  EXPECT_EQ(hold(), Reception::kHold);
  EXPECT_EQ(test::count(rig.poll(), EventKind::kPressure), 0U);
  EXPECT_EQ(hold(), Reception::kHold);
  EXPECT_EQ(test::count(rig.poll(), EventKind::kPressure), 1U) << "30 bytes are above the mark";
  EXPECT_EQ(hold(), Reception::kRefuse);
}

TEST_F(CellPath, GoesOnWithTheFastestLegWhileThatIsOpen) {
  rig_.link_all(2);
  EXPECT_EQ(again(), 0U) << "nothing has been decided yet";
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  EXPECT_EQ(again(7), 1U);
  EXPECT_EQ(granted_, Cells{7});
  EXPECT_EQ(rig_.tunnel.sender().sent(), Cells{9});
  EXPECT_EQ(rig_.tunnel.legs()[0].sequence().last_sent(), SeqNo{9});
  EXPECT_EQ(again(2000), 1U);
  EXPECT_EQ(granted_, Cells{1000}) << "the window";
  EXPECT_EQ(again(2000, CommandClass::kControl), 1U);
  EXPECT_EQ(granted_, Cells{2000}) << "no window for what is not DATA";
}

TEST_F(CellPath, DecidesAnewWhenAnythingChanges) {
  rig_.link_all(2);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(again(), 1U);
  EXPECT_EQ(again(1, CommandClass::kUnsequenced), 0U);
  EXPECT_EQ(again(1, CommandClass::kData, HopNum{1}), 0U);
  rig_.window = 0;
  EXPECT_EQ(again(), 0U) << "full";
  rig_.window = 1000;
  rig_.flags = MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_EQ(again(), 0U);
  rig_.flags = 0;
  ASSERT_EQ(rig_.route_with_rtt({30'000, 20'000}), Outcome::kOk);
  EXPECT_EQ(again(), 0U) << "RTTs are not what they were";
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_NE(again(), 0U);
  ASSERT_EQ(rig_.join(1), Outcome::kOk);
  EXPECT_EQ(again(), 0U) << "another leg";
}

TEST_F(CellPath, IsASingleLegsOnlyWay) {
  EXPECT_EQ(again(3), 1U);
  EXPECT_EQ(granted_, Cells{3});
  from_ = rig_.leg(0);
  EXPECT_EQ(again(), 1U);
  from_ = LegId{1};
  EXPECT_EQ(again(), 0U) << "a leg that does not exist";
  from_ = {};
  ASSERT_EQ(rig_.tunnel.handle_padding(rig_.leg(0), MPATH_PADDING_BLOCK, rig_.now), Outcome::kOk);
  EXPECT_EQ(again(), 0U);
  rig_.tunnel.close(Reason::HOST_REQUEST);
  EXPECT_EQ(again(), 0U);
}

}  // namespace
}  // namespace conflux
