#include "plugin/core/join_rules.h"

namespace conflux {

Reason check_first_leg(const JoinRequest& request) noexcept {
  const std::optional<HopNum> last = request.path.last_hop_num();
  if (!last) return Reason::NO_HOPS;
  if (request.path.last_hop_is_virtual) return Reason::VIRTUAL_HOP;
  if (request.path.uses_stream_sendme(*last).value_or(true)) return Reason::NO_CONGESTION_CONTROL;
  // A stock exit closes a circuit on LINK if a stream ever was attached (attack A7).
  if (request.ever_stream) return Reason::HAS_STREAMS;
  if (request.ever_joined) return Reason::ALREADY_JOINED;
  return Reason::NONE;
}

Reason check_leg(const JoinRequest& request, const JoinPoint& join_point) noexcept {
  const std::optional<HopNum> last = request.path.last_hop_num();
  if (!last) return Reason::NO_HOPS;
  if (*last != join_point.hop) return Reason::LENGTH_DIFFERS;
  if (request.path.last_hop_is_virtual) return Reason::VIRTUAL_HOP;
  if (request.path.last_hop != join_point.relay) return Reason::LAST_HOP_DIFFERS;
  return check_first_leg(request);
}

}  // namespace conflux
