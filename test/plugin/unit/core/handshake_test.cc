#include "plugin/core/handshake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::at;

Nonce nonce_of(std::uint8_t byte) {
  std::array<std::uint8_t, Nonce::kSize> bytes;
  bytes.fill(byte);
  return Nonce(bytes);
}

std::array<std::uint8_t, LinkMessage::kSize> linked(std::uint8_t nonce, std::uint64_t received) {
  return encode({.nonce = nonce_of(nonce),
                 .last_seq_sent = SeqNo{0},
                 .last_seq_received = SeqNo{received},
                 .desired_ux = 1});
}

Leg awaiting() { return test::leg_in(AwaitingLinked{.link_sent_at = at(5s), .timeout = at(65s)}); }

TEST(PlanLink, SaysZeroForBothCountersAndTheUxAsConfigured) {
  const LinkMessage message = plan_link(nonce_of(9), 3);
  EXPECT_TRUE(message.nonce.equals(nonce_of(9)));
  EXPECT_EQ(message.last_seq_sent, SeqNo{0});
  EXPECT_EQ(message.last_seq_received, SeqNo{0});
  EXPECT_EQ(message.desired_ux, 3);
}

TEST(HandleLinked, MeasuresTheRoundTripAndQueuesTheAck) {
  Leg leg = awaiting();
  EXPECT_EQ(handle_linked(leg, linked(9, 0), nonce_of(9), SeqNo{0}, at(5s + 120ms)), Reason::NONE);
  EXPECT_TRUE(leg.is<AckQueued>());
  EXPECT_EQ(leg.handshake_rtt(), Micros(120ms));
}

TEST(HandleLinked, TakesARoundTripOfNothingForNone) {  // attack A29
  Leg leg = awaiting();
  EXPECT_EQ(handle_linked(leg, linked(9, 0), nonce_of(9), SeqNo{0}, at(5s)), Reason::NONE);
  EXPECT_EQ(leg.handshake_rtt(), std::nullopt);
  EXPECT_TRUE(leg.is<AckQueued>());
}

TEST(HandleLinked, IsUnexpectedInEveryOtherState) {  // attacks A2, A4
  for (const LegState& state : test::all_states()) {
    if (std::holds_alternative<AwaitingLinked>(state)) continue;
    Leg leg = test::leg_in(state);
    EXPECT_EQ(handle_linked(leg, linked(9, 0), nonce_of(9), SeqNo{0}, at(6s)),
              Reason::LINKED_UNEXPECTED);
    EXPECT_EQ(leg.state().index(), state.index());
  }
}

TEST(HandleLinked, RefusesAnotherNonceWhicheverByteDiffers) {  // attack A3, regression R2
  for (std::size_t at_byte = 0; at_byte < Nonce::kSize; ++at_byte) {
    auto body = linked(9, 0);
    body[1 + at_byte] = 8;
    Leg leg = awaiting();
    EXPECT_EQ(handle_linked(leg, body, nonce_of(9), SeqNo{0}, at(6s)), Reason::LINKED_NONCE);
    EXPECT_TRUE(leg.is<AwaitingLinked>());
  }
}

TEST(HandleLinked, RefusesAClaimOfCellsThatWereNeverSent) {  // attack A13
  Leg honest = awaiting();
  EXPECT_EQ(handle_linked(honest, linked(9, 40), nonce_of(9), SeqNo{40}, at(6s)), Reason::NONE);
  Leg lied_to = awaiting();
  EXPECT_EQ(handle_linked(lied_to, linked(9, 41), nonce_of(9), SeqNo{40}, at(6s)),
            Reason::LINKED_SEQUENCE);
  EXPECT_EQ(lied_to.sequence().last_sent(), SeqNo{0}) << "its claims are never a base";
}

TEST(HandleLinked, RefusesWhatDoesNotParse) {
  Leg leg = awaiting();
  EXPECT_EQ(handle_linked(leg, {}, nonce_of(9), SeqNo{0}, at(6s)), Reason::LINKED_MALFORMED);
  auto body = linked(9, 0);
  body[0] = 2;
  EXPECT_EQ(handle_linked(leg, body, nonce_of(9), SeqNo{0}, at(6s)), Reason::LINKED_MALFORMED);
}

}  // namespace
}  // namespace conflux
