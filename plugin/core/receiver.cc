#include "plugin/core/receiver.h"

namespace conflux {

ReceptionResult Receiver::handle_sequenced(Leg& leg, Token token, std::uint32_t cost, Instant now) {
  if (leg.sequence().is_exhausted()) return {Reception::kRefuse, Reason::SEQUENCE_OVERFLOW};
  const SeqNo seq = next(leg.sequence().last_received());
  if (seq <= last_delivered_) return {Reception::kRefuse, Reason::SEQUENCE_REPEATED};
  const bool in_order = is_in_order(seq);
  if (!in_order) {
    if (queue_.footprint().raw() + sizeof(HeldCell) + cost > limits_.tunnel_limit.raw()) {
      return {Reception::kRefuse, Reason::REORDER_LIMIT};
    }
    queue_.hold(leg.id(), {.seq = seq, .token = token, .arrived = now, .cost = cost});
    if (stall_deadline_ == kNever) stall_deadline_ = deadline(now, limits_.stall_timeout);
  } else {
    last_delivered_ = seq;
  }
  leg.sequence().commit_received(seq);
  received_ = Cells{received_.raw() + 1};
  return {in_order ? Reception::kDeliver : Reception::kHold};
}

Reason Receiver::handle_switch(Leg& leg, SeqDelta delta, std::uint64_t linked_legs, Cells cwnd_init,
                               Cells sent) noexcept {
  const SwitchVerdict verdict = plan_switch(leg.sequence(), delta,
                                            {.received = received_,
                                             .switches = switches_,
                                             .legs = linked_legs,
                                             .cwnd_init = cwnd_init,
                                             .sent = sent});
  if (const auto* violation = std::get_if<Reason>(&verdict)) return *violation;
  leg.sequence().commit_switch(*std::get_if<SeqNo>(&verdict));
  switches_ += 1;
  return Reason::NONE;
}

DrainStep Receiver::drain_next() noexcept {
  if (!has_next()) return {};
  // Two legs were ahead with the same number: the second one now surfaces (attack A17, R36).
  if (queue_.lowest() <= last_delivered_) {
    return {.cell = std::nullopt, .violation = Reason::SEQUENCE_REPEATED};
  }
  last_delivered_ = queue_.lowest();
  const ReleasedCell cell = queue_.release_lowest();
  if (queue_.empty()) stall_deadline_ = kNever;
  return {.cell = cell};
}

std::optional<ReleasedCell> Receiver::discard_next() noexcept {
  stall_deadline_ = kNever;
  return queue_.release_any();
}

bool Receiver::commit_stall_check(Instant now) noexcept {
  if (now < stall_deadline_) return false;
  // The timer was set for the oldest cell of that time; what has been drained since, it forgives.
  // Cells that are in order wait for the host, not for the peer.
  stall_deadline_ = has_next() ? deadline(now, limits_.stall_timeout)
                               : deadline(queue_.oldest_arrival(), limits_.stall_timeout);
  return now >= stall_deadline_;
}

bool Receiver::is_consistent() const noexcept {
  return queue_.is_consistent() && (!queue_.empty() || stall_deadline_ == kNever) &&
         last_delivered_.raw() + queue_.cells().raw() <= received_.raw();
}

}  // namespace conflux
