// What the low-memory variants have in common: another scheduler, asked once per window of cells.
#pragma once

#include <algorithm>

#include "plugin/sched/scheduler.h"

namespace conflux {

// What the peer must hold grows with each change of leg, so this one stays with a leg until a whole
// window of it has gone, waiting while it is full; only a leg that is closed, blocked or stalled is
// left earlier, and one that the sender has to leave (to top up or visit another, for an XOFF that
// must not stick). Cells that are not DATA count like it: the peer holds them too, and a tunnel
// that only downloads sends little else. One that the sender tops up counts as chosen: to go back
// at once would be a second change, and in the lab it carried less and saved next to nothing. Spec:
// prop329 [DESIRED_UX], LOW_MEM_LATENCY and LOW_MEM_THROUGHPUT.
template <Scheduler Base>
class LowMem {
 public:
  [[nodiscard]] Pick pick(const Situation& situation) const noexcept {
    const Candidate* leg = find_leg(situation.legs, situation.current);
    const bool usable = leg != nullptr && !leg->stalled &&
                        (leg->is_open() || leg->obstacle == Reason::PRIMARY_FULL);
    if (!usable || left_ == Cells{0}) return Base{}.pick(situation);
    if (leg->is_open()) return {.index = leg->index, .limit = left_};
    return fastest_open(situation.legs) == nullptr ? blocked(situation.legs) : wait_for(*leg);
  }
  void commit(const Situation& situation, const Pick& pick, Cells sent) noexcept {
    if (!pick.index || sent == Cells{0}) return;
    const bool stays = *pick.index == situation.current && left_ > Cells{0};
    if (!stays) left_ = window_of(situation, *pick.index);
    left_ = Cells{left_.raw() - std::min(left_.raw(), sent.raw())};
  }

 private:
  static Cells window_of(const Situation& situation, std::size_t index) noexcept {
    const Candidate* leg = find_leg(situation.legs, index);
    return Cells{leg == nullptr ? 0 : leg->cwnd};
  }

  Cells left_{};  // of the window that the current leg was chosen for
};

}  // namespace conflux
