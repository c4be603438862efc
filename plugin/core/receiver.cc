#include "plugin/core/receiver.h"

namespace conflux {

ReceptionResult Receiver::handle_sequenced(Leg& leg, Token token, std::uint32_t cost, Instant now) {
  if (deliver_plainly(leg)) return {Reception::kDeliver};
  if (hold_plainly(leg, leg.id(), token, cost, now)) return {Reception::kHold};
  SeqNo seq = leg.sequence().last_received();
  if (!advance(seq)) return {Reception::kRefuse, Reason::SEQUENCE_OVERFLOW};
  if (seq <= last_delivered_) return {Reception::kRefuse, Reason::SEQUENCE_REPEATED};
  const ReceptionResult result =
      hold(leg, {.seq = seq, .token = token, .arrived = now, .cost = cost});
  if (result.reception == Reception::kHold) leg.sequence().commit_received(seq);
  return result;
}

ReceptionResult Receiver::hold(const Leg& leg, const HeldCell& cell) {
  if (footprint_with(cell.cost) > tunnel_limit_) return {Reception::kRefuse, Reason::REORDER_LIMIT};
  queue_.hold(leg.id(), cell);
  if (stall_deadline_ == kNever) stall_deadline_ = deadline(cell.arrived, stall_timeout_);
  return {Reception::kHold};
}

Reason Receiver::handle_switch(Leg& leg, SeqDelta delta, std::uint64_t linked_legs, Cells cwnd_init,
                               Cells sent) noexcept {
  const SwitchVerdict verdict = plan_switch(leg.sequence(), delta,
                                            {.received = received(),
                                             .switches = switches_,
                                             .legs = linked_legs,
                                             .cwnd_init = cwnd_init,
                                             .sent = sent});
  if (const auto* violation = std::get_if<Reason>(&verdict)) return *violation;
  leg.sequence().commit_switch(*std::get_if<SeqNo>(&verdict));
  switches_ += 1;
  return Reason::NONE;
}

std::optional<ReleasedCell> Receiver::discard_next() noexcept {
  stall_deadline_ = kNever;
  const std::optional<ReleasedCell> released = queue_.release_any();
  if (released) ++discarded_;
  return released;
}

bool Receiver::commit_stall_check(Instant now) noexcept {
  if (now < stall_deadline_) return false;
  // The timer was set for the oldest cell of that time; what has been drained since, it forgives.
  // Cells that are in order wait for the host, not for the peer.
  stall_deadline_ = has_next() ? deadline(now, stall_timeout_)
                               : deadline(queue_.oldest_arrival(), stall_timeout_);
  return now >= stall_deadline_;
}

bool Receiver::is_consistent() const noexcept {
  return queue_.is_consistent() && (!queue_.empty() || stall_deadline_ == kNever);
}

}  // namespace conflux
