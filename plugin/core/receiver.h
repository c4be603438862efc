// The receiving side of a tunnel: numbers what arrives, restores the order, bounds what waits.
#pragma once

#include <algorithm>
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
  kDeliver,  // it is the next one
  kHold,     // a cell before it is missing
  kRefuse,   // the tunnel must close, for `reason`
};

struct ReceptionResult {
  Reception reception;
  Reason reason = Reason::NONE;
};

struct DrainResult {
  std::uint64_t taken;
  Reason violation;  // NONE, or what then came to light
};

class Receiver {
 public:
  explicit Receiver(const ReorderLimits& limits) noexcept
      : quiet_below_(quiet_below(limits.tunnel_limit, limits.high_water)),
        tunnel_limit_(limits.tunnel_limit),
        high_water_(limits.high_water),
        stall_timeout_(limits.stall_timeout) {}

  // The last cell that was handed over in order. Seed: last_seq_delivered.
  [[nodiscard]] SeqNo last_delivered() const noexcept { return last_delivered_; }
  [[nodiscard]] const OutOfOrderQueue& queue() const noexcept { return queue_; }
  // Each has been delivered, or is held, or was discarded when the tunnel had closed.
  [[nodiscard]] Cells received() const noexcept {
    return Cells{last_delivered_.raw() + queue_.cells().raw() + discarded_};
  }
  [[nodiscard]] std::uint64_t switches() const noexcept { return switches_; }
  // Is there something for drain()?
  [[nodiscard]] bool has_next() const noexcept {
    if (queue_.empty()) [[likely]]
      return false;
    return next_is_held();
  }
  // The same if something is held. Not next(): it may have been the largest number.
  [[nodiscard]] bool next_is_held() const noexcept {
    return queue_.lowest().raw() - 1 <= last_delivered_.raw();
  }
  // When the stall timer may have run out. It may be early, never late.
  [[nodiscard]] Instant stall_deadline() const noexcept { return stall_deadline_; }

  // A sequenced cell arrived on a leg whose peer is linked. May throw std::bad_alloc, changing
  // nothing. Spec: prop329 [SEQUENCING]. Attacks A17, A18, A19, R41.
  ReceptionResult handle_sequenced(Leg& leg, Token token, std::uint32_t cost, Instant now);

  // The same for a cell that is the next one; else false, and nothing has changed.
  // Seed: is_seqno_in_order.
  bool deliver_plainly(Leg& leg) noexcept;
  // The same for a cell of which the caller knows that it is the next one, and settles later what
  // its leg received: see Tunnel::deliver_in_turn.
  void deliver_known() noexcept { last_delivered_ = next(last_delivered_); }
  // The same for a cell that is held behind others of its leg while that concerns nobody: no limit
  // and no water mark is reached. Else false, and nothing has changed.
  // `id` is the leg's, which the caller has at hand.
  bool hold_plainly(Leg& leg, LegId id, Token token, std::uint32_t cost, Instant now) noexcept;
  // Whether the high water mark has been reached, and the low one not yet again.
  void commit_pressure(bool on) noexcept {
    quiet_below_ = quiet_below(tunnel_limit_, on ? kNoMark : high_water_);
  }

  // A SWITCH arrived; NONE, or the violation. `sent`: sequenced cells that we have sent.
  Reason handle_switch(Leg& leg, SeqDelta delta, std::uint64_t linked_legs, Cells cwnd_init,
                       Cells sent = {}) noexcept;

  // Gives the cells that are in order to `take`, up to `count`.
  template <class Take>
  DrainResult drain(std::uint64_t count, Take&& take) noexcept;
  // Any cell at all, for a tunnel that has closed. Nothing once empty.
  std::optional<ReleasedCell> discard_next() noexcept;

  // Has a cell waited too long? Re-arms the timer if not.
  [[nodiscard]] bool commit_stall_check(Instant now) noexcept;

  [[nodiscard]] bool is_consistent() const noexcept;

 private:
  [[nodiscard]] Bytes footprint_with(std::uint32_t cost) const noexcept {
    return Bytes{queue_.footprint().raw() + OutOfOrderQueue::weight(cost)};
  }
  static constexpr Bytes kNoMark{UINT64_MAX};
  // Bytes are never more than the footprint, so below this one no mark is reached either.
  static Bytes quiet_below(Bytes limit, Bytes mark) noexcept {
    return std::min(Bytes{limit.raw() + 1}, mark);
  }
  // Keeps a cell that is not the next one, if there is room.
  ReceptionResult hold(const Leg& leg, const HeldCell& cell);

  SeqNo last_delivered_{};
  OutOfOrderQueue queue_;
  Bytes quiet_below_;  // a footprint
  Instant stall_deadline_ = kNever;
  std::uint64_t switches_ = 0;
  std::uint64_t discarded_ = 0;  // cells
  Bytes tunnel_limit_;
  Bytes high_water_;
  Micros stall_timeout_;
};

[[gnu::always_inline]] inline bool Receiver::deliver_plainly(Leg& leg) noexcept {
  SeqNo seq = leg.sequence().last_received();
  if (seq != last_delivered_ || !advance(seq)) return false;
  last_delivered_ = seq;
  leg.sequence().commit_received(seq);
  return true;
}

[[gnu::always_inline]] inline bool Receiver::hold_plainly(Leg& leg, LegId id, Token token,
                                                          std::uint32_t cost,
                                                          Instant now) noexcept {
  SeqNo seq = leg.sequence().last_received();
  // The stall timer runs since the first of those that are held.
  if (seq <= last_delivered_ || !advance(seq) || footprint_with(cost) >= quiet_below_ ||
      !queue_.hold_behind(id, seq, token, now, cost)) [[unlikely]] {
    return false;
  }
  leg.sequence().commit_received(seq);
  return true;
}

template <class Take>
[[gnu::always_inline]] inline DrainResult Receiver::drain(std::uint64_t count,
                                                          Take&& take) noexcept {
  std::uint64_t left = count;
  while (left > 0 && has_next()) {
    // Two legs were ahead with the same number: the second one now surfaces (attack A17, R36).
    if (queue_.lowest() <= last_delivered_) return {count - left, Reason::SEQUENCE_REPEATED};
    const std::uint64_t taken = queue_.release_run(left, take);
    last_delivered_ = SeqNo{last_delivered_.raw() + taken};
    left -= taken;
  }
  if (queue_.empty()) stall_deadline_ = kNever;
  return {count - left, Reason::NONE};
}

}  // namespace conflux
