// All schedulers, and the one that a tunnel has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

#include "plugin/sched/scheduler.h"
#include "plugin/sched/scheduler_list.h"

namespace conflux {

// Schedulers, the variant, and SchedulerKind name the same ones in the same order:
// scheduler_list.h, which the build makes.
inline constexpr std::size_t kSchedulers = std::variant_size_v<Schedulers>;

[[nodiscard]] inline Schedulers make_scheduler(SchedulerKind kind) noexcept {
  Schedulers made;
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    ((static_cast<std::size_t>(kind) == kIndex ? void(made.emplace<kIndex>()) : void()), ...);
  }
  (std::make_index_sequence<kSchedulers>{});
  return made;
}

// The scheduler that a desired UX stands for, as the seed has it: for little memory too the lowest
// RTT, which mixes legs least. The low_mem variants stay with a leg against it, and over like legs
// peers hold more for them; so they are there by name only. An unknown UX counts as minimum
// latency. Seed: ConfluxSet::select_primary_leg.
[[nodiscard]] SchedulerKind scheduler_for(std::uint8_t desired_ux) noexcept;

[[nodiscard]] inline Pick pick(const Schedulers& scheduler, const Situation& situation) noexcept {
  return std::visit([&](const auto& it) { return it.pick(situation); }, scheduler);
}

// A comparison with those that do not, where a visit would jump.
template <class... S>
[[nodiscard]] bool takes_the_fastest(const std::variant<S...>& scheduler) noexcept {
  return ((TakesTheFastest<S> || !std::holds_alternative<S>(scheduler)) && ...);
}

template <class... S>
[[nodiscard]] bool goes_by_rate(const std::variant<S...>& scheduler) noexcept {
  return ((GoesByRate<S> && std::holds_alternative<S>(scheduler)) || ...);
}

// Cells that the peer may have to hold out of order; `most`, if the scheduler does not mind.
template <class... S>
[[nodiscard]] Cells peer_limit(const std::variant<S...>& scheduler, const Situation& situation,
                               Cells most) noexcept {
  const auto limit_of = [&]<class T>(const T* it) {
    if constexpr (GoesByRate<T>) {
      if (it != nullptr) return std::min(most, it->peer_limit(situation));
    }
    return most;
  };
  return std::min({limit_of(std::get_if<S>(&scheduler))...});
}

// `sent`: cells of any kind that went by this pick, be it the scheduler's own or of a leg that the
// sender tops up; 0 if none did.
inline void commit(Schedulers& scheduler, const Situation& situation, const Pick& pick,
                   Cells sent) noexcept {
  std::visit(
      [&]<class S>(S& it) {
        if constexpr (RememberingScheduler<S>) it.commit(situation, pick, sent);
      },
      scheduler);
}

}  // namespace conflux
