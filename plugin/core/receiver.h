// The receiving side of a tunnel: numbers what arrives, restores the order, bounds what waits.
#pragma once

#include <cstdint>
#include <optional>

#include "plugin/core/leg.h"
#include "plugin/core/out_of_order_queue.h"
#include "plugin/core/switch_guard.h"
#include "plugin/core/tunnel_config.h"
#include "plugin/types/reason.h"
#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

// What becomes of a sequenced cell.
enum class Reception : std::uint8_t {
  kPass,     // it is not counted on this leg
  kDeliver,  // it is the next one
  kHold,     // a cell before it is missing
  kRefuse,   // the tunnel must close, for `reason`
};

struct ReceptionResult {
  Reception reception;
  Reason reason = Reason::NONE;
};

class Receiver {
 public:
  explicit Receiver(const ReorderLimits& limits) noexcept : limits_(limits) {}

  // The last cell that was handed over in order. Seed: last_seq_delivered.
  [[nodiscard]] SeqNo last_delivered() const noexcept { return last_delivered_; }
  // Seed: is_seqno_in_order.
  [[nodiscard]] bool is_in_order(SeqNo seq) const noexcept { return seq == next(last_delivered_); }
  [[nodiscard]] const OutOfOrderQueue& queue() const noexcept { return queue_; }
  [[nodiscard]] Cells received() const noexcept { return received_; }
  [[nodiscard]] std::uint64_t switches() const noexcept { return switches_; }
  // Is there something for drain_next()?
  [[nodiscard]] bool has_next() const noexcept {
    return !queue_.empty() && queue_.lowest() <= next(last_delivered_);
  }
  // When the stall timer may have run out. It may be early, never late.
  [[nodiscard]] Instant stall_deadline() const noexcept { return stall_deadline_; }

  // A sequenced cell arrived on a leg whose peer is linked. May throw std::bad_alloc, changing
  // nothing. Spec: prop329 [SEQUENCING]. Attacks A17, A18, A19, R41.
  ReceptionResult handle_sequenced(Leg& leg, Token token, std::uint32_t cost, Instant now);

  // The same for a cell that is the next one, or is held behind others of its leg; else kRefuse:
  // not known, and nothing has changed.
  Reception receive_plainly(Leg& leg, Token token, std::uint32_t cost, Instant now) noexcept;

  // A SWITCH arrived; NONE, or the violation. `sent`: sequenced cells that we have sent.
  Reason handle_switch(Leg& leg, SeqDelta delta, std::uint64_t linked_legs, Cells cwnd_init,
                       Cells sent = {}) noexcept;

  // Gives the cells that are in order to `take`, up to `count`. NONE, or what then came to light.
  template <class Take>
  Reason drain(std::size_t count, Take&& take) noexcept;
  // Any cell at all, for a tunnel that has closed. Nothing once empty.
  std::optional<ReleasedCell> discard_next() noexcept;

  // Has a cell waited too long? Re-arms the timer if not.
  [[nodiscard]] bool commit_stall_check(Instant now) noexcept;

  [[nodiscard]] bool is_consistent() const noexcept;

 private:
  void commit_received(Leg& leg, SeqNo seq) noexcept;
  [[nodiscard]] bool has_room_for(std::uint32_t cost) const noexcept {
    return queue_.footprint().raw() + sizeof(HeldCell) + cost <= limits_.tunnel_limit.raw();
  }
  // Keeps a cell that is not the next one, if there is room.
  ReceptionResult hold(const Leg& leg, const HeldCell& cell);

  SeqNo last_delivered_{};
  Cells received_{};
  OutOfOrderQueue queue_;
  Instant stall_deadline_ = kNever;
  std::uint64_t switches_ = 0;
  ReorderLimits limits_;
};

[[gnu::always_inline]] inline Reception Receiver::receive_plainly(Leg& leg, Token token,
                                                                  std::uint32_t cost,
                                                                  Instant now) noexcept {
  if (leg.sequence().is_exhausted()) return Reception::kRefuse;
  const SeqNo seq = next(leg.sequence().last_received());
  if (is_in_order(seq)) {
    last_delivered_ = seq;
    commit_received(leg, seq);
    return Reception::kDeliver;
  }
  // The stall timer runs since the first of those that are held.
  if (seq <= last_delivered_ || !has_room_for(cost) ||
      !queue_.hold_behind(leg.id(), {.seq = seq, .token = token, .arrived = now, .cost = cost})) {
    return Reception::kRefuse;
  }
  commit_received(leg, seq);
  return Reception::kHold;
}

[[gnu::always_inline]] inline void Receiver::commit_received(Leg& leg, SeqNo seq) noexcept {
  leg.sequence().commit_received(seq);
  received_ = Cells{received_.raw() + 1};
}

template <class Take>
[[gnu::always_inline]] inline Reason Receiver::drain(std::size_t count, Take&& take) noexcept {
  for (; count > 0 && has_next(); --count) {
    // Two legs were ahead with the same number: the second one now surfaces (attack A17, R36).
    if (queue_.lowest() <= last_delivered_) return Reason::SEQUENCE_REPEATED;
    last_delivered_ = queue_.lowest();
    take(queue_.release_lowest());
  }
  if (queue_.empty()) stall_deadline_ = kNever;
  return Reason::NONE;
}

}  // namespace conflux
