// Can the tunnel live without this leg?
#pragma once

#include <cstddef>

#include "plugin/core/leg.h"
#include "plugin/types/reason.h"
#include "plugin/types/strong.h"

namespace conflux {

struct RemovalContext {
  std::size_t legs_left;   // without it
  bool is_primary;         // it is the sending leg, and a sequenced cell has been sent
  SeqNo highest_sent;      // over the legs that are left
  SeqNo highest_received;  // over the legs that are left
  Cells inflight;          // DATA on it that is not acknowledged
};

// NONE, or why the tunnel closes with it. There is no retransmission: what the leg still carries is
// lost, and the exit closes the set by the same rules.
// Spec: prop329 [CLOSING_CIRCUITS]. Seed: ConfluxSet::remove, remove_conflux.
[[nodiscard]] Reason check_removal(const Leg& leg, const RemovalContext& context) noexcept;

}  // namespace conflux
