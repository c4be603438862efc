// Small sets of candidates, all of them.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "plugin/sched/scheduler.h"

namespace conflux::test {

// With a window of 100, of which 10 are free, or none.
inline Candidate candidate(std::size_t index, std::uint64_t rtt_us, Reason obstacle) {
  return {.rtt_us = rtt_us,
          .index = static_cast<std::uint32_t>(index),
          .cwnd = 100,
          .inflight = obstacle == Reason::PRIMARY_FULL ? 100U : 90U,
          .obstacle = obstacle};
}

// With this window, of which so much is filled.
inline Candidate with_window(std::size_t index, std::uint64_t rtt_us, std::uint32_t cwnd,
                             std::uint32_t inflight) {
  return {.rtt_us = rtt_us,
          .index = static_cast<std::uint32_t>(index),
          .cwnd = cwnd,
          .inflight = inflight,
          .obstacle = inflight < cwnd ? Reason::NONE : Reason::PRIMARY_FULL};
}

inline Candidate stalled(Candidate leg) {
  leg.stalled = true;
  return leg;
}

// Every set of one to three legs with RTTs of 1..3 and each obstacle.
inline void for_each_small_set(const std::function<void(std::span<const Candidate>)>& visit) {
  constexpr std::array kObstacles = {Reason::NONE, Reason::PRIMARY_FULL, Reason::CHANNEL_BLOCKED,
                                     Reason::PADDING_BLOCKED};
  std::vector<Candidate> legs;
  const std::function<void()> extend = [&] {
    if (!legs.empty()) visit(legs);
    if (legs.size() == 3) return;
    for (std::uint64_t rtt_us = 1; rtt_us <= 3; ++rtt_us) {
      for (const Reason obstacle : kObstacles) {
        // Places in leg order have gaps, because legs that are not linked are not offered.
        legs.push_back(candidate(2 * legs.size() + 1, rtt_us, obstacle));
        extend();
        legs.pop_back();
      }
    }
  };
  extend();
}

// So many cells in each of the last two seconds, as of the time zero that situations begin with.
inline DeliveredRate delivering(std::uint64_t per_second) {
  DeliveredRate rate;
  rate.commit_acked(1, Instant(Micros(-2'000'000)));
  rate.commit_acked(1 + 2 * per_second, Instant{});
  return rate;
}

// As above, each leg stalled or not. By turns nobody knows what it delivers, it is much, or it is
// little; and then SENDMEs are small, so that more than a few are under way.
inline void for_each_known_set(const std::function<void(std::span<const Candidate>)>& visit) {
  const std::array rates = {DeliveredRate{}, delivering(10'000), delivering(100)};
  std::size_t turn = 0;
  for_each_small_set([&](std::span<const Candidate> moving) {
    std::vector<Candidate> legs(moving.begin(), moving.end());
    for (unsigned mask = 0; mask < 1U << legs.size(); ++mask) {
      for (std::size_t i = 0; i < legs.size(); ++i) {
        legs[i].stalled = (mask >> i & 1U) != 0;
        legs[i].delivered = &rates[(++turn + i) % rates.size()];
        legs[i].sendme_inc = turn % 2 == 0 ? 10 : 31;
      }
      visit(legs);
    }
  });
}

}  // namespace conflux::test
