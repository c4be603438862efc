#include "plugin/core/leg.h"

#include <gtest/gtest.h>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::all_states;
using test::at;
using test::leg_in;

TEST(Leg, MayCarryCellsOnlyWhenItsAckHasBeenDrained) {
  for (const LegState& state : all_states()) {
    EXPECT_EQ(leg_in(state).is_linked(), std::holds_alternative<Linked>(state)) << state.index();
  }
}

TEST(Leg, HearsItsPeerFromLinkedOn) {
  for (const LegState& state : all_states()) {
    const bool answered =
        std::holds_alternative<Linked>(state) || std::holds_alternative<AckQueued>(state);
    EXPECT_EQ(leg_in(state).peer_is_linked(), answered) << state.index();
    EXPECT_EQ(leg_in(state).handshake_rtt().has_value(), answered) << state.index();
  }
}

TEST(Leg, CountsWhatArrivesInTheStatesThatTheTableNames) {
  for (const LegState& state : all_states()) {
    Leg leg = leg_in(state);
    EXPECT_EQ(leg.counts_received(), leg.peer_is_linked()) << state.index();
    leg.commit_state(TimedOut{});
    EXPECT_FALSE(leg.counts_received());
  }
}

TEST(Leg, IsPendingFromLinkUntilItIsLinkedOrRemoved) {
  for (const LegState& state : all_states()) {
    const bool pending = std::holds_alternative<LinkQueued>(state) ||
                         std::holds_alternative<AwaitingLinked>(state) ||
                         std::holds_alternative<TimedOut>(state);
    EXPECT_EQ(leg_in(state).is_pending(), pending) << state.index();
  }
}

TEST(Leg, HasADeadlineOnlyWhileItWaitsForLinked) {  // regression R53: a timer not disarmed
  for (const LegState& state : all_states()) {
    const bool waits =
        std::holds_alternative<LinkQueued>(state) || std::holds_alternative<AwaitingLinked>(state);
    EXPECT_EQ(leg_in(state).handshake_deadline(), waits ? at(60s) : kNever) << state.index();
  }
}

TEST(Leg, StatesHaveTheNumbersOfTheContract) {
  const std::vector<LegState> states = all_states();
  ASSERT_EQ(states.size(), std::variant_size_v<LegState>);
  const std::vector<std::uint32_t> numbers = {
      MPATH_LEG_PLAIN,      MPATH_LEG_UNLINKED, MPATH_LEG_LINK_QUEUED, MPATH_LEG_AWAITING_LINKED,
      MPATH_LEG_ACK_QUEUED, MPATH_LEG_LINKED,   MPATH_LEG_TIMED_OUT};
  for (std::size_t i = 0; i < states.size(); ++i) EXPECT_EQ(state_number(states[i]), numbers[i]);
}

TEST(LegPath, HasNoLastHopBeforeItIsExtended) {
  EXPECT_EQ(LegPath{}.last_hop_num(), std::nullopt);
  EXPECT_EQ(test::three_hops().last_hop_num(), HopNum{2});
}

TEST(LegPath, KnowsWhichHopsUseStreamSendmes) {
  LegPath path = test::three_hops();
  path.fixed_window_hops = 0b010;
  EXPECT_EQ(path.uses_stream_sendme(HopNum{0}), false);
  EXPECT_EQ(path.uses_stream_sendme(HopNum{1}), true);
  EXPECT_EQ(path.uses_stream_sendme(HopNum{2}), false);
  EXPECT_EQ(path.uses_stream_sendme(HopNum{3}), std::nullopt) << "no such hop";
}

}  // namespace
}  // namespace conflux
