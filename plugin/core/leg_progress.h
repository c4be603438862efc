// What the sender learns of a leg from the host's views over time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "plugin/sched/scheduler.h"
#include "plugin/types/leg_view.h"
#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

// Cells of one class that go out on a leg. All that are sequenced have a number, and SENDMEs cover
// DATA alone.
struct SentCells {
  SeqNo first;
  bool takes_over;  // another leg was the sending one before
  bool is_data;
};

// How its RTT moves, whether it moves at all, and from which number on its cells are not yet
// acknowledged. A host that leaves the totals of its views at zero switches the last two off.
class LegProgress {
 public:
  [[nodiscard]] const RttEstimate& rtt() const noexcept { return rtt_; }

  // Is the RTT what it was when last looked at? What else commit_view() takes in can wait.
  [[nodiscard]] bool knows_rtt(const LegView& view) const noexcept {
    return view.ewma_rtt_us == ewma_us_;
  }
  // Takes in what has changed in a view; two comparisons if nothing has. Answers whether it has.
  bool commit_view(const LegView& view, Instant now) noexcept {
    if (view.data_acked == acked_ && knows_rtt(view)) return false;
    learn(view, now);
    return true;
  }
  // LINK to LINKED, while congestion control has no sample.
  void commit_handshake_rtt(Micros rtt) noexcept {
    handshake_us_ = static_cast<std::uint32_t>(std::min<std::int64_t>(rtt.count(), UINT32_MAX));
  }
  // Cells go out on the leg; `view` is of before. A run of cells begins where the leg takes over,
  // where their class changes, and when there is room again for one that had none.
  void commit_sent(const LegView& view, const SentCells& cells, Cells sendme_inc,
                   Instant now) noexcept {
    // The clock runs once there are cells enough for a SENDME.
    if (view.inflight < sendme_inc.raw()) stalls_at_ = stall_deadline(view, now);
    const bool has_room_again = last_is_merged_ && runs_ < kRunsMax;
    if (cells.takes_over || runs_ == 0 || has_room_again || cells.is_data == last_is_control()) {
      begin_run(view, cells);
    }
  }

  // The same for DATA that follows DATA of this leg, while the RTT is what it was: `patience` is
  // patience_with(view).
  void commit_sent_more(const LegView& view, Cells sendme_inc, Micros patience,
                        Instant now) noexcept {
    if (view.inflight < sendme_inc.raw()) stalls_at_ = now + patience;
  }
  // How long a leg may be silent before it counts as stalled. No SENDME can come sooner than a
  // round trip, which before the first one the handshake tells.
  [[nodiscard]] Micros patience_with(const LegView& view) const noexcept {
    const std::uint32_t rtt_us = view.ewma_rtt_us != 0 ? view.ewma_rtt_us : handshake_us_;
    return std::max(Micros(kPatience * rtt_us), kLeastPatience);
  }

  // May it have stalled? One comparison; is_stalled() says for certain.
  [[nodiscard]] bool may_be_stalled(Instant now) const noexcept { return now > stalls_at_; }
  // Cells enough for a SENDME are under way, and none has come for several round trips.
  // (Reference: ECF's sanity check; a frozen relay keeps its low RTT for ever.)
  [[nodiscard]] bool is_stalled(const LegView& view, Cells sendme_inc, Instant now) const noexcept {
    return view.inflight >= sendme_inc.raw() && may_be_stalled(now) && view.data_sent > 0;
  }

  // When is_stalled() turns true if the view stays as it is; kNever if it is true already, or
  // never.
  [[nodiscard]] Instant next_stall(const LegView& view, Cells sendme_inc,
                                   Instant now) const noexcept {
    const bool waits = view.inflight >= sendme_inc.raw() && view.data_sent > 0;
    if (!waits || may_be_stalled(now)) return kNever;
    return deadline(stalls_at_, Micros{1});
  }

  // The smallest number that may not have arrived yet; nothing if all has, or nobody knows. Never
  // more than the true one: cells that no SENDME covers stand between those that one does, and have
  // arrived for certain when DATA that went after them has. To be asked of hosts that keep totals,
  // with the view that commit_view() has taken in.
  [[nodiscard]] std::optional<SeqNo> first_unacked(const LegView& view, SeqNo sent) const noexcept {
    if (runs_ == 0 || (view.inflight == 0 && view.data_acked != view.data_sent)) {
      return std::nullopt;
    }
    const Run& run = run_[0];
    const auto acked = static_cast<std::uint32_t>(view.data_acked);
    const std::uint32_t past = reaches(acked, run.data) ? acked - run.data : 0;
    const std::uint32_t back = static_cast<std::uint32_t>(sent.raw()) - run.seq;
    return SeqNo{sent.raw() - back + past};
  }

 private:
  // Consecutive numbers, of DATA alone or of cells that are not DATA alone. The low halves: one is
  // over long before half of their range, or, where a single leg carries a terabyte and nothing
  // else, answers too low until the leg is idle for once.
  struct Run {
    std::uint32_t data;  // DATA cells that the leg had sent before
    std::uint32_t seq;   // of the first cell
  };
  // Enough for a leg that is visited once per SENDME, or for eight bursts of cells that are not
  // DATA in a window. More are merged with the one before, which makes the answer smaller, and so
  // stays on the safe side, until that one is over.
  static constexpr std::size_t kRunsMax = 16;
  static constexpr std::int64_t kPatience = 4;  // round trips
  static constexpr Micros kLeastPatience{250'000};

  [[nodiscard]] Instant stall_deadline(const LegView& view, Instant now) const noexcept {
    return deadline(now, patience_with(view));
  }

  static bool reaches(std::uint32_t at, std::uint32_t from) noexcept {
    return at - from <= UINT32_MAX / 2;
  }
  [[nodiscard]] bool ends_in_control(std::size_t run) const noexcept {
    return (control_ends_ >> run & 1U) != 0;
  }
  [[nodiscard]] bool last_is_control() const noexcept { return ends_in_control(runs_ - 1U); }
  [[nodiscard]] bool is_over(std::size_t run, const LegView& view) const noexcept;
  void begin_run(const LegView& view, const SentCells& cells) noexcept;
  void learn(const LegView& view, Instant now) noexcept;

  // What each cell asks for first.
  std::uint32_t ewma_us_ = 0;
  std::uint8_t runs_ = 0;
  bool last_is_merged_ = false;
  std::uint16_t control_ends_ = 0;  // by run, from the lowest bit: is its last cell no DATA?
  Instant stalls_at_ = kNever;      // if no SENDME comes until then
  std::uint64_t acked_ = 0;
  RttEstimate rtt_;
  std::uint32_t handshake_us_ = 0;
  std::array<Run, kRunsMax> run_;
};

}  // namespace conflux
