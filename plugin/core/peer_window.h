// How much the peer may have to hold out of order because of what we send, and for how long we may
// go on sending.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "plugin/core/leg_set.h"
#include "plugin/sched/scheduler.h"
#include "plugin/types/strong.h"

namespace conflux {

// A leg that stalls with cells on it leaves a gap, and the other legs, whose windows keep opening,
// pile up cells behind it at the peer without end. So what may be missing there, from the lowest
// number that is not acknowledged, is bounded: by what all legs need to stay busy for one trip of
// the slowest, twice, and never more than `limit`: the configured one, or less if the scheduler
// wants less.
//
// A SENDME covers a whole sendme_inc of DATA cells, so the last few of a leg that was left, and what
// is not DATA behind the others, are never acknowledged although they have arrived. When they are
// what is lowest, that leg is topped up until they are covered; without it the tunnel would wait for
// ever. (Reference: residual cells.)
struct PeerWindow {
  std::uint64_t left = UINT64_MAX;      // DATA cells that may still go
  std::optional<std::size_t> top_up{};  // the leg, in leg order, that alone may go on; with `left`
};

[[nodiscard]] PeerWindow plan_peer_window(const LegSet& legs, const ViewOfLeg& views,
                                          std::span<const Candidate> candidates, Cells sent,
                                          Cells limit) noexcept;

}  // namespace conflux
