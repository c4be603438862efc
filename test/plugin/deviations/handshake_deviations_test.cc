// Where the handshake and the judgement of signalling cells differ from the seed on purpose;
// test/README.md gives the reasons.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Deviation, D1_ASwitchOfZeroIsLegalBeforeAnyCell) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.switched(2, 0).status, Status::kConsumed);
  EXPECT_EQ(host.cell(2, 1, kConnected).status, Status::kOk);
}

TEST(Deviation, D2_TheFirstSwitchMayExceedOneInitialWindow) {
  Host host;
  host.join_and_link(2);
  // CONNECTED and a full window of DATA on leg 1, none of which has arrived.
  EXPECT_EQ(host.switched(2, 125).status, Status::kConsumed);
}

TEST(Deviation, D3_LaterSwitchesAreBoundedToo) {
  Host host;
  host.join_and_link(2);
  host.cell(1, 1, kConnected);
  EXPECT_EQ(host.switched(2, 1'000'000), violation(Reason::kSwitchTooFar));
}

// On one leg a cell must come between two SWITCHes, so only legs that come and go get this far.
TEST(Deviation, D4_MoreSwitchesThanCellsAreAFlood) {
  Host host;
  host.join_and_link(2);
  Answer answer{Status::kConsumed};
  int taken = 0;
  for (int leg = 3; answer.status == Status::kConsumed && taken < 100; ++leg) {
    host.add({Circuit{}});
    host.link();
    host.poll();
    host.advance(ms(1));
    host.linked(leg);
    answer = host.switched(leg, 0);
    if (answer.status == Status::kConsumed) ++taken;
    host.remove(leg);
  }
  EXPECT_EQ(answer, violation(Reason::kSwitchFlood));
  EXPECT_EQ(taken, 32) << "two for each leg that a tunnel can have";
}

TEST(Deviation, D5_TheTunnelIsReadyWithItsFirstLinkedLeg) {
  Host host;
  host.join(3);
  host.link();
  host.poll();
  host.advance(ms(50));
  host.linked(3);
  EXPECT_THAT(host.poll(), Contains("READY"));
  EXPECT_EQ(host.send(kBegin), on_leg(3)) << "legs 1 and 2 are still in their handshakes";
}

TEST(Deviation, D6_AViolationInTheHandshakeOfOneLegClosesTheTunnel) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(50));
  host.linked(1);
  host.poll();
  host.send(kBegin);
  EXPECT_EQ(host.switched(2, 1), violation(Reason::kSwitchUnlinked));
  EXPECT_THAT(host.poll(),
              ElementsAre("leg 2: LINK_RESULT SWITCH_UNLINKED", "CLOSED SWITCH_UNLINKED",
                          "leg 1: LEG_GONE TUNNEL_CLOSED", "leg 2: LEG_GONE TUNNEL_CLOSED"));
}

TEST(Deviation, D7_LinkedAfterTheTimeoutIsIgnored) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(seconds(60));
  EXPECT_EQ(host.linked(2).status, Status::kConsumed) << "an honest exit could not know";
  EXPECT_EQ(host.leg_info(2).state, MPATH_LEG_TIMED_OUT);
  EXPECT_EQ(host.close_reason(), Reason::kNone);
}

TEST(Deviation, D8_ASequencedCellOnAnUnlinkedLegIsAViolation) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(50));
  host.linked(1);
  EXPECT_EQ(host.cell(2, 1), violation(Reason::kCellBeforeLinked));
}

TEST(Deviation, D9_NoSequencedCellGoesBeforeLinkedAckHasLeft) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(50));
  host.linked(1);
  EXPECT_EQ(host.route(kBegin), blocked(Reason::kAckNotSent));
  EXPECT_EQ(host.route(kDrop, 1, kExitHop, 1), blocked(Reason::kAckNotSent));
  host.poll();
  EXPECT_EQ(host.route(kBegin), on_leg(1));
}

TEST(Deviation, D10_TheHandshakeTimerRunsFromLinkAndIsConfigured) {
  Host host({.config = lab_config("high_throughput", "  handshake_timeout: 2s\n")});
  host.join(2);
  host.link();
  host.advance(ms(500));
  host.poll();
  EXPECT_EQ(host.deadline(), host.now_us + ms(1500));
}

TEST(Deviation, D11_ARoundTripOfZeroIsNoMeasurement) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.linked(1);
  host.poll();
  EXPECT_EQ(host.leg_info(1).handshake_rtt_us, MPATH_NEVER);
}

TEST(Deviation, D12_AClockThatStepsBackIsClamped) {
  Host host;
  host.join(2);
  host.link();
  host.advance(seconds(10));
  host.poll();  // LINK leaves
  host.now_us -= seconds(5);
  host.linked(1);
  host.poll();
  EXPECT_EQ(host.leg_info(1).handshake_rtt_us, MPATH_NEVER) << "and not half an eternity";
  EXPECT_EQ(host.leg_info(1).state, MPATH_LEG_LINKED);
}

TEST(Deviation, D13_ALegThatCannotBeNextIsNeverChosen) {
  Host host({.config = lab_config("min_latency")});
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(50));
  host.linked(1);
  host.poll();
  host.send(kBegin);
  host.view(1).ewma_rtt_us = 900'000;
  host.view(2).ewma_rtt_us = 10;  // not linked, whatever its circuit measures
  EXPECT_EQ(host.send(kData), on_leg(1));
  EXPECT_THAT(host.poll(), IsEmpty());
}

}  // namespace
}  // namespace conflux::test
