// What went wrong elsewhere while legs were added and linked; test/README.md has the list.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kMostLegs = 8;

// C tor's exit answered "added" for a leg that it had not added, and later freed it twice.
TEST(Regression, R1_ANinthLegIsNoMemberAndTheEightLeaveOneByOne) {
  Host host;
  host.join_and_link(kMostLegs);
  ASSERT_EQ(host.add({Circuit{}}), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(host.detail()), Reason::kTooManyLegs);
  EXPECT_EQ(host.snapshot().size(), 8U);
  for (int leg = kMostLegs; leg >= 1; --leg) ASSERT_EQ(host.remove(leg), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kDepleted);
  EXPECT_EQ(count_of(host.poll(), "LEG_GONE"), 8U);
  EXPECT_EQ(host.info().leg_count, 0U);
}

// It compared one byte of 32.
TEST(Regression, R2_ANonceThatAgreesInItsFirstByteOnlyIsRefused) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  LinkBody body = host.link_body(2);
  for (std::size_t i = 1; i < body.nonce.size(); ++i) body.nonce[i] ^= 0xFFU;
  EXPECT_EQ(host.receive(2, kLinked, encode(body)), violation(Reason::kLinkedNonce));
  EXPECT_EQ(host.close_reason(), Reason::kLinkedNonce);
}

// The nonce lived in one leg, and was read through it when that leg had been freed.
TEST(Regression, R6_TheNonceOutlivesTheLegThatWasFirstToCarryIt) {
  Host host;
  host.join(3);
  host.link();
  host.poll();
  const auto nonce = host.link_body(1).nonce;
  ASSERT_EQ(host.remove(1), Status::kOk);
  EXPECT_THAT(host.poll(),
              ElementsAre("leg 1: LINK_RESULT CHANNEL_CLOSED", "leg 1: LEG_GONE CHANNEL_CLOSED"));
  host.advance(ms(10));
  EXPECT_EQ(host.linked(2).status, Status::kConsumed);
  ASSERT_EQ(host.add({Circuit{}}), Status::kOk);
  host.link();
  host.poll();
  EXPECT_EQ(host.link_body(4).nonce, nonce);
  // Closing all legs at once reads it, too.
  EXPECT_EQ(host.linked(2), violation(Reason::kLinkedUnexpected));
  EXPECT_EQ(count_of(host.poll(), "LEG_GONE TUNNEL_CLOSED"), 3U);
}

// A stream that was opened before LINK belonged to a circuit that was no longer alone.
TEST(Regression, R9_ACircuitThatCarriesOrCarriedAStreamIsNeverLinked) {
  for (const bool open : {true, false}) {
    Host host;
    ASSERT_EQ(host.send(open ? kBegin : kResolve), on_leg(1));
    host.view(1).open_streams = open ? 1 : 0;
    host.view(1).flags |= MPATH_VIEW_EVER_STREAM;
    EXPECT_EQ(host.add({Circuit{}}), Status::kErrorLegInvalid);
    EXPECT_EQ(mpath::reason_of(host.detail()), Reason::kHasStreams);
    EXPECT_EQ(host.link(), Status::kErrorState);
    EXPECT_THAT(host.poll(), IsEmpty()) << "no LINK";
  }
}

// The length field of a SWITCH was always the largest one.
TEST(Regression, R15_SignallingCellsCarryTheirTrueLength) {
  Host host({.config = lab_config("min_latency")});
  host.join(2);
  host.link();
  host.poll();
  EXPECT_EQ(host.sent_cell(1).length, 50U);
  for (const int leg : {1, 2}) {
    host.advance(ms(10));
    host.linked(leg);
    host.poll();
    EXPECT_EQ(host.sent_cell(leg).command, kLinkedAck);
    EXPECT_EQ(host.sent_cell(leg).length, 0U);
  }
  host.send(kBegin);
  host.view(1).ewma_rtt_us = 900'000;
  const mpath::RouteRequest request{kData, kExitHop, 0, 1};
  const mpath_route_request raw = request.raw();
  const mpath_leg_views views = host.raw_views();
  auto grant = mpath::sized<mpath_grant>();
  ASSERT_EQ(host.table.route(host.instance, host.tunnel, &raw, &views, host.now_us, &grant),
            MPATH_OK);
  ASSERT_EQ(grant.has_first, 1U);
  EXPECT_EQ(grant.first.command, kSwitch);
  EXPECT_EQ(grant.first.length, 4U);
}

// An honest LINKED counted as a cell that should not have come.
TEST(Regression, R24_LinkedAndSwitchAreValidCellsAndRaiseNoWarning) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  for (const int leg : {1, 2}) {
    host.advance(ms(10));
    EXPECT_EQ(host.linked(leg), (Answer{Status::kConsumed, Reason::kNone}));
    host.poll();
  }
  EXPECT_EQ(host.switched(2, 1), (Answer{Status::kConsumed, Reason::kNone}));
  for (const LogLine& line : host.log()) EXPECT_GT(line.level, MPATH_LOG_WARN) << line.text;
}

// A leg that was replaced at the limit counted twice for a while.
TEST(Regression, R27_ALegIsReplacedAtTheLimitAndTheTunnelSurvives) {
  Host host;
  host.join_and_link(kMostLegs);
  host.send(kBegin);
  for (int round = 0; round < 20; ++round) {
    const int newest = kMostLegs + round;
    ASSERT_EQ(host.remove(newest), Status::kOk);
    ASSERT_EQ(host.add({Circuit{}}), Status::kOk) << "its place is free at once";
    host.link();
    host.poll();
    host.advance(ms(10));
    ASSERT_EQ(host.linked(newest + 1).status, Status::kConsumed);
    host.poll();
    ASSERT_EQ(host.info().linked_count, 8U);
  }
  EXPECT_EQ(host.close_reason(), Reason::kNone);
}

// A leg that closed before its RTT was known still counted.
TEST(Regression, R30_ALegThatGoesBetweenLinkAndLinkedLeavesItsPlace) {
  Host host;
  host.join(kMostLegs);
  host.link();
  host.poll();
  ASSERT_EQ(host.remove(kMostLegs), Status::kOk);
  ASSERT_EQ(host.add({Circuit{}}), Status::kOk);
  host.link();
  EXPECT_EQ(count_of(host.poll(), "leg 9: SEND_CELL LINK"), 1U);
  host.advance(ms(10));
  EXPECT_EQ(host.receive(kMostLegs, kLinked, encode(host.link_body(1))).status, Status::kErrorStale)
      << "what the leg that has gone brings is for nobody";
  EXPECT_EQ(host.linked(9).status, Status::kConsumed);
  EXPECT_EQ(host.info().leg_count, 8U);
}

// Streams went on a set whose handshake had not ended, and a set without any RTT was fatal.
TEST(Regression, R31_NothingSequencedGoesBeforeLinkedAckWhateverTheRtts) {
  Host host;
  host.join(2);
  EXPECT_EQ(host.send(kBegin), blocked(Reason::kNotLinked));
  host.link();
  host.poll();
  EXPECT_EQ(host.send(kBegin), blocked(Reason::kNotLinked));
  host.linked(1);  // in no time: no RTT
  EXPECT_EQ(host.send(kBegin), blocked(Reason::kAckNotSent));
  EXPECT_THAT(host.poll(),
              ElementsAre("leg 1: SEND_CELL LINKED_ACK", "leg 1: LINK_RESULT NONE", "READY"));
  EXPECT_EQ(host.send(kBegin), on_leg(1));
}

// A hop without congestion control has nothing to schedule by (C tor: CGO; Arti: no Vegas).
TEST(Regression, R32_R58_ALegWithoutCongestionControlIsRefused) {
  Host host;
  EXPECT_EQ(host.add({{.congestion_control = false}}), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(host.detail()), Reason::kNoCongestionControl);
  Host first({.first = {.congestion_control = false}});
  EXPECT_EQ(first.add({Circuit{}}), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(first.detail()), Reason::kNoCongestionControl);
}

// A timer that ran on threw linked legs away.
TEST(Regression, R53_ALinkedLegHasNoTimer) {
  Host host;
  host.join_and_link(2);
  host.poll();
  EXPECT_EQ(host.deadline(), MPATH_NEVER);
  host.advance(seconds(3600));
  EXPECT_THAT(host.poll(), IsEmpty());
  EXPECT_EQ(host.info().linked_count, 2U);
}

// LINK waited for a state that never came.
TEST(Regression, R54_LinkIsOnTheWireWithOnePoll) {
  Host host;
  host.join(3);
  host.link();
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: SEND_CELL LINK", "leg 2: SEND_CELL LINK",
                                       "leg 3: SEND_CELL LINK"));
}

// The leg that was there first was not counted among those that link.
TEST(Regression, R55_TheFirstLegHasItsResultLikeTheOthers) {
  Host host;
  host.join(3);
  host.link();
  host.poll();
  std::size_t results = 0;
  for (const int leg : {2, 1}) {
    host.advance(ms(10));
    host.linked(leg);
    results += count_of(host.poll(), "LINK_RESULT NONE");
  }
  host.advance(seconds(60));
  results += count_of(host.poll(), "LINK_RESULT HANDSHAKE_TIMEOUT");
  EXPECT_EQ(results, 3U);
}

// The join point was read from the list of legs to come.
TEST(Regression, R56_ALegThatEndsElsewhereIsRefused) {
  Host host({.first = {.exit = 300}});
  EXPECT_EQ(host.add({{.exit = 300}, {.exit = 301}}), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(host.detail()), Reason::kLastHopDiffers);
  EXPECT_EQ(host.detail().index, 1U);
  EXPECT_EQ(host.info().leg_count, 1U) << "all or none";
}

// A leg that broke the protocol in its handshake went alone.
TEST(Regression, R57_AViolationInOneHandshakeClosesTheWholeTunnel) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(10));
  host.linked(1);
  host.poll();
  EXPECT_EQ(host.receive(2, kSwitch, switch_body(1)), violation(Reason::kSwitchUnlinked));
  EXPECT_EQ(host.send(kBegin).status, Status::kErrorClosed) << "the linked leg is closed as well";
  EXPECT_EQ(count_of(host.poll(), "LEG_GONE TUNNEL_CLOSED"), 2U);
}

// Cells of streams were taken before the handshake had ended.
TEST(Regression, R60_ACellBeforeLinkedClosesTheTunnel) {
  for (const std::uint8_t command : {kBegin, kData, kEnd, kConnected, kXoff}) {
    Host host;
    host.join(2);
    host.link();
    host.poll();
    EXPECT_EQ(host.cell(2, 1, command), violation(Reason::kCellBeforeLinked));
    EXPECT_THAT(host.delivered(), IsEmpty());
  }
}

}  // namespace
}  // namespace conflux::test
