// How a tunnel looks in its slot of the region.
#pragma once

#include <cstdint>

#include "plugin/core/tunnel.h"
#include "plugin/metrics/account.h"
#include "plugin/region/format.h"

namespace conflux {

// Pure. Round trips are rounded to 10 ms and ages are coarse; there is no id, no address and no
// time of an event in it. Privacy: rules 3 and 7.
[[nodiscard]] region::Slot describe_tunnel(const Tunnel& tunnel, const LegViews& views,
                                           const TunnelAccount& account) noexcept;

}  // namespace conflux
