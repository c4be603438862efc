#include "plugin/core/handshake.h"

namespace conflux {

LinkMessage plan_link(const Nonce& nonce, std::uint8_t desired_ux) noexcept {
  return {.nonce = nonce,
          .last_seq_sent = SeqNo{0},
          .last_seq_received = SeqNo{0},
          .desired_ux = desired_ux};
}

Reason handle_linked(Leg& leg, std::span<const std::uint8_t> body, const Nonce& nonce,
                     SeqNo highest_sent, Instant now) noexcept {
  const auto* awaiting = std::get_if<AwaitingLinked>(&leg.state());
  if (awaiting == nullptr) return Reason::LINKED_UNEXPECTED;
  const std::optional<LinkMessage> linked = parse_link(body);
  if (!linked) return Reason::LINKED_MALFORMED;
  if (!linked->nonce.equals(nonce)) return Reason::LINKED_NONCE;
  if (linked->last_seq_received > highest_sent) return Reason::LINKED_SEQUENCE;
  const Micros rtt = now - awaiting->link_sent_at;
  leg.commit_state(AckQueued{.rtt = rtt > Micros::zero() ? std::optional(rtt) : std::nullopt});
  return Reason::NONE;
}

}  // namespace conflux
