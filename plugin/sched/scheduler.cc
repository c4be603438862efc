#include "plugin/sched/scheduler.h"

#include "plugin/sched/low_rtt.h"
#include "plugin/sched/min_rtt.h"

namespace conflux {

SchedulerKind scheduler_for(std::uint8_t desired_ux) noexcept {
  switch (static_cast<DesiredUx>(desired_ux)) {
    case DesiredUx::kHighThroughput:
      return SchedulerKind::kLowRtt;
    case DesiredUx::kNoOpinion:
    case DesiredUx::kMinLatency:
    case DesiredUx::kLowMemLatency:
    case DesiredUx::kLowMemThroughput:
      break;
  }
  return SchedulerKind::kMinRtt;
}

Pick pick(SchedulerKind kind, std::span<const Candidate> candidates) noexcept {
  switch (kind) {
    case SchedulerKind::kMinRtt:
      return MinRtt{}.pick(candidates);
    case SchedulerKind::kLowRtt:
      return LowRtt{}.pick(candidates);
  }
  return {.index = std::nullopt, .reason = Reason::NONE};
}

}  // namespace conflux
