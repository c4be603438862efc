// The level-triggered part of poll(): what the host may do now, leg by leg.
#pragma once

#include <cstddef>
#include <optional>

#include "plugin/core/event.h"
#include "plugin/core/leg_set.h"
#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

// Events that a leg can yield in one round.
inline constexpr std::size_t kRoundEventsPerLeg = 4;

// The leg that would carry DATA of the join point's streams, if they may be read at all.
struct JoinStreams {
  std::optional<std::size_t> carrier;  // in leg order
  Cells granted{};
};

struct RoundInput {
  const LegSet& legs;
  const ViewOfLeg& views;
  JoinStreams join;
  bool multi_path;
  Cells backlog;
  Instant now;
};

// Every leg gets its turn, in leg order. Of one leg: expired half-streams; then either its
// handshake timeout, or else its padding event, or else its input and its streams. A leg with
// nothing to do yields nothing, so that a host that waits for events never spins.
// Seed: ConfluxSet::next_circ_event.
void append_round(const RoundInput& input, EventSink& sink) noexcept;

}  // namespace conflux
