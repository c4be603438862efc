// Arti's own tests of handshakes and signalling cells (client/circuit.rs), in our words, against
// the C table. Where ours decides otherwise, the deviation is named.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;

void begin_handshake(Host& host) {
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(100));
}

TEST(Arti, MultipathCircValidation) {
  Host other_hops;
  EXPECT_EQ(other_hops.add({{.exit = 310}}), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(other_hops.detail()), Reason::kLastHopDiffers);
  Host fixed_window({.first = {.congestion_control = false}});
  EXPECT_EQ(fixed_window.add({{.congestion_control = false}}), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(fixed_window.detail()), Reason::kNoCongestionControl);
}

TEST(Arti, RejectConfluxLinkedBeforeHs) {
  Host host;
  EXPECT_EQ(host.receive(1, kLinked, encode({})), violation(Reason::kNotMultipath));
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_CLOSED);
}

TEST(Arti, ConfluxHsTimeout) {
  Host host;
  begin_handshake(host);
  host.linked(1);
  EXPECT_THAT(host.poll(),
              ElementsAre("leg 1: SEND_CELL LINKED_ACK", "leg 1: LINK_RESULT NONE", "READY"));
  host.advance(seconds(60));
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: LINK_RESULT HANDSHAKE_TIMEOUT",
                                       "leg 2: REMOVE_LEG HANDSHAKE_TIMEOUT"));
}

TEST(Arti, ConfluxBadHs) {
  LinkBody other;
  other.nonce.fill(0x5A);
  const std::vector<std::tuple<std::uint8_t, Body, Reason>> cases = {
      {kLinked, encode(other), Reason::kLinkedNonce},
      {kLink, encode(other), Reason::kLinkToClient},
      {kSwitch, switch_body(0), Reason::kSwitchUnlinked}};
  for (const auto& [command, body, reason] : cases) {
    Host host;
    begin_handshake(host);
    EXPECT_EQ(host.receive(2, command, body), violation(reason));
    const std::string why = words(reason);
    EXPECT_THAT(host.poll(), ElementsAre("leg 1: LINK_RESULT " + why, "leg 2: LINK_RESULT " + why,
                                         "CLOSED " + why, "leg 1: LEG_GONE TUNNEL_CLOSED",
                                         "leg 2: LEG_GONE TUNNEL_CLOSED"))
        << "at once, without waiting for leg 1";
  }
}

TEST(Arti, UnexpectedConfluxCell) {
  const std::vector<std::pair<std::uint8_t, Body>> cells = {
      {kLinked, encode({})}, {kLink, encode({})}, {kSwitch, switch_body(0)}};
  for (const auto& [command, body] : cells) {
    Host host;
    EXPECT_EQ(host.receive(1, command, body), violation(Reason::kNotMultipath));
    EXPECT_EQ(host.info().state, MPATH_TUNNEL_CLOSED) << int{command};
  }
}

TEST(Arti, ConfluxBadLinked) {
  Host host;
  begin_handshake(host);
  host.linked(1);
  host.linked(2);
  EXPECT_EQ(host.linked(2), violation(Reason::kLinkedUnexpected));
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_CLOSED);
}

// Arti refuses zero and anything over one initial window here. We refuse zero once a cell has
// come (D1) and what exceeds the initial windows of all legs with some slack (D2).
TEST(Arti, ConfluxBadSwitch) {
  Host zero;
  zero.join_and_link(2);
  zero.cell(1, 1, kConnected);
  EXPECT_EQ(zero.switched(2, 0), violation(Reason::kSwitchZero));
  Host far;
  far.join_and_link(2);
  EXPECT_EQ(far.switched(1, 2 * 124 + 64 + 1), violation(Reason::kSwitchTooFar));
}

TEST(Arti, ConfluxConsecutiveSwitch) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.switched(1, 10).status, Status::kConsumed);
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_READY);
  EXPECT_EQ(host.switched(1, 12), violation(Reason::kSwitchRepeated));
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_CLOSED);
}

// Arti shuts the tunnel down as well; we leave it alone (D27).
TEST(Arti, ShutdownAndReturnCircMultipath) {
  Host host;
  host.join_and_link(2);
  auto leg = mpath::sized<mpath_leg_info>();
  EXPECT_EQ(host.table.leg_take_single(host.instance, host.tunnel, &leg, host.now_us),
            MPATH_E_NOT_SINGLE);
  EXPECT_EQ(host.detail().index, 2U);
}

// Arti refuses to accept incoming streams on a multi-path tunnel. Refusing is the host's: an
// incoming BEGIN is a cell like others here, in its place in the sequence, so that the refusal
// cannot upset the order.
TEST(Arti, ConfluxIncomingStream) {
  Host host;
  host.join_and_link(2);
  host.switched(2, 1);
  EXPECT_EQ(host.cell(2, 2, kBegin).status, Status::kHeld);
  EXPECT_EQ(host.cell(1, 1, kConnected).status, Status::kOk);
  EXPECT_THAT(host.delivered(), ElementsAre(1U, 2U));
}

}  // namespace
}  // namespace conflux::test
