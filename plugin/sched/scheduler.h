// Which leg carries the next cells: pure functions of what is known of the legs.
//
// A scheduler is one value type in one file with one function, pick(). To add one: write its file,
// add its kind here and its line to pick() in scheduler.cc; nothing else knows of it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "plugin/types/desired_ux.h"
#include "plugin/types/reason.h"
#include "plugin/types/strong.h"

namespace conflux {

// A linked leg, as a scheduler sees it. RTT: the EWMA of congestion control, else the handshake's.
struct Candidate {
  std::size_t index;     // in leg order
  std::uint64_t rtt_us;  // never 0: legs without an RTT are not offered
  Cells room;            // DATA cells that its window admits
  Reason obstacle;       // why it cannot take DATA now: its window, channel or padding; or kNONE
};

// The chosen leg; or none and why, which means: do not send DATA now, ask again after any change.
struct Pick {
  std::optional<std::size_t> index;  // in leg order
  Reason reason = Reason::NONE;
};

template <class S>
concept Scheduler = requires(const S scheduler, std::span<const Candidate> candidates) {
  { scheduler.pick(candidates) }
  noexcept->std::same_as<Pick>;
};

enum class SchedulerKind : std::uint8_t { kMinRtt, kLowRtt };

// The scheduler that a desired UX stands for. An unknown UX counts as minimum latency.
// Seed: ConfluxSet::select_primary_leg.
[[nodiscard]] SchedulerKind scheduler_for(std::uint8_t desired_ux) noexcept;

// `candidates` is not empty.
[[nodiscard]] Pick pick(SchedulerKind kind, std::span<const Candidate> candidates) noexcept;

}  // namespace conflux
