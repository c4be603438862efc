// The short way of a cell: that it is taken where it can be, and nowhere else. That it then does
// what the general way does, the random tests of sender and tunnel say.
#include "plugin/core/cell_path.h"

#include <gtest/gtest.h>

#include <utility>

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
  // What becomes of a cell on the short way.
  Reception receive(std::size_t leg, std::uint8_t command = kData, HopNum hop = test::kJoinHop,
                    std::uint32_t cost = 1) {
    return receive_on(rig_, rig_.leg(leg), command, hop, cost);
  }
  static Reception receive_on(TunnelRig& rig, LegId id, std::uint8_t command = kData,
                              HopNum hop = test::kJoinHop, std::uint32_t cost = 1) {
    const CellKey key = make_cell_key(command, hop.raw());
    if (rig.tunnel.deliver_in_turn(key, id, rig.now)) return Reception::kDeliver;
    Leg* leg = rig.tunnel.find_counting(key, id, rig.now);
    if (leg == nullptr) return Reception::kRefuse;
    if (rig.tunnel.deliver_plainly(*leg)) return Reception::kDeliver;
    return rig.tunnel.hold_plainly(*leg, id, Token{1}, cost) ? Reception::kHold
                                                             : Reception::kRefuse;
  }
  // Whether its leg is in turn, and the cell is handed over for that.
  bool in_turn(std::size_t leg, std::uint8_t command = kData, HopNum hop = test::kJoinHop) {
    return rig_.tunnel.deliver_in_turn(make_cell_key(command, hop.raw()), rig_.leg(leg), rig_.now);
  }
  // What the leg has received: the largest number, and how many cells.
  std::pair<std::uint64_t, std::uint64_t> received(std::size_t leg) {
    const LegSequence& sequence = rig_.tunnel.legs()[leg].sequence();
    return {sequence.last_received().raw(), sequence.carried_in().raw()};
  }
  // The ordinal of the leg that is chosen again, or 0.
  std::uint32_t again(std::uint64_t want = 1, std::uint8_t command = kData,
                      HopNum hop = test::kJoinHop) {
    const Leg* leg = rig_.tunnel.route_again(make_cell_key(command, hop.raw()), Cells{want},
                                             rig_.views(), rig_.now, granted_);
    return leg == nullptr ? 0 : leg->ordinal().raw();
  }

  TunnelRig rig_;
  Cells granted_{};
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

TEST_F(CellPath, IsNotForWhatIsNotCounted) {
  EXPECT_EQ(receive(0), Reception::kRefuse) << "a single path counts nothing";
  EXPECT_EQ(again(), 0U);
  rig_.link_all(2);
  EXPECT_EQ(receive(1, kSendme), Reception::kRefuse);
  EXPECT_EQ(rig_.tunnel.receiver().received(), Cells{0});
  EXPECT_EQ(receive(0), Reception::kDeliver);
  const LegId gone = rig_.leg(0);
  rig_.tunnel.close(Reason::HOST_REQUEST);
  EXPECT_EQ(receive_on(rig_, gone), Reception::kRefuse);
}

TEST_F(CellPath, IsNotForACellThatLooksLikeNone) {
  constexpr std::uint8_t kAny = 0xFF;
  constexpr HopNum kNoHop{MPATH_HOP_NONE};
  EXPECT_EQ(receive(0, kAny, kNoHop), Reception::kRefuse) << "of a single path";
  EXPECT_EQ(again(1, kAny, kNoHop), 0U);
  ASSERT_EQ(rig_.join(2), Outcome::kOk);
  EXPECT_EQ(receive(0, kAny, kNoHop), Reception::kRefuse) << "of legs that are not linked";
  EXPECT_EQ(again(1, kAny, kNoHop), 0U);
  const LegId gone = rig_.leg(0);
  rig_.tunnel.close(Reason::HOST_REQUEST);
  EXPECT_EQ(receive_on(rig_, gone, kAny, kNoHop), Reception::kRefuse) << "of a closed tunnel";
}

TEST_F(CellPath, IsNotForWhatArrivesUntilThePeerOfEveryLegIsLinked) {
  rig_.link_all(2);
  ASSERT_EQ(receive(0), Reception::kDeliver);
  ASSERT_EQ(rig_.join(1), Outcome::kOk);
  ASSERT_EQ(rig_.tunnel.link(rig_.now), Outcome::kOk);
  rig_.poll();
  EXPECT_EQ(receive(2), Reception::kRefuse) << "a violation, which the general way judges";
  EXPECT_EQ(receive(0), Reception::kRefuse) << "the short way asks no leg for its state";
  ASSERT_EQ(rig_.data(rig_.leg(0)), Outcome::kOk) << "and the general way knows it";
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  EXPECT_EQ(again(), 1U) << "what is sent goes on a leg that is linked in any case";
  ASSERT_EQ(rig_.linked(rig_.leg(2)), Outcome::kConsumed);
  EXPECT_EQ(receive(0), Reception::kDeliver);
  EXPECT_EQ(rig_.tunnel.receiver().received(), Cells{3});
}

TEST_F(CellPath, IsTakenAgainOnceALegThatTimedOutIsGone) {
  rig_.link_all(2);
  ASSERT_EQ(rig_.join(1), Outcome::kOk);
  ASSERT_EQ(rig_.tunnel.link(rig_.now), Outcome::kOk);
  rig_.poll();
  rig_.now = rig_.tunnel.next_deadline();
  ASSERT_EQ(rig_.data(rig_.leg(0)), Outcome::kOk);
  ASSERT_TRUE(rig_.tunnel.legs()[2].is<TimedOut>());
  EXPECT_EQ(receive(0), Reception::kRefuse);
  ASSERT_EQ(rig_.tunnel.remove_leg(rig_.leg(2), Reason::HANDSHAKE_TIMEOUT, rig_.views(), rig_.now),
            Outcome::kOk);
  EXPECT_EQ(receive(0), Reception::kDeliver);
}

TEST_F(CellPath, LeavesEverythingElseToTheGeneralWay) {
  rig_.link_all(2);
  ASSERT_EQ(receive(0), Reception::kDeliver);
  const std::uint8_t kSwitch = 22;
  EXPECT_EQ(receive(0, kSwitch), Reception::kRefuse);
  EXPECT_EQ(receive(1), Reception::kRefuse) << "a number that has come before";
  EXPECT_EQ(receive(0, kData, HopNum{1}), Reception::kRefuse);
  EXPECT_EQ(receive_on(rig_, LegId{1}), Reception::kRefuse);
  const std::uint8_t kBegin = 1;
  EXPECT_EQ(receive(0, kBegin), Reception::kRefuse) << "counted, but rare";
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

// A tunnel whose leg 2 is ahead and holds one cell of 100 bytes, 132 with the plugin's own.
void hold_the_first(TunnelRig& rig) {
  rig.link_all(2);
  ASSERT_EQ(rig.switched(rig.leg(1), 2), Outcome::kConsumed);
  ASSERT_EQ(rig.data(rig.leg(1), 100), Outcome::kHeld);
}
TunnelConfig limited(std::uint64_t tunnel_limit, std::uint64_t high_water) {
  return {.reorder = {.tunnel_limit = Bytes{tunnel_limit},
                      .high_water = Bytes{high_water},
                      .low_water = Bytes{10},
                      .stall_timeout = 30s}};
}

TEST_F(CellPath, HoldsUpToTheLimitAndNotBeyond) {
  for (const std::uint64_t spare : {0U, 1U}) {
    TunnelRig rig(limited(3 * 132 - 1 + spare, 1000));
    hold_the_first(rig);
    EXPECT_EQ(receive_on(rig, rig.leg(1), kData, test::kJoinHop, 100), Reception::kHold);
    EXPECT_EQ(receive_on(rig, rig.leg(1), kData, test::kJoinHop, 100),
              spare == 1 ? Reception::kHold : Reception::kRefuse);
  }
}

TEST_F(CellPath, HoldsUntilTheLastPlaceOfTheBlockIsTaken) {
  rig_.link_all(2);
  ASSERT_EQ(rig_.switched(rig_.leg(1), 2), Outcome::kConsumed);
  ASSERT_EQ(rig_.data(rig_.leg(1)), Outcome::kHeld);
  std::uint64_t held = 1;
  while (receive(1) == Reception::kHold) ++held;
  EXPECT_EQ(held, 64U) << "the places of the first block";
  EXPECT_EQ(rig_.tunnel.receiver().queue().cells(), Cells{held});
  ASSERT_EQ(rig_.data(rig_.leg(1)), Outcome::kHeld) << "and the general way finds more room";
  EXPECT_EQ(receive(1), Reception::kHold);
}

TEST_F(CellPath, HoldsNothingThatMayReachTheHighMarkAndAnyUpToTheLimitOnceItIsTold) {
  TunnelRig rig(limited(6 * 132, 2 * 132));
  hold_the_first(rig);
  EXPECT_EQ(receive_on(rig, rig.leg(1), kData, test::kJoinHop, 99), Reception::kHold)
      << "one below the mark, with all that counts";
  EXPECT_EQ(receive_on(rig, rig.leg(1)), Reception::kRefuse) << "somebody may have to be told";
  ASSERT_EQ(rig.data(rig.leg(1), 100), Outcome::kHeld);
  EXPECT_EQ(test::count(rig.poll(), EventKind::kPressure), 1U) << "299 bytes";
  EXPECT_EQ(receive_on(rig, rig.leg(1), kData, test::kJoinHop, 100), Reception::kHold);
  // Drained, the mark counts again.
  EXPECT_EQ(receive_on(rig, rig.leg(0)), Reception::kDeliver);
  ASSERT_EQ(rig.data(rig.leg(0)), Outcome::kOk);
  rig.tunnel.drain(100, [](const DrainedToken&) {});
  EXPECT_EQ(test::count(rig.poll(), EventKind::kPressure), 1U);
  EXPECT_EQ(rig.tunnel.receiver().queue().cells(), Cells{0});
}

TEST_F(CellPath, HasTheLegInTurnThatBroughtTheLastCellWhileNothingIsHeld) {
  rig_.link_all(2);
  EXPECT_FALSE(in_turn(0)) << "before the first cell";
  ASSERT_EQ(receive(0), Reception::kDeliver);
  EXPECT_TRUE(in_turn(0));
  EXPECT_TRUE(in_turn(0));
  EXPECT_FALSE(in_turn(1));
  EXPECT_EQ(rig_.tunnel.receiver().last_delivered(), SeqNo{3});
  EXPECT_EQ(received(0), std::pair(3UL, 3UL));
  EXPECT_TRUE(in_turn(0)) << "to look at a leg ends nothing";
  EXPECT_EQ(received(0), std::pair(4UL, 4UL));
  EXPECT_TRUE(rig_.tunnel.is_consistent());
}

TEST_F(CellPath, AsksOfTheLegInTurnWhatItAsksOfAny) {
  rig_.link_all(2);
  ASSERT_EQ(receive(0), Reception::kDeliver);
  EXPECT_FALSE(in_turn(0, kSendme));
  EXPECT_FALSE(in_turn(0, kData, HopNum{1}));
  rig_.now -= 1us;
  EXPECT_FALSE(in_turn(0)) << "time stepped back, which is counted";
  rig_.now += 1us;
  EXPECT_TRUE(in_turn(0));
  const Instant before = std::exchange(rig_.now, kEndOfTime);
  EXPECT_FALSE(in_turn(0)) << "later than any time";
  EXPECT_EQ(rig_.tunnel.now(), before);
  EXPECT_EQ(rig_.tunnel.receiver().received(), Cells{2});
}

// Here and below legs are not looked at meanwhile, which would settle what they have received.
TEST_F(CellPath, EndsATurnWithASwitchThatCountsFromAllThatTheLegBrought) {
  rig_.link_all(2);
  const LegId first = rig_.leg(0);
  const LegId second = rig_.leg(1);
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver);
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver);
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver);
  ASSERT_EQ(rig_.switched(second, 3), Outcome::kConsumed);
  ASSERT_EQ(receive_on(rig_, second), Reception::kDeliver) << "the fourth";
  ASSERT_EQ(receive_on(rig_, second), Reception::kDeliver);
  ASSERT_EQ(rig_.switched(first, 2), Outcome::kConsumed) << "from three";
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver) << "the sixth";
  EXPECT_EQ(received(0), std::pair(6UL, 4UL));
  EXPECT_EQ(received(1), std::pair(5UL, 2UL));
}

TEST_F(CellPath, EndsATurnWithASwitchOnTheSameLeg) {
  rig_.link_all(2);
  const LegId first = rig_.leg(0);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver);
  ASSERT_EQ(rig_.switched(first, 2), Outcome::kConsumed) << "two that went on the other one";
  ASSERT_EQ(rig_.data(first), Outcome::kHeld) << "the sixth";
  EXPECT_EQ(received(0), std::pair(6UL, 4UL));
}

TEST_F(CellPath, EndsATurnWithACellThatIsHeldUntilThatIsDrained) {
  rig_.link_all(2);
  const LegId first = rig_.leg(0);
  const LegId second = rig_.leg(1);
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver);
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver);
  ASSERT_EQ(rig_.switched(second, 3), Outcome::kConsumed);
  ASSERT_EQ(rig_.data(second), Outcome::kHeld) << "the fourth";
  EXPECT_FALSE(rig_.tunnel.deliver_in_turn(TunnelRig::kDataKey, first, rig_.now));
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver) << "the third, with one held behind it";
  EXPECT_TRUE(rig_.tunnel.has_tokens());
  EXPECT_FALSE(rig_.tunnel.deliver_in_turn(TunnelRig::kDataKey, first, rig_.now));
  rig_.tunnel.drain(1, [](const DrainedToken&) {});
  ASSERT_EQ(receive_on(rig_, second), Reception::kDeliver) << "the fifth";
  EXPECT_TRUE(rig_.tunnel.deliver_in_turn(TunnelRig::kDataKey, second, rig_.now));
  EXPECT_EQ(received(0), std::pair(3UL, 3UL));
  EXPECT_EQ(received(1), std::pair(6UL, 3UL));
}

TEST_F(CellPath, EndsATurnWithACountedCellThatIsNotData) {
  rig_.link_all(2);
  const LegId first = rig_.leg(0);
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver);
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver);
  ASSERT_EQ(rig_.receive(first, RelayCommand::kEnd, {}), Outcome::kOk) << "the third";
  ASSERT_EQ(receive_on(rig_, first), Reception::kDeliver);
  EXPECT_EQ(received(0), std::pair(4UL, 4UL));
}

TEST_F(CellPath, KnowsWhatTheLegInTurnBroughtWhenThatOneOrAnotherLeaves) {
  for (const std::size_t leaving : {0U, 1U, 2U}) {
    TunnelRig rig;
    rig.link_all(3);
    const LegId first = rig.leg(0);
    const LegId gone = rig.leg(leaving);
    ASSERT_EQ(rig.switched(rig.leg(1), 2), Outcome::kConsumed) << "which the first one overtakes";
    const LegViews views = rig.views();
    for (int i = 0; i < 3; ++i) ASSERT_EQ(receive_on(rig, first), Reception::kDeliver);
    ASSERT_EQ(rig.tunnel.remove_leg(gone, Reason::CHANNEL_CLOSED, views, rig.now), Outcome::kOk);
    if (leaving == 0) {
      EXPECT_EQ(rig.tunnel.close_reason(), Reason::HIGHEST_RECEIVED_LOST);
      continue;
    }
    EXPECT_EQ(rig.tunnel.close_reason(), Reason::NONE) << "it brought nothing";
    ASSERT_EQ(receive_on(rig, first), Reception::kDeliver);
    EXPECT_EQ(rig.tunnel.legs()[0].sequence().carried_in(), Cells{4});
  }
}

TEST_F(CellPath, EndsATurnWhenTheSetChanges) {
  // A leg that joins; a LINKED_ACK that is drained.
  for (const bool joins : {true, false}) {
    TunnelRig rig;
    ASSERT_EQ(rig.join(1), Outcome::kOk);
    ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
    rig.poll();
    const LegId first = rig.leg(0);
    ASSERT_EQ(rig.linked(first), Outcome::kConsumed);
    ASSERT_EQ(rig.linked(rig.leg(1)), Outcome::kConsumed);
    if (joins) rig.poll();
    const LegViews views = rig.views();
    ASSERT_EQ(receive_on(rig, first), Reception::kDeliver);
    ASSERT_EQ(receive_on(rig, first), Reception::kDeliver);
    if (joins) {
      LegId third{};
      const JoinRequest request{.path = test::three_hops()};
      ASSERT_EQ(rig.tunnel.add_legs({&request, 1}, views, {&third, 1}), Outcome::kOk);
    } else {
      std::vector<Event> storage(MPATH_EVENTS_MAX);
      EventSink sink(storage);
      ASSERT_EQ(rig.tunnel.poll(views, rig.now, sink), Outcome::kOk);
    }
    EXPECT_FALSE(rig.tunnel.deliver_in_turn(TunnelRig::kDataKey, first, rig.now));
    EXPECT_EQ(rig.tunnel.legs()[0].sequence().carried_in(), Cells{2}) << "wherever it lies now";
  }
}

TEST_F(CellPath, TellsWhatTheLegInTurnBroughtToWhoeverTakesIt) {
  TunnelRig rig(TunnelConfig{}, {.path = test::three_hops(), .founds_set = true});
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  rig.poll();
  const LegId only = rig.leg(0);
  ASSERT_EQ(rig.linked(only), Outcome::kConsumed);
  rig.poll();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(receive_on(rig, only), Reception::kDeliver);
  std::optional<Leg> taken;
  ASSERT_EQ(rig.tunnel.take_single_leg(taken, rig.now), Outcome::kOk);
  EXPECT_EQ(taken->sequence().last_received(), SeqNo{3});
  EXPECT_EQ(taken->sequence().carried_in(), Cells{3});
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
}

TEST_F(CellPath, DecidesAnewWhenAnythingChanges) {
  rig_.link_all(2);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(again(), 1U);
  EXPECT_EQ(again(0), 0U) << "no cell at all";
  EXPECT_EQ(again(1, kSendme), 0U);
  EXPECT_EQ(again(1, kData, HopNum{1}), 0U);
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

TEST_F(CellPath, RestartsTheClockThatTellsAStallUntilASendmeIsDue) {
  rig_.link_all(2);
  rig_.data_sent = 1;
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  const auto inc = static_cast<std::uint32_t>(test::kSendmeInc.raw());
  rig_.inflight = inc - 1;
  rig_.now += 200ms;
  ASSERT_EQ(again(), 1U) << "so that enough are under way for a SENDME, which may take 250 ms";
  rig_.inflight = inc;
  rig_.now += 250ms;
  EXPECT_EQ(again(), 1U);
  rig_.now += 1us;
  EXPECT_EQ(again(), 0U) << "it may have stalled";
}

TEST_F(CellPath, MovesNoTimeForACallThatTheGeneralWayRefuses) {
  rig_.link_all(2);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  const Instant before = rig_.tunnel.now();
  rig_.now += 1s;
  EXPECT_EQ(again(0), 0U);
  EXPECT_EQ(rig_.tunnel.now(), before);
  EXPECT_EQ(again(1), 1U);
  EXPECT_EQ(rig_.tunnel.now(), rig_.now);
}

TEST_F(CellPath, DecidesAnewWhenPaddingBlocksALegOrLetsGoOfIt) {
  rig_.link_all(2);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(again(), 1U);
  ASSERT_EQ(rig_.tunnel.handle_padding(rig_.leg(0), MPATH_PADDING_BLOCK, rig_.now), Outcome::kOk);
  EXPECT_EQ(again(), 0U);
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  ASSERT_EQ(rig_.tunnel.handle_padding(rig_.leg(0), MPATH_PADDING_UNBLOCK, rig_.now), Outcome::kOk);
  EXPECT_EQ(again(), 0U) << "the faster leg may be open again";
}

}  // namespace
}  // namespace conflux
