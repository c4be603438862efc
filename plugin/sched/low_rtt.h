// LowRTT: the leg with the lowest RTT among those that can send; if none can, wait.
#pragma once

#include <span>

#include "plugin/sched/scheduler.h"

namespace conflux {

// Spec: prop329 [LOWRTT_TOR]. Ties go to the first in leg order. Seed: select_primary_leg_min_rtt
// with check_can_send.
struct LowRtt {
  [[nodiscard]] Pick pick(std::span<const Candidate> candidates) const noexcept {
    const Candidate* best = nullptr;
    bool all_full = true;
    for (const Candidate& candidate : candidates) {
      all_full = all_full && candidate.obstacle == Reason::PRIMARY_FULL;
      if (candidate.obstacle != Reason::NONE) continue;
      if (best == nullptr || candidate.rtt_us < best->rtt_us) best = &candidate;
    }
    if (best != nullptr) return {.index = best->index};
    if (all_full) return {.index = std::nullopt, .reason = Reason::ALL_FULL};
    return {.index = std::nullopt, .reason = candidates.front().obstacle};
  }
};

static_assert(Scheduler<LowRtt>);

}  // namespace conflux
