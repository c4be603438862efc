// The legs that a sender can choose from, gathered in one pass.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "plugin/core/leg_set.h"
#include "plugin/core/sender.h"
#include "plugin/sched/scheduler.h"
#include "plugin/types/limits.h"
#include "plugin/types/reason.h"

namespace conflux {

// The linked legs that a SWITCH from the current one reaches and whose RTT is known.
class Sender::Candidates {
 public:
  // A leg that has been left this far behind is visited for a cell, while one SWITCH still reaches
  // it (attack A19; the seed fails, C tor closes the set).
  static constexpr std::uint64_t kVisitLag = std::uint64_t{1} << 31U;

  Candidates() noexcept {}

  // `watched`: the time, if what the legs remember counts too.
  void gather(const LegSet& legs, const ViewOfLeg& views, std::size_t current,
              std::optional<Instant> watched) noexcept {
    const std::uint64_t from = legs[current].sequence().last_sent().raw();
    for (std::size_t i = 0; i < legs.size(); ++i) {
      const Leg& leg = legs[i];
      const LegView& view = *views[i];
      const std::uint64_t lag = from - leg.sequence().last_sent().raw();
      const std::uint64_t rtt_us = rtt_us_of(leg, view);
      // Of a leg that is ahead of the current one the difference wraps: not reached either.
      if (!leg.is_linked() || lag > kSwitchMax || rtt_us == 0) continue;
      Candidate& candidate = candidates_[count_++];
      candidate = Candidate{.rtt_us = rtt_us,
                            .index = static_cast<std::uint32_t>(i),
                            .cwnd = view.cwnd,
                            .inflight = view.inflight,
                            .obstacle = obstacle_of(leg, view)};
      if (lag >= kVisitLag && candidate.is_open()) overdue_ = i;
      if (watched) watch(candidate, leg, view, *watched);
    }
  }

  [[nodiscard]] std::span<const Candidate> all() const noexcept {
    return {candidates_.data(), count_};
  }
  [[nodiscard]] std::uint64_t sum_of_windows() const noexcept {
    std::uint64_t sum = 0;
    for (const Candidate& candidate : all()) sum += candidate.cwnd;
    return sum;
  }
  // A leg that has been left so far behind that it must be visited.
  [[nodiscard]] std::optional<std::size_t> overdue() const noexcept { return overdue_; }

 private:
  // C tor's own limit on what it emits is one less than the field holds.
  static constexpr std::uint64_t kSwitchMax = UINT32_MAX - 1;
  // Schedulers multiply RTTs with windows. Longer ones, a quarter of an hour, are all alike.
  static constexpr std::uint64_t kRttMaxUs = std::uint64_t{1} << 30U;

  static std::uint64_t rtt_us_of(const Leg& leg, const LegView& view) noexcept {
    const std::uint64_t rtt_us =
        view.ewma_rtt_us != 0
            ? view.ewma_rtt_us
            : static_cast<std::uint64_t>(leg.handshake_rtt().value_or(Micros::zero()).count());
    return std::min(rtt_us, kRttMaxUs);
  }
  static void watch(Candidate& candidate, const Leg& leg, const LegView& view,
                    Instant now) noexcept {
    candidate.slow_start = has(view, MPATH_VIEW_SLOW_START);
    candidate.stalled = leg.progress().is_stalled(view, leg.path().sendme_inc, now);
    candidate.sendme_inc = static_cast<std::uint16_t>(
        std::min<std::uint64_t>(leg.path().sendme_inc.raw(), UINT16_MAX));
    candidate.history = &leg.progress().rtt();
    candidate.delivered = &leg.delivered();
  }

  // Storage that is not cleared first: clearing it would cost more than all the rest.
  union {
    std::array<Candidate, kLegsMax> candidates_;
  };
  std::size_t count_ = 0;
  std::optional<std::size_t> overdue_;
};

}  // namespace conflux
