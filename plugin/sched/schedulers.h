// All schedulers, and the one that a tunnel has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

#include "plugin/sched/blest.h"
#include "plugin/sched/cwnd_rtt.h"
#include "plugin/sched/ecf.h"
#include "plugin/sched/low_mem.h"
#include "plugin/sched/low_rtt.h"
#include "plugin/sched/min_rtt.h"
#include "plugin/sched/scheduler.h"

namespace conflux {

// In the order of SchedulerKind and of the names that the configuration knows.
using Schedulers = std::variant<MinRtt, LowRtt, CwndRtt, MinRttLowMem, LowRttLowMem, Blest, Ecf>;

enum class SchedulerKind : std::uint8_t {
  kMinRtt,
  kLowRtt,
  kCwndRtt,
  kMinRttLowMem,
  kLowRttLowMem,
  kBlest,
  kEcf,
};
inline constexpr std::size_t kSchedulers = std::variant_size_v<Schedulers>;
static_assert(static_cast<std::size_t>(SchedulerKind::kEcf) + 1 == kSchedulers);

[[nodiscard]] inline Schedulers make_scheduler(SchedulerKind kind) noexcept {
  Schedulers made;
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    ((static_cast<std::size_t>(kind) == kIndex ? void(made.emplace<kIndex>()) : void()), ...);
  }
  (std::make_index_sequence<kSchedulers>{});
  return made;
}

// The scheduler that a desired UX stands for, as the seed has it. An unknown UX counts as minimum
// latency. Seed: ConfluxSet::select_primary_leg.
[[nodiscard]] SchedulerKind scheduler_for(std::uint8_t desired_ux) noexcept;

[[nodiscard]] inline Pick pick(const Schedulers& scheduler, const Situation& situation) noexcept {
  return std::visit([&](const auto& it) { return it.pick(situation); }, scheduler);
}

// Does it take the fastest leg whenever that is open and moves? Then nothing needs to be decided
// while it is.
[[nodiscard]] inline bool takes_the_fastest(const Schedulers& scheduler) noexcept {
  return !std::holds_alternative<MinRttLowMem>(scheduler) &&
         !std::holds_alternative<LowRttLowMem>(scheduler);
}

// `sent`: DATA cells that went by this pick; 0 if it was not followed.
inline void commit(Schedulers& scheduler, const Situation& situation, const Pick& pick,
                   Cells sent) noexcept {
  std::visit(
      [&]<class S>(S& it) {
        if constexpr (RememberingScheduler<S>) it.commit(situation, pick, sent);
      },
      scheduler);
}

}  // namespace conflux
