// LowRTT: the leg with the lowest RTT among those that can send; if none can, wait.
#pragma once

#include "plugin/sched/scheduler.h"

namespace conflux {

// Spec: prop329 [LOWRTT_TOR]. Ties go to the first in leg order. Seed: select_primary_leg_min_rtt
// with check_can_send.
struct LowRtt {
  static constexpr bool kTakesTheFastest = true;

  [[nodiscard]] Pick pick(const Situation& situation) const noexcept {
    if (const Candidate* best = fastest_open(situation.legs)) return {.index = best->index};
    return blocked(situation.legs);
  }
};

CONFLUX_SCHEDULER(2, LowRtt, "the fastest leg among those with room");

}  // namespace conflux
