// Attacks on the handshake and its secret, from the exit or a middle relay; test/README.md lists
// them. A peer that breaks the protocol gets the tunnel closed, never a second chance.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

// Leg 2 in each state that a peer can find it in.
enum class State {
  kPlain,
  kUnlinked,
  kLinkQueued,
  kAwaitingLinked,
  kAckQueued,
  kLinked,
  kTimedOut
};
constexpr State kStates[] = {State::kPlain,          State::kUnlinked,  State::kLinkQueued,
                             State::kAwaitingLinked, State::kAckQueued, State::kLinked,
                             State::kTimedOut};

// Answers the leg that is in the state.
int bring_to(Host& host, State state) {
  if (state == State::kPlain) return 1;
  host.join(2);
  if (state == State::kUnlinked) return 2;
  host.link();
  if (state == State::kLinkQueued) return 2;
  host.poll();
  host.advance(state == State::kTimedOut ? seconds(60) : ms(100));
  if (state == State::kAwaitingLinked || state == State::kTimedOut) return 2;
  host.linked(2);
  if (state == State::kLinked) host.poll();
  return 2;
}

Reason expected(std::uint8_t command, State state) {
  if (state == State::kPlain) return Reason::kNotMultipath;
  if (command == kLink) return Reason::kLinkToClient;
  if (command == kLinkedAck) return Reason::kLinkedAckToClient;
  if (state == State::kTimedOut && command == kLinked) return Reason::kNone;
  const bool linked = state == State::kAckQueued || state == State::kLinked;
  if (command == kSwitch) return linked ? Reason::kNone : Reason::kSwitchUnlinked;
  return state == State::kAwaitingLinked ? Reason::kNone : Reason::kLinkedUnexpected;
}

TEST(Attack, A1_NoSignallingCellIsTakenInAWrongStateOrFromAWrongHop) {
  for (const std::uint8_t command : {kLink, kLinked, kLinkedAck, kSwitch}) {
    for (const State state : kStates) {
      for (const std::uint8_t hop : {kExitHop, kMiddleHop, kGuardHop}) {
        Host host;
        const int leg = bring_to(host, state);
        LinkBody body;
        for (std::size_t i = 0; i < 32; ++i) body.nonce[i] = static_cast<std::uint8_t>(0xA0 + i);
        const Answer answer =
            host.receive(leg, command, command == kSwitch ? switch_body(1) : encode(body), hop);
        const bool wrong_hop = hop != kExitHop && state != State::kPlain;
        const Reason reason = wrong_hop ? Reason::kWrongHop : expected(command, state);
        EXPECT_EQ(answer.reason, reason)
            << int{command} << " in state " << static_cast<int>(state) << " from hop " << int{hop};
        EXPECT_EQ(host.close_reason(), reason);
      }
    }
  }
}

TEST(Attack, A1_EveryOtherCommandPassesOrIsCountedOrComesTooEarly) {
  const auto& counted = conflux_table().sequenced;
  for (unsigned command = 0; command < 256; ++command) {
    if (command >= kLink && command <= kSwitch) continue;
    const bool counts = (counted[command / 8] >> (command % 8) & 1U) != 0;
    for (const State state : kStates) {
      Host host;
      const int leg = bring_to(host, state);
      const bool linked = state == State::kAckQueued || state == State::kLinked;
      const Answer answer = host.receive(leg, static_cast<std::uint8_t>(command));
      Answer expected{Status::kPass};
      if (counts && linked) expected = {Status::kOk};
      if (counts && !linked && state != State::kPlain) {
        expected = violation(Reason::kCellBeforeLinked);
      }
      EXPECT_EQ(answer, expected) << command << " in state " << static_cast<int>(state);
    }
  }
}

TEST(Attack, A2_LinkAndLinkedAckToAClientCloseTheTunnel) {
  for (const auto& [command, reason] : {std::pair{kLink, Reason::kLinkToClient},
                                        std::pair{kLinkedAck, Reason::kLinkedAckToClient}}) {
    Host host;
    host.join_and_link(2);
    EXPECT_EQ(host.receive(1, command, encode(host.link_body(1))), violation(reason));
    EXPECT_EQ(host.info().leg_count, 0U);
  }
}

TEST(Attack, A3_EveryByteOfTheNonceIsCompared) {
  for (std::size_t i = 0; i < 32; ++i) {
    Host host;
    bring_to(host, State::kAwaitingLinked);
    LinkBody body = host.link_body(2);
    body.nonce[i] ^= 0x80U;
    EXPECT_EQ(host.receive(2, kLinked, encode(body)), violation(Reason::kLinkedNonce)) << i;
  }
}

TEST(Attack, A4_AReplayedLinkedClosesTheTunnelAndMeasuresNothing) {
  Host host;
  host.join_and_link(2);
  host.advance(seconds(1));
  EXPECT_EQ(host.linked(2), violation(Reason::kLinkedUnexpected));
  EXPECT_EQ(host.close_reason(), Reason::kLinkedUnexpected);
}

// A5 and A6 are attacks on exits; what a client owes is never to look like one.
TEST(Attack, A5_A6_EachLegGetsOneLinkAndOneLinkedAck) {
  Host host;
  host.join(2);
  int links = 0;
  int acks = 0;
  const auto count = [&] {
    for (const std::string& told : host.poll()) {
      links += told == "leg 2: SEND_CELL LINK" ? 1 : 0;
      acks += told == "leg 2: SEND_CELL LINKED_ACK" ? 1 : 0;
    }
  };
  for (int i = 0; i < 3; ++i) {
    host.link();
    count();
  }
  host.advance(ms(9));
  host.linked(2);
  for (int i = 0; i < 3; ++i) {
    count();
    host.link();
  }
  EXPECT_EQ(links, 1);
  EXPECT_EQ(acks, 1);
}

TEST(Attack, A7_NoLinkGoesOnACircuitThatEverHadAStream) {
  Host host;
  EXPECT_EQ(host.add({{.flags = MPATH_LEG_EVER_STREAM}}), Status::kErrorLegInvalid);
  host.view(1).open_streams = 1;
  EXPECT_EQ(host.add({Circuit{}}), Status::kErrorLegInvalid);
  EXPECT_EQ(host.detail().index, UINT32_MAX);
}

TEST(Attack, A8_EveryTunnelDrawsItsOwnNonce) {
  std::vector<std::array<std::uint8_t, 32>> nonces;
  for (int i = 0; i < 8; ++i) {
    Host host({.seeded = false});
    host.join(2);
    host.link();
    host.poll();
    for (const auto& other : nonces) {
      std::size_t equal = 0;
      for (std::size_t at = 0; at < 32; ++at) {
        equal += other[at] == host.link_body(1).nonce[at] ? 1U : 0U;
      }
      EXPECT_LT(equal, 16U);
    }
    nonces.push_back(host.link_body(1).nonce);
  }
}

TEST(Attack, A9_ALegCannotBeGraftedWithTheNonceOfAnotherTunnel) {
  Host other({.seeded = false});
  bring_to(other, State::kAwaitingLinked);
  Host host({.seeded = false});
  bring_to(host, State::kAwaitingLinked);
  EXPECT_EQ(host.receive(2, kLinked, encode(other.link_body(2))), violation(Reason::kLinkedNonce));
  EXPECT_EQ(other.close_reason(), Reason::kNone);
}

TEST(Attack, A10_ALegTooManyLeavesTheTunnelUntouched) {
  Host host;
  host.join_and_link(8);
  EXPECT_EQ(host.add({Circuit{}}), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(host.detail()), Reason::kTooManyLegs);
  EXPECT_EQ(host.info().linked_count, 8U);
  EXPECT_EQ(host.send(kBegin), on_leg(1));
  for (int leg = 2; leg <= 8; ++leg) EXPECT_EQ(host.remove(leg), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kNone);
}

TEST(Attack, A12_LinkedThatAcknowledgesWhatWasNeverSentIsRefused) {
  for (const std::uint64_t claimed : {std::uint64_t{1}, std::uint64_t{UINT64_MAX}}) {
    Host host;
    bring_to(host, State::kAwaitingLinked);
    LinkBody body = host.link_body(2);
    body.last_received = claimed;
    EXPECT_EQ(host.receive(2, kLinked, encode(body)), violation(Reason::kLinkedSequence));
  }
}

TEST(Attack, A13_LinkedThatClaimsCellsWeNeverSawMovesNothing) {
  Host host;
  bring_to(host, State::kAwaitingLinked);
  LinkBody body = host.link_body(2);
  body.last_sent = 1000;
  ASSERT_EQ(host.receive(2, kLinked, encode(body)).status, Status::kConsumed);
  host.poll();
  EXPECT_EQ(host.leg_info(2).last_seq_received, 0U);
  EXPECT_EQ(host.cell(2, 1, kConnected).status, Status::kOk) << "counting from 0, as our LINK says";
}

TEST(Attack, A29_ALinkedThatIsTooLateOrTooQuickMeasuresNothing) {
  Host late;
  bring_to(late, State::kTimedOut);
  late.linked(2);
  EXPECT_EQ(late.leg_info(2).handshake_rtt_us, MPATH_NEVER);
  Host quick;
  quick.join(2);
  quick.link();
  quick.poll();
  quick.linked(2);
  EXPECT_EQ(quick.leg_info(2).handshake_rtt_us, MPATH_NEVER);
}

TEST(Attack, A33_LinkedWithAnUnknownUxIsRefused) {
  Host host;
  bring_to(host, State::kAwaitingLinked);
  LinkBody body = host.link_body(2);
  body.ux = 5;
  EXPECT_EQ(host.receive(2, kLinked, encode(body)), violation(Reason::kLinkedMalformed));
}

}  // namespace
}  // namespace conflux::test
