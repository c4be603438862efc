// Where a leg stands in the handshake. Each state owns exactly the data that is valid in it.
//
//   Plain --join--> Unlinked --link()--> LinkQueued --drained--> AwaitingLinked
//                                            |                      |        |
//                                            +------deadline--------+     LINKED
//                                                     v                      v
//                                                  TimedOut              AckQueued --drained-->
//                                                  Linked
//
// Spec: prop329 [LINKING_CIRCUITS]. Seed: ConfluxState.
#pragma once

#include <mpath/tunnel.h>

#include <cstdint>
#include <optional>
#include <variant>

#include "plugin/types/time.h"

namespace conflux {

struct Plain {};
struct Unlinked {};
struct LinkQueued {
  Instant timeout;
};
struct AwaitingLinked {
  Instant link_sent_at;
  Instant timeout;
};
// A round trip of less than a microsecond is none (attack A29): then there is no measurement.
struct AckQueued {
  std::optional<Micros> rtt;
};
struct Linked {
  std::optional<Micros> rtt;
};
struct TimedOut {};

using LegState =
    std::variant<Plain, Unlinked, LinkQueued, AwaitingLinked, AckQueued, Linked, TimedOut>;

// The state's number in the contract; the order of the alternatives is the order of the numbers.
[[nodiscard]] constexpr std::uint32_t state_number(const LegState& state) noexcept {
  static_assert(MPATH_LEG_PLAIN == 1 && MPATH_LEG_TIMED_OUT == std::variant_size_v<LegState>);
  return static_cast<std::uint32_t>(state.index()) + MPATH_LEG_PLAIN;
}

}  // namespace conflux
