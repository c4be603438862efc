// A leg's place in the two sequences of its tunnel.
#pragma once

#include <cstdint>
#include <optional>

#include "plugin/types/strong.h"

namespace conflux {

// Both counters are absolute: a SWITCH moves them forward by what other legs carried meanwhile.
// (The seed calls them relative and then adds absolute numbers; the types here cannot.)
// Spec: prop329 [SEQUENCING].
class LegSequence {
 public:
  [[nodiscard]] SeqNo last_sent() const noexcept { return last_sent_; }
  [[nodiscard]] SeqNo last_received() const noexcept { return last_received_; }
  // Sequenced cells that this leg itself carried.
  [[nodiscard]] Cells carried_out() const noexcept {
    return Cells{last_sent_.raw() - skipped_out_};
  }
  [[nodiscard]] Cells carried_in() const noexcept {
    return Cells{last_received_.raw() - skipped_in_};
  }
  // Has a SWITCH come with no sequenced cell after it yet? Seed: have_seen_switch and
  // cells_since_switch.
  [[nodiscard]] bool awaits_cell_after_switch() const noexcept {
    return last_received_ == switched_to_;
  }

  // Cells went out on this leg.
  void commit_sent(Cells count) noexcept { last_sent_ = SeqNo{last_sent_.raw() + count.raw()}; }
  // The same, where the number of the last one is at hand.
  void commit_sent_up_to(SeqNo seq) noexcept { last_sent_ = seq; }
  // This leg takes over from another, whose last cell was `seq`. Seed: set_last_seq_sent.
  void commit_take_over(SeqNo seq) noexcept {
    skipped_out_ += seq.raw() - last_sent_.raw();
    last_sent_ = seq;
  }

  // `seq` is the next one.
  void commit_received(SeqNo seq) noexcept { last_received_ = seq; }
  // A SWITCH arrived. It is not a sequenced cell itself, hence no + 1.
  void commit_switch(SeqNo skipped_to) noexcept {
    skipped_in_ += skipped_to.raw() - last_received_.raw();
    last_received_ = skipped_to;
    switched_to_ = skipped_to;
  }

 private:
  SeqNo last_sent_{};
  SeqNo last_received_{};
  // Numbers that other legs carried: they change with a SWITCH, and not with each cell.
  std::uint64_t skipped_out_ = 0;
  std::uint64_t skipped_in_ = 0;
  SeqNo switched_to_{UINT64_MAX};  // by the last SWITCH; before one, where no cell can follow
};

}  // namespace conflux
