// BLEST, blocking estimation: a slower leg is used only if its cells will not fill the shared
// window before the fastest leg could have used it.
#pragma once

#include <algorithm>

#include "plugin/sched/scheduler.h"

namespace conflux {

// Source: Ferlin, Alay, Mehani, Boreli, "BLEST: Blocking estimation-based MPTCP scheduler for
// heterogeneous networks", IFIP Networking 2016; Spec: prop329 [BLEST_TOR]. The shared window is
// Situation::window (the proposal's sketch takes the slow leg's own, which hardly ever admits it);
// what the fast leg could send is reckoned by Vegas, not by Reno.
//
// The paper's estimate rests on round trips, and those tell of a relay's token bucket only when it
// is empty and a window of cells waits there, while a faster leg delivers thousands that the peer
// must hold. So a minor leg, one that delivers much less than another does and is not the fastest,
// has no more under way than it delivers in a trip without a queue, and the others get no further
// ahead of it than such trips explain.
class Blest {
 public:
  static constexpr bool kTakesTheFastest = true;
  static constexpr bool kGoesByRate = true;

  [[nodiscard]] Pick pick(const Situation& situation) const noexcept {
    const Candidate* const open = fastest_open(situation.legs);
    if (open == nullptr) return blocked(situation.legs);
    const Candidate& fast = *fastest_usable(situation.legs);
    if (open == &fast) return {.index = open->index};
    const std::uint64_t most = most_per_second(situation);
    const Candidate* slow = nullptr;
    for (const Candidate& leg : situation.legs) {
      // One that is held still comes before one that does not move.
      if (!leg.is_open() || leg.stalled != open->stalled) continue;
      if (slow != nullptr && !is_faster(leg, *slow)) continue;
      if (allowance(leg, most, situation.now) > 0) slow = &leg;
    }
    if (slow == nullptr || (!slow->stalled && would_block(fast, *slow, situation.window.raw()))) {
      return wait_for(fast);
    }
    return {.index = slow->index, .limit = Cells{allowance(*slow, most, situation.now)}};
  }
  // What all legs send during the longest trip, and two fifths more; a queue on a leg that lags is
  // not waited for.
  [[nodiscard]] Cells peer_limit(const Situation& situation) const noexcept {
    const std::uint64_t most = most_per_second(situation);
    if (most == 0) return Cells{UINT64_MAX};
    std::uint64_t longest_us = 0;
    for (const Candidate& leg : situation.legs) {
      const bool lags = delivers_less(leg, most, kLaggingPct, situation.now);
      const std::uint64_t unqueued_us = least_us(leg) + kHalfPauseUs;
      longest_us = std::max(longest_us, lags ? std::min(unqueued_us, leg.rtt_us) : leg.rtt_us);
    }
    std::uint64_t cells = 0;
    for (const Candidate& leg : situation.legs) cells += leg.cwnd * longest_us / leg.rtt_us;
    return Cells{cells + cells * 2 / 5};
  }
  void commit(const Situation& situation, const Pick& /*pick*/, Cells /*sent*/) noexcept {
    const Candidate& fast = fastest(situation.legs);
    blocked_ = blocked_ || (situation.window_is_full && fast.is_open());
    // Once per round trip of the slowest leg.
    std::uint64_t slowest_us = 0;
    for (const Candidate& leg : situation.legs) slowest_us = std::max(slowest_us, leg.rtt_us);
    if (situation.now - changed_ < Micros(static_cast<std::int64_t>(slowest_us))) return;
    changed_ = situation.now;
    caution_pct_ = blocked_ ? std::min(caution_pct_ + kMoreCaution, kMostCaution)
                            : std::max(caution_pct_ - kLessCaution, kLeastCaution);
    blocked_ = false;
  }

 private:
  static constexpr std::uint32_t kLeastCaution = 100;
  static constexpr std::uint32_t kMostCaution = 130;
  static constexpr std::uint32_t kMoreCaution = 4;
  static constexpr std::uint32_t kLessCaution = 1;
  // Vegas: beyond this a window in slow start grows by half of it per round trip at most.
  static constexpr std::uint64_t kSlowStartCap = 600;
  static constexpr std::uint64_t kRoundsMax = 16;
  // A relay whose bucket is empty looks again after 100 ms (TokenBucketRefillInterval): cells that
  // come at any moment wait half of that.
  static constexpr std::uint64_t kPauseUs = 100'000;
  static constexpr std::uint64_t kHalfPauseUs = kPauseUs / 2;
  static constexpr std::uint64_t kSecondUs = 1'000'000;
  // Of what another leg delivers. A leg that is held to what it delivers, and could do more, needs
  // air to show it, and two equal ones come to more than this within seconds. What a queue on it
  // costs the peer is bounded earlier, while buckets are full and rates seem alike. Of the numbers
  // near these they left the most air on sixty seeds (examples/scheduler_lab, "Half the depth").
  static constexpr std::uint64_t kMinorPct = 37;
  static constexpr std::uint64_t kLaggingPct = 55;
  // 400 kB/s. Of a leg that has carried little nobody knows what it could carry, and one that is
  // held to that would never show it.
  static constexpr std::uint64_t kLeastPerSecond = 800;
  // Whatever the leg: some SENDMEs must be under way while others are answered.
  static constexpr std::uint64_t kLeastSendmes = 4;

  static std::uint64_t least_us(const Candidate& leg) noexcept {
    const std::uint64_t least = leg.estimate().least_us;
    return least == 0 ? leg.rtt_us : least;
  }
  static std::uint64_t most_per_second(const Situation& situation) noexcept {
    std::uint64_t most = 0;
    for (const Candidate& leg : situation.legs) most = std::max(most, leg.rate(situation.now));
    return most;
  }
  static bool delivers_less(const Candidate& leg, std::uint64_t most, std::uint64_t pct,
                            Instant now) noexcept {
    return 100 * leg.rate(now) < pct * most;
  }
  // Cells that may still go on a leg that is not the fastest.
  static std::uint64_t allowance(const Candidate& leg, std::uint64_t most, Instant now) noexcept {
    if (!delivers_less(leg, most, kMinorPct, now)) return UINT64_MAX;
    const std::uint64_t rate = std::max(leg.rate(now), kLeastPerSecond);
    const std::uint64_t useful =
        std::max(rate * (least_us(leg) + kPauseUs) / kSecondUs, kLeastSendmes * leg.sendme_inc);
    return useful > leg.inflight ? useful - leg.inflight : 0;
  }

  // How long a cell that is put on this leg now stays under way.
  static std::uint64_t linger_us(const Candidate& leg) noexcept {
    const std::uint64_t least = least_us(leg);
    const std::uint64_t most = std::max<std::uint64_t>(leg.estimate().most_us, least);
    // Nothing of ours is queued there any more. Without this a leg that was slow once would never
    // be asked again, and so never be known to be fast.
    if (leg.inflight == 0) return least;
    const std::uint64_t filled = std::uint64_t{leg.inflight} + 1;
    const std::uint64_t estimate =
        filled >= leg.cwnd ? most : least + (most - least) * filled / leg.cwnd;
    return std::max(estimate, leg.rtt_us);
  }
  // Cells that the leg could send in so many round trips. Past slow start Vegas holds its window
  // (Reno, for which the paper reckons, adds a cell per round trip).
  static std::uint64_t cells_in(const Candidate& leg, std::uint64_t rounds) noexcept {
    if (!leg.slow_start) return rounds * leg.cwnd;
    std::uint64_t sum = 0;
    std::uint64_t window = leg.cwnd;
    for (std::uint64_t round = 0; round < rounds; ++round) {
      sum += window;
      window += std::min(window, window < kSlowStartCap ? window : kSlowStartCap / 2);
    }
    return sum;
  }
  [[nodiscard]] bool would_block(const Candidate& fast, const Candidate& slow,
                                 std::uint64_t window) const noexcept {
    const RttEstimate seen = fast.estimate();
    const std::uint64_t middle_us =
        seen.least_us == 0 ? fast.rtt_us : (std::uint64_t{seen.least_us} + seen.most_us) / 2;
    const std::uint64_t rounds =
        std::min(linger_us(slow) / std::max<std::uint64_t>(middle_us, 1) + 1, kRoundsMax);
    const std::uint64_t taken = std::uint64_t{slow.inflight} + 1;
    const std::uint64_t left = window > taken ? window - taken : 0;
    return cells_in(fast, rounds) * caution_pct_ / 100 > left;
  }

  Instant changed_{};
  std::uint32_t caution_pct_ = 120;
  bool blocked_ = false;  // since `changed_`, the window was full while the fast leg had room
};

static_assert(RememberingScheduler<Blest>);
CONFLUX_SCHEDULER(6, Blest, "a slower leg only if it will not hold up the fastest");

}  // namespace conflux
