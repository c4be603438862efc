// Legs in any state, and sets of them with the host's views.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "plugin/core/leg_set.h"
#include "plugin/types/limits.h"

namespace conflux::test {

using namespace std::chrono_literals;

inline constexpr HopNum kJoinHop{2};
inline constexpr RelayTag kExit{77};
inline constexpr Cells kCwndInit{124};
inline constexpr Cells kSendmeInc{31};

inline Instant at(Micros since_epoch) { return Instant(since_epoch); }

inline LegPath three_hops() {
  return {.hop_count = 3,
          .fixed_window_hops = 0,
          .last_hop_is_virtual = false,
          .last_hop = kExit,
          .cwnd_init = kCwndInit,
          .sendme_inc = kSendmeInc};
}

// The leg that joined as the n-th, from 1.
inline LegId leg_id(std::uint32_t ordinal) {
  return LegId{std::uint64_t{1} << 24U | std::uint64_t{ordinal} << 8U | (ordinal - 1)};
}

inline Leg leg_in(LegState state, std::uint32_t ordinal = 1) {
  Leg leg({leg_id(ordinal), LegOrdinal{ordinal}, Cookie{1000 + ordinal}}, three_hops());
  leg.commit_state(state);
  return leg;
}

// One of each.
inline std::vector<LegState> all_states() {
  return {Plain{},
          Unlinked{},
          LinkQueued{.timeout = at(60s)},
          AwaitingLinked{.link_sent_at = at(1s), .timeout = at(60s)},
          AckQueued{.rtt = 100ms},
          Linked{.rtt = 100ms},
          TimedOut{}};
}

// A set, and a view for each of its legs.
class Legs {
 public:
  Legs() { set.reserve(kLegsMax); }

  // Answers its place in leg order.
  std::size_t add(LegState state) {
    const auto ordinal = static_cast<std::uint32_t>(set.size() + 1);
    set.commit_add(leg_in(state, ordinal));
    LegView& view = views[ordinal - 1];
    view = {};
    view.leg = leg_id(ordinal).raw();
    view.cwnd = 1000;
    view.half_stream_expiry_us = MPATH_NEVER;
    view.disused_since_us = MPATH_NEVER;
    view_of[ordinal - 1] = &view;
    return ordinal - 1;
  }
  std::size_t add_linked(std::optional<Micros> rtt) { return add(Linked{.rtt = rtt}); }

  void fill(std::size_t index) { views[index].inflight = views[index].cwnd; }

  LegSet set;
  std::array<LegView, kLegsMax> views{};
  ViewOfLeg view_of{};
};

}  // namespace conflux::test
