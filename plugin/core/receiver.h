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
  kDeliver,  // it is the next one
  kHold,     // a cell before it is missing
  kRefuse,   // the tunnel must close, for `reason`
};

struct ReceptionResult {
  Reception reception;
  Reason reason = Reason::NONE;
};

// A cell to take from the queue, the end of what is in order, or a repeated sequence number.
struct DrainStep {
  std::optional<ReleasedCell> cell = std::nullopt;
  Reason violation = Reason::NONE;
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

  // A SWITCH arrived; NONE, or the violation. `sent`: sequenced cells that we have sent.
  Reason handle_switch(Leg& leg, SeqDelta delta, std::uint64_t linked_legs, Cells cwnd_init,
                       Cells sent = {}) noexcept;

  // The next cell that is in order, if there is one.
  DrainStep drain_next() noexcept;
  // Any cell at all, for a tunnel that has closed. Nothing once empty.
  std::optional<ReleasedCell> discard_next() noexcept;

  // Has a cell waited too long? Re-arms the timer if not.
  [[nodiscard]] bool commit_stall_check(Instant now) noexcept;

  [[nodiscard]] bool is_consistent() const noexcept;

 private:
  SeqNo last_delivered_{};
  Cells received_{};
  OutOfOrderQueue queue_;
  Instant stall_deadline_ = kNever;
  std::uint64_t switches_ = 0;
  ReorderLimits limits_;
};

}  // namespace conflux
