#include "plugin/core/leg_progress.h"

#include <algorithm>

namespace conflux {
namespace {

constexpr std::uint32_t kMostAges = 8;  // of the difference, per SENDME

}  // namespace

void LegProgress::begin_run(const LegView& view, const SentCells& cells) noexcept {
  last_is_merged_ = runs_ == kRunsMax;
  if (!last_is_merged_) {
    run_[runs_++] = {.data = static_cast<std::uint32_t>(view.data_sent),
                     .seq = static_cast<std::uint32_t>(cells.first.raw())};
  }
  const auto last = static_cast<std::uint16_t>(1U << (runs_ - 1U));
  control_ends_ =
      static_cast<std::uint16_t>(cells.is_data ? control_ends_ & ~last : control_ends_ | last);
}

// DATA is acknowledged by itself; what is not DATA, and ends a run, by DATA that went later.
bool LegProgress::is_over(std::size_t run, const LegView& view) const noexcept {
  const auto acked = static_cast<std::uint32_t>(view.data_acked);
  if (acked == run_[run].data) return false;
  if (run + 1U == runs_) return view.data_acked == view.data_sent && !ends_in_control(run);
  const std::uint32_t end = run_[run + 1].data;
  return reaches(acked, end) && (acked != end || !ends_in_control(run));
}

void LegProgress::learn(const LegView& view, Instant now) noexcept {
  if (view.ewma_rtt_us != 0 && view.ewma_rtt_us != ewma_us_) {
    const std::uint32_t sample = view.last_rtt_us == 0 ? view.ewma_rtt_us : view.last_rtt_us;
    const std::uint32_t miss =
        sample > view.ewma_rtt_us ? sample - view.ewma_rtt_us : view.ewma_rtt_us - sample;
    const bool first = rtt_.least_us == 0;
    rtt_.deviation_us = first ? sample / 2 : rtt_.deviation_us - rtt_.deviation_us / 4 + miss / 4;
    rtt_.least_us = first ? view.ewma_rtt_us : std::min(rtt_.least_us, view.ewma_rtt_us);
    // A stall must not count for ever: the most sinks towards what is seen now.
    rtt_.most_us -= (rtt_.most_us - std::min(rtt_.most_us, view.ewma_rtt_us)) / kMostAges;
    rtt_.most_us = std::max(rtt_.most_us, view.ewma_rtt_us);
  }
  ewma_us_ = view.ewma_rtt_us;
  if (view.data_acked == acked_) return;
  acked_ = view.data_acked;
  stalls_at_ = stall_deadline(view, now);
  std::size_t over = 0;
  while (over < runs_ && is_over(over, view)) ++over;
  if (over == 0) return;
  std::copy(run_.begin() + over, run_.begin() + runs_, run_.begin());
  runs_ = static_cast<std::uint8_t>(runs_ - over);
  control_ends_ = static_cast<std::uint16_t>(control_ends_ >> over);
}

}  // namespace conflux
