// What one tunnel has been counted for so far. Belongs to the tunnel's owner.
#pragma once

#include <cstdint>

#include "plugin/core/tunnel.h"

namespace conflux {

// What a tunnel adds to the sums of its instance. Best: the leg that carried most; others:
// everything else. All but `linked_legs` only grow.
struct TunnelTally {
  std::uint64_t sent_best = 0;
  std::uint64_t sent_others = 0;
  std::uint64_t received_best = 0;
  std::uint64_t received_others = 0;
  std::uint64_t switches_sent = 0;
  std::uint64_t switches_received = 0;
  std::uint64_t linked_legs = 0;  // now

  friend bool operator==(const TunnelTally&, const TunnelTally&) = default;
};

// `before`: the last one, so that the best leg's share does not shrink when that leg goes.
[[nodiscard]] TunnelTally tally_of(const Tunnel& tunnel, const TunnelTally& before) noexcept;

struct TunnelAccount {
  std::uint32_t epoch = 0;  // of the last publication
  std::uint32_t display_id = 0;
  std::uint64_t first_seen_us = 0;
  TunnelTally told;
  bool created = false;

  // Has anything changed that is told by nothing else?
  [[nodiscard]] bool has_news(const Tunnel& tunnel) const noexcept {
    return tally_of(tunnel, told) != told;
  }
};

}  // namespace conflux
