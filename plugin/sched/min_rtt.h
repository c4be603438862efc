// MinRTT: the leg with the lowest RTT; while that one is full, wait.
#pragma once

#include "plugin/sched/scheduler.h"

namespace conflux {

// Spec: prop329 [MINRTT_TOR]. Ties go to the first in leg order. Seed: select_primary_leg_min_rtt
// without check_can_send; unlike the seed's, DATA then waits instead of overdrawing the window.
struct MinRtt {
  static constexpr bool kTakesTheFastest = true;

  [[nodiscard]] Pick pick(const Situation& situation) const noexcept {
    const Candidate& best = fastest(situation.legs);
    if (best.is_open()) return {.index = best.index};
    return {.index = std::nullopt, .reason = best.obstacle};
  }
};

CONFLUX_SCHEDULER(1, MinRtt, "the fastest leg, waiting while its window is full");

}  // namespace conflux
