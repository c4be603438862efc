// One round over all legs. Seed: next_circ_event, CircuitEvent, run_padding_event.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Seed, S71_EventsComeInLegOrder) {
  Host host;
  host.join_and_link(3);
  host.view(3).flags = MPATH_VIEW_INPUT_READY;
  host.view(1).flags = MPATH_VIEW_INPUT_READY;
  host.view(2).flags = MPATH_VIEW_PADDING_READY;
  EXPECT_THAT(host.poll(),
              ElementsAre("leg 1: HANDLE_CELL", "leg 2: PADDING", "leg 3: HANDLE_CELL"));
}

TEST(Seed, S72_EveryLegGetsItsTurnInEveryRound) {
  Host host;
  host.join_and_link(2);
  host.view(1).flags = MPATH_VIEW_INPUT_READY;  // always more input on leg 1
  host.view(2).flags = MPATH_VIEW_INPUT_READY;
  for (int round = 0; round < 3; ++round) {
    EXPECT_THAT(host.poll(), ElementsAre("leg 1: HANDLE_CELL", "leg 2: HANDLE_CELL"));
  }
}

TEST(Seed, S73_ExpiredHalfStreamsAreCollectedFirst) {
  Host host;
  host.join_and_link(2);
  host.view(1).half_stream_expiry_us = host.now_us;
  host.view(2).half_stream_expiry_us = host.now_us + 1;
  host.view(1).flags = MPATH_VIEW_INPUT_READY;
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: COLLECT_HALFSTREAMS", "leg 1: HANDLE_CELL"));
  host.view(1).half_stream_expiry_us = MPATH_NEVER;
  host.advance(1);
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: HANDLE_CELL", "leg 2: COLLECT_HALFSTREAMS"));
}

TEST(Seed, S74_AHandshakeTimeoutOutranksPaddingAndInput) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(100));
  host.linked(1);
  host.poll();
  host.advance(seconds(60));
  host.view(2).flags = MPATH_VIEW_PADDING_READY | MPATH_VIEW_INPUT_READY;
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: LINK_RESULT HANDSHAKE_TIMEOUT",
                                       "leg 2: REMOVE_LEG HANDSHAKE_TIMEOUT"));
}

TEST(Seed, S75_PaddingOutranksInputAndStreams) {
  Host host;
  host.join_and_link(2);
  host.backlog = 10;
  host.view(1).flags =
      MPATH_VIEW_PADDING_READY | MPATH_VIEW_INPUT_READY | MPATH_VIEW_HOP_STREAMS_READY;
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: PADDING"));
}

TEST(Seed, S76_InputAndStreamsOfOneLegComeInTheSameRound) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.backlog = 10;
  host.view(1).flags = MPATH_VIEW_INPUT_READY;
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: HANDLE_CELL", "leg 1: READ_STREAMS JOIN_POINT 10"));
}

TEST(Seed, S77_AClosedChannelRemovesItsLeg) {
  Host host;
  host.join_and_link(2);
  host.view(2).flags = MPATH_VIEW_INPUT_CLOSED;
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: REMOVE_LEG CHANNEL_CLOSED"));
}

TEST(Seed, S78_WhatArrivedBeforeTheChannelClosedIsHandledFirst) {
  Host host;
  host.join_and_link(2);
  host.view(2).flags = MPATH_VIEW_INPUT_CLOSED | MPATH_VIEW_INPUT_READY;
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: HANDLE_CELL"));
}

TEST(Seed, S79_AMessageOutsideTheAllowedSetIsAViolation) {
  Host host;
  host.join_and_link(2);
  host.view(2).flags = MPATH_VIEW_INPUT_UNEXPECTED;
  EXPECT_THAT(host.poll(), ElementsAre("CLOSED UNEXPECTED_MESSAGE", "leg 1: LEG_GONE TUNNEL_CLOSED",
                                       "leg 2: LEG_GONE TUNNEL_CLOSED"));
}

TEST(Seed, S80_StreamsOfTheJoinPointAreReadOncePerRound) {
  Host host;
  host.join_and_link(3);
  host.send(kBegin);
  host.backlog = 5;
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: READ_STREAMS JOIN_POINT 5"));
  EXPECT_EQ(host.events().at(0).leg, host.id(1));
}

TEST(Seed, S81_NoMoreIsReadThanTheCarryingLegTakes) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.backlog = 1000;
  host.view(1).inflight = 100;
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: READ_STREAMS JOIN_POINT 24"));
}

TEST(Seed, S82_StreamsOfTheJoinPointWaitForTheChannelThatWouldCarryThem) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  host.view(1).ewma_rtt_us = 300'000;  // so that leg 2 would carry the next cell
  host.backlog = 5;
  host.view(1).flags = MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: READ_STREAMS JOIN_POINT 5"))
      << "the first leg's channel does not matter";
  host.view(1).flags = 0;
  host.view(2).flags = MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_THAT(host.poll(), IsEmpty());
  EXPECT_EQ(host.can_read(), (Answer{Status::kBlocked, Reason::kChannelBlocked}));
}

TEST(Seed, S83_StreamsOfOtherHopsWaitForTheChannelOfTheirLeg) {
  Host host;
  host.join_and_link(2);
  host.view(1).flags = MPATH_VIEW_HOP_STREAMS_READY | MPATH_VIEW_CHANNEL_BLOCKED;
  host.view(2).flags = MPATH_VIEW_HOP_STREAMS_READY;
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: READ_STREAMS OTHER_HOPS"));
}

TEST(Seed, S84_ABlockedJoinPointDoesNotStopStreamsOfOtherHops) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.backlog = 5;
  for (const int leg : {1, 2}) host.view(leg).inflight = host.view(leg).cwnd;
  host.view(2).flags = MPATH_VIEW_HOP_STREAMS_READY;
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: READ_STREAMS OTHER_HOPS"));
}

TEST(Seed, S85_ALegWithNothingToDoYieldsNothing) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  EXPECT_THAT(host.poll(), IsEmpty());
  EXPECT_EQ(host.deadline(), MPATH_NEVER) << "nor does it ask to be woken";
}

TEST(Seed, S86_PaddingIsSentOnItsLeg) {
  Host host;
  host.join_and_link(2);
  host.view(2).flags = MPATH_VIEW_PADDING_READY;
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: PADDING"));
  EXPECT_EQ(host.padding(2, MPATH_PADDING_SEND), Status::kOk);
  EXPECT_EQ(host.route(kDrop, 1, kMiddleHop, 2), on_leg(2)) << "padding is no sequenced cell";
}

TEST(Seed, S87_PaddingCanBlockALeg) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  host.backlog = 5;
  EXPECT_EQ(host.padding(1, MPATH_PADDING_BLOCK), Status::kOk);
  EXPECT_EQ(host.send(kData), blocked(Reason::kPaddingBlocked));
  host.view(1).flags = MPATH_VIEW_HOP_STREAMS_READY;
  EXPECT_THAT(host.poll(), IsEmpty()) << "no stream is read for it";
}

TEST(Seed, S88_PaddingCanUnblockALeg) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  host.padding(1, MPATH_PADDING_BLOCK);
  EXPECT_EQ(host.padding(1, MPATH_PADDING_UNBLOCK), Status::kOk);
  EXPECT_EQ(host.send(kData), on_leg(1));
}

TEST(Seed, S89_APaddingEventOfAVanishedLegIsIgnored) {
  Host host;
  host.join_and_link(3);
  host.remove(3);
  EXPECT_EQ(host.padding(3, MPATH_PADDING_BLOCK), Status::kIgnored);
  EXPECT_EQ(host.padding(3, MPATH_PADDING_SEND), Status::kIgnored);
}

TEST(Seed, S90_ASinglePathTunnelReadsTheStreamsOfItsCircuit) {
  Host host;
  host.backlog = 3;
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: READ_STREAMS OTHER_HOPS"));
  host.view(1).flags = MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_THAT(host.poll(), IsEmpty());
}

}  // namespace
}  // namespace conflux::test
