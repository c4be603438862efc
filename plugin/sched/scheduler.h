// Which leg carries the next cells: pure functions of what is known of the legs.
//
// A scheduler is one value type in one file with one function, pick(), that decides and changes
// nothing. One that remembers something adds commit(), which is told what became of a decision.
// To add one: write its file, with CONFLUX_SCHEDULER below at its end. Nothing else names it: the
// lists of the plugin and of the configuration are made of these lines (schedulers.cmake).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "plugin/sched/delivered_rate.h"
#include "plugin/types/reason.h"
#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

// How the RTT of a leg has moved, by congestion control's EWMA. 0: no sample yet.
struct RttEstimate {
  std::uint32_t least_us = 0;
  std::uint32_t most_us = 0;
  std::uint32_t deviation_us = 0;
};

// A linked leg, as a scheduler sees it. RTT: the EWMA of congestion control, else the handshake's.
// Windows count DATA cells.
struct Candidate {
  std::uint64_t rtt_us;  // never 0: legs without an RTT are not offered
  std::uint32_t index;   // in leg order
  std::uint32_t cwnd;
  std::uint32_t inflight;
  Reason obstacle;  // why it cannot take DATA now: its window, channel or padding; or kNONE
  bool slow_start = false;
  // Nothing of a full SENDME's worth has been acknowledged for several round trips. Such a leg is
  // everybody's last choice, until it moves again.
  bool stalled = false;
  // DATA cells that one SENDME acknowledges.
  std::uint16_t sendme_inc = 31;
  const RttEstimate* history = nullptr;      // borrowed; null: nothing is remembered
  const DeliveredRate* delivered = nullptr;  // the same; kept for schedulers that ask for it

  [[nodiscard]] bool is_open() const noexcept { return obstacle == Reason::NONE; }
  // It is open, or worth waiting for: a SENDME of it is due, without which it soon counts as
  // stalled. A channel may be shut for as long as it likes, and padding too.
  [[nodiscard]] bool is_usable() const noexcept {
    return is_open() || obstacle == Reason::PRIMARY_FULL ||
           (obstacle == Reason::CHANNEL_BLOCKED && inflight >= sendme_inc);
  }
  [[nodiscard]] RttEstimate estimate() const noexcept {
    return history == nullptr ? RttEstimate{} : *history;
  }
  // DATA cells per second; 0 if nobody knows.
  [[nodiscard]] std::uint64_t rate(Instant now) const noexcept {
    return delivered == nullptr ? 0 : delivered->per_second(now);
  }
  [[nodiscard]] Cells room() const noexcept { return Cells{cwnd > inflight ? cwnd - inflight : 0}; }
};

// What there is to decide about.
struct Situation {
  std::span<const Candidate> legs;  // not empty, in leg order
  std::size_t current = 0;          // the primary, in leg order; it may be none of `legs`
  Cells backlog{1};                 // cells that wait for a leg now
  // Cells that may be under way and not acknowledged over all legs together, which is what the
  // peer may have to hold out of order. The shared window that Tor does not have.
  Cells window{};
  Instant now{};
  bool window_is_full = false;
};

// The chosen leg; or none and why, which means: do not send DATA now, ask again after any change.
struct Pick {
  std::optional<std::size_t> index;  // in leg order
  Reason reason = Reason::NONE;
  Cells limit{UINT64_MAX};  // of cells that this leg should take by this decision
  bool waits = false;       // a leg could have sent, and a better one is worth waiting for
};

template <class S>
concept Scheduler = requires(const S scheduler, const Situation& situation) {
  { scheduler.pick(situation) }
  noexcept->std::same_as<Pick>;
};

// A scheduler that takes the fastest leg whenever that is open and moves says so: then nothing
// needs to be decided while it is. One that does and does not say it is right too, only slower.
template <class S>
concept TakesTheFastest = Scheduler<S> && S::kTakesTheFastest;

// A scheduler that goes by what legs deliver says so: it is counted for nobody else. It also bounds
// what the peer may have to hold, more tightly than the sender does.
template <class S>
concept GoesByRate = Scheduler<S> && S::kGoesByRate &&
    requires(const S scheduler, const Situation& situation) {
  { scheduler.peer_limit(situation) }
  noexcept->std::same_as<Cells>;
};

// A scheduler that has a memory. `sent`: cells of any kind that went on the chosen leg; 0 if none
// did.
template <class S>
concept RememberingScheduler = Scheduler<S> &&
    requires(S scheduler, const Situation& situation, const Pick& pick) {
  { scheduler.commit(situation, pick, Cells{}) }
  noexcept->std::same_as<void>;
};

// Makes a type a scheduler that can be configured, by the name of its header. `place`: in the
// lists, counted from 1; a new one comes last. `help`: one line for the configuration's
// documentation. It is the build that reads them, so this stands in a header once, where a line
// begins.
#define CONFLUX_SCHEDULER(place, type, help) static_assert(Scheduler<type>)

// By RTT, but legs that do not move last.
[[nodiscard]] inline bool is_faster(const Candidate& a, const Candidate& b) noexcept {
  if (a.stalled != b.stalled) return b.stalled;
  return a.rtt_us < b.rtt_us;
}

// The fastest of all; ties go to the first in leg order.
[[nodiscard]] inline const Candidate& fastest(std::span<const Candidate> legs) noexcept {
  const Candidate* best = &legs.front();
  for (const Candidate& leg : legs.subspan(1)) {
    if (is_faster(leg, *best)) best = &leg;
  }
  return *best;
}

// The fastest that can send, or null; ties go to the first in leg order.
[[nodiscard]] inline const Candidate* fastest_open(std::span<const Candidate> legs) noexcept {
  const Candidate* best = nullptr;
  for (const Candidate& leg : legs) {
    if (leg.is_open() && (best == nullptr || is_faster(leg, *best))) best = &leg;
  }
  return best;
}

// The fastest that can send or is worth waiting for, or null; ties go to the first in leg order.
[[nodiscard]] inline const Candidate* fastest_usable(std::span<const Candidate> legs) noexcept {
  const Candidate* best = nullptr;
  for (const Candidate& leg : legs) {
    if (leg.is_usable() && (best == nullptr || is_faster(leg, *best))) best = &leg;
  }
  return best;
}

// The leg with this place, or null.
[[nodiscard]] inline const Candidate* find_leg(std::span<const Candidate> legs,
                                               std::size_t index) noexcept {
  for (const Candidate& leg : legs) {
    if (leg.index == index) return &leg;
  }
  return nullptr;
}

// Nobody can send: why.
[[nodiscard]] inline Pick blocked(std::span<const Candidate> legs) noexcept {
  for (const Candidate& leg : legs) {
    if (leg.obstacle != Reason::PRIMARY_FULL) {
      return {.index = std::nullopt, .reason = legs.front().obstacle};
    }
  }
  return {.index = std::nullopt, .reason = Reason::ALL_FULL};
}

// Not now: `better` is worth waiting for.
[[nodiscard]] inline Pick wait_for(const Candidate& better) noexcept {
  return {.index = std::nullopt, .reason = better.obstacle, .waits = true};
}

}  // namespace conflux
