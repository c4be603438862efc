// Signalling cells that arrive. Seed: ConfluxMsgHandler, ClientConfluxMsgHandler.
// Spec: prop329 [SIDE_CHANNELS].
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

// Legs 1 and 2 have sent LINK; nobody has answered.
void begin_handshake(Host& host) {
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(100));
}

TEST(Seed, S119_ASignallingCellFromAnotherHopIsAViolation) {
  for (const std::uint8_t command : {kLinked, kSwitch}) {
    Host host;
    begin_handshake(host);
    EXPECT_EQ(host.receive(2, command, switch_body(1), kMiddleHop), violation(Reason::kWrongHop));
    EXPECT_EQ(host.close_reason(), Reason::kWrongHop);
  }
}

TEST(Seed, S120_LinkedBeforeLinkIsAViolation) {
  Host host;
  host.join(2);
  EXPECT_EQ(host.receive(2, kLinked, encode({})), violation(Reason::kLinkedUnexpected));
  EXPECT_EQ(host.close_reason(), Reason::kLinkedUnexpected);
}

TEST(Seed, S121_LinkedOnALinkedLegIsAViolation) {
  Host host;
  begin_handshake(host);
  host.linked(2);
  EXPECT_EQ(host.linked(2), violation(Reason::kLinkedUnexpected));
  Host drained;
  drained.join_and_link(2);
  EXPECT_EQ(drained.linked(1), violation(Reason::kLinkedUnexpected));
}

TEST(Seed, S122_LinkedWithAnotherNonceIsAViolation) {
  Host host;
  begin_handshake(host);
  LinkBody body = host.link_body(2);
  body.nonce[31] ^= 1U;
  EXPECT_EQ(host.receive(2, kLinked, encode(body)), violation(Reason::kLinkedNonce));
  EXPECT_EQ(host.close_reason(), Reason::kLinkedNonce);
}

TEST(Seed, S123_LinkedThatDoesNotParseIsAViolation) {
  Host host;
  begin_handshake(host);
  Body body = encode(host.link_body(2));
  body.pop_back();
  EXPECT_EQ(host.receive(2, kLinked, body), violation(Reason::kLinkedMalformed));
}

TEST(Seed, S124_LinkIsRefusedByAClient) {
  Host host;
  begin_handshake(host);
  EXPECT_EQ(host.receive(2, kLink, encode({})), violation(Reason::kLinkToClient));
}

TEST(Seed, S125_LinkedAckIsRefusedByAClient) {
  Host host;
  begin_handshake(host);
  EXPECT_EQ(host.receive(2, kLinkedAck), violation(Reason::kLinkedAckToClient));
}

TEST(Seed, S126_ASwitchBeforeLinkedIsAViolation) {
  Host host;
  begin_handshake(host);
  host.linked(1);
  EXPECT_EQ(host.switched(2, 1), violation(Reason::kSwitchUnlinked));
}

TEST(Seed, S127_TwoSwitchesInARowOnOneLegAreAViolation) {
  Host host;
  host.join_and_link(2);
  ASSERT_EQ(host.switched(1, 10).status, Status::kConsumed);
  EXPECT_EQ(host.switched(1, 12), violation(Reason::kSwitchRepeated));
}

TEST(Seed, S128_ASwitchMayFollowACell) {
  Host host;
  host.join_and_link(2);
  host.switched(1, 10);
  host.cell(1, 11);
  EXPECT_EQ(host.switched(1, 12).status, Status::kConsumed);
  EXPECT_EQ(host.leg_info(1).last_seq_received, 23U);
}

TEST(Seed, S129_ASwitchOfZeroIsAViolation) {
  Host host;
  host.join_and_link(2);
  host.cell(1, 1);
  EXPECT_EQ(host.switched(2, 0), violation(Reason::kSwitchZero));
}

TEST(Seed, S130_TheFirstSwitchCannotExceedWhatInitialWindowsAllow) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.switched(1, 2 * 124 + 64 + 1), violation(Reason::kSwitchTooFar));
  Host honest;
  honest.join_and_link(2);
  EXPECT_EQ(honest.switched(1, 124).status, Status::kConsumed);
}

TEST(Seed, S131_ASwitchThatDoesNotParseIsAViolation) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.receive(1, kSwitch, {0, 0, 1}), violation(Reason::kSwitchMalformed));
}

TEST(Seed, S132_ASignallingCellOnAPlainCircuitIsAViolation) {
  for (const std::uint8_t command : {kLink, kLinked, kLinkedAck, kSwitch}) {
    Host host;
    EXPECT_EQ(host.receive(1, command, encode({})), violation(Reason::kNotMultipath))
        << int{command};
    EXPECT_EQ(host.close_reason(), Reason::kNotMultipath);
  }
}

}  // namespace
}  // namespace conflux::test
