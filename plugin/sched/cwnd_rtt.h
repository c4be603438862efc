// CwndRTT: LowRTT, but a slower leg only takes what it delivers within a round trip of the fastest.
#pragma once

#include <algorithm>

#include "plugin/sched/scheduler.h"

namespace conflux {

// Spec: prop329 [CWNDRTT_TOR]. Among the legs that may send, the fastest (C tor's loop keeps the
// last). A leg in slow start offers its whole room, so that its window can be found out.
struct CwndRtt {
  static constexpr bool kTakesTheFastest = true;

  [[nodiscard]] Pick pick(const Situation& situation) const noexcept {
    const Candidate* const fast = fastest_usable(situation.legs);
    if (fast == nullptr) return blocked(situation.legs);
    const Candidate* best = nullptr;
    Cells best_share{};
    for (const Candidate& leg : situation.legs) {
      const Cells share = share_of(leg, fast->rtt_us);
      if (!leg.is_open() || share == Cells{0}) continue;
      if (best != nullptr && !is_faster(leg, *best)) continue;
      best = &leg;
      best_share = share;
    }
    if (best != nullptr) return {.index = best->index, .limit = best_share};
    return fastest_open(situation.legs) == nullptr ? blocked(situation.legs) : wait_for(*fast);
  }

 private:
  static Cells share_of(const Candidate& leg, std::uint64_t least_us) noexcept {
    if (leg.slow_start || leg.rtt_us <= least_us) return leg.room();
    return Cells{leg.room().raw() * least_us / leg.rtt_us};
  }
};

CONFLUX_SCHEDULER(3, CwndRtt, "low_rtt, slower legs for a share per round trip");

}  // namespace conflux
