// LowRTT: the leg with the lowest RTT among those that can send; if none can, wait.
#pragma once

#include "plugin/sched/scheduler.h"

namespace conflux {

// Spec: prop329 [LOWRTT_TOR]. Ties go to the first in leg order. Seed: select_primary_leg_min_rtt
// with check_can_send.
struct LowRtt {
  [[nodiscard]] Pick pick(const Situation& situation) const noexcept {
    if (const Candidate* best = fastest_open(situation.legs)) return {.index = best->index};
    return blocked(situation.legs);
  }
};

static_assert(Scheduler<LowRtt>);

}  // namespace conflux
