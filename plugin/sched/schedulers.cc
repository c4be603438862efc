#include "plugin/sched/schedulers.h"

#include "plugin/types/desired_ux.h"

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

}  // namespace conflux
