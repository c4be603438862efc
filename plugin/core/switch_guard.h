// Is this SWITCH one that an honest peer can send?
#pragma once

#include <cstdint>
#include <variant>

#include "plugin/core/leg_sequence.h"
#include "plugin/types/reason.h"
#include "plugin/types/strong.h"

namespace conflux {

// What the judgement rests on, beside the leg's own sequence.
struct SwitchContext {
  Cells received;          // sequenced cells that have arrived, on all legs
  std::uint64_t switches;  // SWITCH cells that have arrived, on all legs
  std::uint64_t legs;      // linked legs, at least 1
  Cells cwnd_init;         // of the join point
  Cells sent{};            // sequenced cells that we have sent
};

// Where the leg continues, or the violation.
using SwitchVerdict = std::variant<SeqNo, Reason>;

// Pure. Spec: prop329 [SIDE_CHANNELS]. Seed: handle_conflux_switch, validate_switch_seqno.
//
// Deviations from the seed, which refuses honest peers here: a SWITCH of zero is legal before any
// cell has arrived (R43), and the first one may exceed a single initial window: by those of the
// other legs, and by cells that are not DATA (R44, A16).
[[nodiscard]] SwitchVerdict plan_switch(const LegSequence& leg, SeqDelta delta,
                                        const SwitchContext& context) noexcept;

}  // namespace conflux
