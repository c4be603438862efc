#include "plugin/core/leg_progress.h"

#include <algorithm>

namespace conflux {
namespace {

constexpr std::uint32_t kMostAges = 8;  // of the difference, per SENDME

}  // namespace

void LegProgress::begin_run(const LegView& view, SeqNo first) noexcept {
  if (runs_ == kRunsMax) return;
  run_[runs_++] = {.data = static_cast<std::uint32_t>(view.data_sent),
                   .seq = static_cast<std::uint32_t>(first.raw())};
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
  if (view.data_acked == view.data_sent) {
    runs_ = 0;
    return;
  }
  // A run is over when the next one has begun to be acknowledged.
  const auto acked = static_cast<std::uint32_t>(view.data_acked);
  std::uint32_t over = 0;
  while (over + 1 < runs_ && reaches(acked, run_[over + 1].data)) ++over;
  std::copy(run_.begin() + over, run_.begin() + runs_, run_.begin());
  runs_ -= over;
}

}  // namespace conflux
