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
  // Cells go out on the leg; `view` is of before. A run of cells begins where the leg takes over.
  void commit_sent(const LegView& view, SeqNo first, bool takes_over, Cells sendme_inc,
                   Instant now) noexcept {
    // The clock runs once there are cells enough for a SENDME.
    if (view.inflight < sendme_inc.raw()) stalls_at_ = stall_deadline(view, now);
    if (takes_over || runs_ == 0) begin_run(view, first);
  }

  // The same for cells that follow others of this leg, while the RTT is what it was: `patience` is
  // patience_with(view).
  void commit_sent_more(const LegView& view, Cells sendme_inc, Micros patience,
                        Instant now) noexcept {
    if (view.inflight < sendme_inc.raw()) stalls_at_ = now + patience;
  }
  // How long a leg may be silent before it counts as stalled.
  [[nodiscard]] static Micros patience_with(const LegView& view) noexcept {
    return std::max(Micros(kPatience * view.ewma_rtt_us), kLeastPatience);
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
  // more than the true one: cells that no SENDME covers stand between those that one does.
  [[nodiscard]] std::optional<SeqNo> first_unacked(const LegView& view, SeqNo sent) const noexcept {
    if (runs_ == 0 || view.inflight == 0 || view.data_sent == 0) return std::nullopt;
    const Run& run = run_[0];
    const auto acked = static_cast<std::uint32_t>(view.data_acked);
    const std::uint32_t past = reaches(acked, run.data) ? acked - run.data : 0;
    const std::uint32_t back = static_cast<std::uint32_t>(sent.raw()) - run.seq;
    return SeqNo{sent.raw() - back + past};
  }

 private:
  // Consecutive numbers and, but for cells that are not DATA, consecutive DATA cells of the leg.
  // The low halves: what is under way is far less than half of their range.
  struct Run {
    std::uint32_t data;  // DATA cells that the leg had sent before
    std::uint32_t seq;   // of the first cell
  };
  // Enough for a leg that is visited once per SENDME. More are merged with the one before, which
  // makes the answer smaller and so stays on the safe side.
  static constexpr std::size_t kRunsMax = 16;
  static constexpr std::int64_t kPatience = 4;  // round trips
  static constexpr Micros kLeastPatience{250'000};

  static Instant stall_deadline(const LegView& view, Instant now) noexcept {
    return deadline(now, patience_with(view));
  }

  static bool reaches(std::uint32_t at, std::uint32_t from) noexcept {
    return at - from <= UINT32_MAX / 2;
  }
  void begin_run(const LegView& view, SeqNo first) noexcept;
  void learn(const LegView& view, Instant now) noexcept;

  // What each cell asks for first.
  std::uint32_t ewma_us_ = 0;
  std::uint32_t runs_ = 0;
  Instant stalls_at_ = kNever;  // if no SENDME comes until then
  std::uint64_t acked_ = 0;
  RttEstimate rtt_;
  std::array<Run, kRunsMax> run_;
};

}  // namespace conflux
