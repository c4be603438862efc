#include "plugin/core/removal_rules.h"

#include <gtest/gtest.h>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

// A linked leg that has sent up to 10 and received up to 20, in a set that has done as much.
Leg leg_of_two() {
  Leg leg = test::leg_in(Linked{.rtt = Micros{100}});
  leg.sequence().commit_sent(Cells{10});
  leg.sequence().commit_switch(SeqNo{20});
  return leg;
}

RemovalContext harmless() {
  return {.legs_left = 1,
          .is_primary = false,
          .highest_sent = SeqNo{10},
          .highest_received = SeqNo{20},
          .inflight = Cells{0}};
}

template <class Change>
Reason verdict_but(Change&& change) {
  RemovalContext context = harmless();
  change(context);
  return check_removal(leg_of_two(), context);
}

TEST(CheckRemoval, LetsALegGoThatIsNotAheadOfTheOthers) {
  EXPECT_EQ(check_removal(leg_of_two(), harmless()), Reason::NONE);
}

TEST(CheckRemoval, ClosesWithTheLastLeg) {
  EXPECT_EQ(verdict_but([](auto& it) { it.legs_left = 0; }), Reason::DEPLETED);
}

TEST(CheckRemoval, ClosesWithTheSendingLeg) {
  EXPECT_EQ(verdict_but([](auto& it) { it.is_primary = true; }), Reason::PRIMARY_LOST);
}

TEST(CheckRemoval, ClosesWithTheStrictlyHighestReceived) {
  EXPECT_EQ(verdict_but([](auto& it) { it.highest_received = SeqNo{19}; }),
            Reason::HIGHEST_RECEIVED_LOST);
  EXPECT_EQ(verdict_but([](auto& it) { it.highest_received = SeqNo{21}; }), Reason::NONE);
}

TEST(CheckRemoval, ClosesWithTheStrictlyHighestSent) {
  EXPECT_EQ(verdict_but([](auto& it) { it.highest_sent = SeqNo{9}; }), Reason::HIGHEST_SENT_LOST);
  EXPECT_EQ(verdict_but([](auto& it) { it.highest_sent = SeqNo{11}; }), Reason::NONE);
}

TEST(CheckRemoval, ClosesWithOneSendmeWorthOfDataInFlight) {
  EXPECT_EQ(verdict_but([](auto& it) { it.inflight = Cells{30}; }), Reason::NONE);
  EXPECT_EQ(verdict_but([](auto& it) { it.inflight = Cells{31}; }), Reason::DATA_IN_FLIGHT_LOST);
}

TEST(CheckRemoval, LetsALegGoThatHasNotBegunTheHandshake) {
  RemovalContext context = harmless();
  context.inflight = Cells{1000};
  EXPECT_EQ(check_removal(test::leg_in(Unlinked{}), context), Reason::NONE);
  context.is_primary = true;
  EXPECT_EQ(check_removal(test::leg_in(Unlinked{}), context), Reason::PRIMARY_LOST);
}

TEST(CheckRemoval, LetsALegGoInTheMiddleOfItsHandshake) {
  const std::vector<LegState> pending = {LinkQueued{}, AwaitingLinked{}, TimedOut{}};
  for (const LegState& state : pending) {
    EXPECT_EQ(check_removal(test::leg_in(state), harmless()), Reason::NONE) << state.index();
  }
}

}  // namespace
}  // namespace conflux
