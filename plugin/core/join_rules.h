// May these circuits be legs of one tunnel?
#pragma once

#include "plugin/core/leg_path.h"
#include "plugin/types/reason.h"
#include "plugin/types/strong.h"

namespace conflux {

// A circuit that asks to join.
struct JoinRequest {
  LegPath path;
  Cookie cookie{};
  bool ever_stream = false;  // a stream is, or ever was, attached to any of its hops
  bool ever_joined = false;  // it is, or ever was, part of a multi-path tunnel
  bool founds_set = false;   // a first leg: the tunnel is multi-path with it alone
};

// Why a circuit cannot be the first leg, whose last hop becomes the join point; NONE if it can.
// The seed never checks its first leg.
[[nodiscard]] Reason check_first_leg(const JoinRequest& request) noexcept;

// Why a circuit cannot join at `join_point`; NONE if it can. Seed: add_legs, leg_is_valid.
[[nodiscard]] Reason check_leg(const JoinRequest& request, const JoinPoint& join_point) noexcept;

}  // namespace conflux
