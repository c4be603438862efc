#include "plugin/sched/schedulers.h"

#include "plugin/types/desired_ux.h"

namespace conflux {

Schedulers make_scheduler(SchedulerKind kind) noexcept {
  switch (kind) {
    case SchedulerKind::kMinRtt:
      break;
    case SchedulerKind::kLowRtt:
      return LowRtt{};
    case SchedulerKind::kCwndRtt:
      return CwndRtt{};
    case SchedulerKind::kMinRttLowMem:
      return MinRttLowMem{};
    case SchedulerKind::kLowRttLowMem:
      return LowRttLowMem{};
    case SchedulerKind::kBlest:
      return Blest{};
    case SchedulerKind::kEcf:
      return Ecf{};
  }
  return MinRtt{};
}

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

}  // namespace conflux
