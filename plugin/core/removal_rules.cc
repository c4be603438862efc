#include "plugin/core/removal_rules.h"

namespace conflux {

Reason check_removal(const Leg& leg, const RemovalContext& context) noexcept {
  if (context.legs_left == 0) return Reason::DEPLETED;
  if (context.is_primary) return Reason::PRIMARY_LOST;
  if (leg.is<Unlinked>()) return Reason::NONE;
  if (leg.sequence().last_received() > context.highest_received) {
    return Reason::HIGHEST_RECEIVED_LOST;
  }
  if (leg.sequence().last_sent() > context.highest_sent) return Reason::HIGHEST_SENT_LOST;
  // Fewer than one SENDME's worth may be cells that were delivered but never acknowledged.
  if (context.inflight >= leg.path().sendme_inc) return Reason::DATA_IN_FLIGHT_LOST;
  return Reason::NONE;
}

}  // namespace conflux
