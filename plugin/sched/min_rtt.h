// MinRTT: the leg with the lowest RTT; while that one is full, wait.
#pragma once

#include <algorithm>
#include <span>

#include "plugin/sched/scheduler.h"

namespace conflux {

// Spec: prop329 [MINRTT_TOR]. Ties go to the first in leg order. Seed: select_primary_leg_min_rtt
// without check_can_send; unlike the seed's, DATA then waits instead of overdrawing the window.
struct MinRtt {
  [[nodiscard]] Pick pick(std::span<const Candidate> candidates) const noexcept {
    const Candidate& best = *std::ranges::min_element(candidates, {}, &Candidate::rtt_us);
    if (best.obstacle == Reason::NONE) return {.index = best.index};
    return {.index = std::nullopt, .reason = best.obstacle};
  }
};

static_assert(Scheduler<MinRtt>);

}  // namespace conflux
