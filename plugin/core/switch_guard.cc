#include "plugin/core/switch_guard.h"

#include "plugin/types/limits.h"

namespace conflux {
namespace {

// How far an honest peer can have got. Before anything has arrived it has seen no SENDME, so it
// cannot have sent more than one initial window per leg. Later, what it has sent is what has
// arrived plus what its windows hold.
std::uint64_t furthest_honest(const SwitchContext& context) noexcept {
  if (context.received == Cells{0}) {
    return context.legs * context.cwnd_init.raw() + kFirstSwitchSlack +
           kAnswersPerCell * context.sent.raw();
  }
  return context.received.raw() + context.legs * kPlausibleInflight;
}

}  // namespace

SwitchVerdict plan_switch(const LegSequence& leg, SeqDelta delta,
                          const SwitchContext& context) noexcept {
  if (leg.awaits_cell_after_switch()) return Reason::SWITCH_REPEATED;
  if (delta == SeqDelta{0} && context.received > Cells{0}) return Reason::SWITCH_ZERO;
  if (context.switches >= context.received.raw() + kSwitchSlack) return Reason::SWITCH_FLOOD;
  const std::optional<SeqNo> target = checked_add(leg.last_received(), delta);
  if (!target) return Reason::SEQUENCE_OVERFLOW;
  if (target->raw() > furthest_honest(context)) return Reason::SWITCH_TOO_FAR;
  return *target;
}

}  // namespace conflux
