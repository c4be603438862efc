// ECF, earliest completion first: a slower leg is used only if that ends the transfer sooner than
// waiting for the fastest.
#pragma once

#include <algorithm>

#include "plugin/sched/scheduler.h"

namespace conflux {

// Source: Lim, Nahum, Towsley, Gibbens, "ECF: An MPTCP Path Scheduler to Manage Heterogeneous
// Paths", CoNEXT 2017. In cells, with Vegas' windows; the backlog is what streams have ready.
class Ecf {
 public:
  static constexpr bool kTakesTheFastest = true;

  [[nodiscard]] Pick pick(const Situation& situation) const noexcept {
    const Candidate* slow = fastest_open(situation.legs);
    if (slow == nullptr) return blocked(situation.legs);
    const Candidate& fast = *fastest_usable(situation.legs);
    if (slow == &fast || slow->stalled) return {.index = slow->index};
    return fast_ends_sooner(fast, *slow, situation.backlog.raw()) &&
                   slow_is_too_slow(fast, *slow, situation.backlog.raw())
               ? wait_for(fast)
               : Pick{.index = slow->index};
  }
  void commit(const Situation& situation, const Pick& pick, Cells /*sent*/) noexcept {
    if (pick.waits) {
      waiting_ = true;
      return;
    }
    const Candidate* slow = fastest_open(situation.legs);
    if (slow == nullptr) return;
    const Candidate& fast = *fastest_usable(situation.legs);
    // A slow leg that is good enough although waiting would be better leaves the mind unchanged.
    if (slow == &fast || !fast_ends_sooner(fast, *slow, situation.backlog.raw())) waiting_ = false;
  }

 private:
  // Once it has begun to wait it takes a quarter more to make it stop.
  static constexpr std::uint64_t kPatience = 4;

  static std::uint64_t margin_us(const Candidate& a, const Candidate& b) noexcept {
    return std::max(a.estimate().deviation_us, b.estimate().deviation_us);
  }
  // One window of the fast leg, then the backlog: is that over before one trip of the slow leg?
  [[nodiscard]] bool fast_ends_sooner(const Candidate& fast, const Candidate& slow,
                                      std::uint64_t backlog) const noexcept {
    const std::uint64_t cwnd = std::max<std::uint64_t>(fast.cwnd, 1);
    const std::uint64_t through_fast_us = fast.rtt_us * (std::max(backlog, cwnd) + cwnd) / cwnd;
    const std::uint64_t through_slow_us = slow.rtt_us + margin_us(fast, slow);
    return through_fast_us < through_slow_us + (waiting_ ? through_slow_us / kPatience : 0);
  }
  // Could the slow leg not carry the backlog before the fast one gets two rounds?
  static bool slow_is_too_slow(const Candidate& fast, const Candidate& slow,
                               std::uint64_t backlog) noexcept {
    const std::uint64_t cwnd = std::max<std::uint64_t>(slow.cwnd, 1);
    return slow.rtt_us * std::max(backlog, cwnd) / cwnd >= 2 * fast.rtt_us + margin_us(fast, slow);
  }

  bool waiting_ = false;
};

static_assert(RememberingScheduler<Ecf>);
CONFLUX_SCHEDULER(7, Ecf, "a slower leg only if that ends the transfer sooner");

}  // namespace conflux
