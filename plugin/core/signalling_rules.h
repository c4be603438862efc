// The decision table: a signalling command on a leg, in its state.
#pragma once

#include <cstdint>

#include "plugin/core/leg_state.h"
#include "plugin/types/reason.h"
#include "plugin/types/relay_command.h"

namespace conflux {

// NONE: handle it (on a leg that has timed out: ignore it, the peer could not know). Otherwise the
// tunnel closes, because its exit is shared by all legs. Pure and total; the client's role.
// Spec: prop329 [SIDE_CHANNELS]. Attacks A1, A2, A4, A14.
[[nodiscard]] constexpr Reason check_signalling(RelayCommand command,
                                                const LegState& state) noexcept {
  if (std::holds_alternative<Plain>(state)) return Reason::NOT_MULTIPATH;
  if (command == RelayCommand::kConfluxLink) return Reason::LINK_TO_CLIENT;
  if (command == RelayCommand::kConfluxLinkedAck) return Reason::LINKED_ACK_TO_CLIENT;
  const bool timed_out = std::holds_alternative<TimedOut>(state);
  if (command == RelayCommand::kConfluxLinked) {
    const bool awaited = std::holds_alternative<AwaitingLinked>(state);
    return awaited || timed_out ? Reason::NONE : Reason::LINKED_UNEXPECTED;
  }
  const bool linked =
      std::holds_alternative<AckQueued>(state) || std::holds_alternative<Linked>(state);
  return linked ? Reason::NONE : Reason::SWITCH_UNLINKED;
}

}  // namespace conflux
