// What a tunnel is told when it begins, and keeps however the configuration changes later.
#pragma once

#include <cstddef>
#include <cstdint>

#include "plugin/sched/schedulers.h"
#include "plugin/types/desired_ux.h"
#include "plugin/types/limits.h"
#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

struct ReorderLimits {
  Bytes tunnel_limit;    // holding back more closes the tunnel (attacks A16, R41)
  Bytes high_water;      // above it the host is asked to pause the peer
  Bytes low_water;       // at or below it the peer may go on
  Micros stall_timeout;  // a cell held back for longer closes the tunnel (attack A21)
};

struct SendConfig {
  SchedulerKind scheduler = SchedulerKind::kLowRtt;
  // Legs that do not move come last, and what the peer may have to hold out of order is bounded.
  // Off where we are to look like stock tor, which does neither.
  bool watches_legs = true;
  Cells peer_limit{8192};  // that the peer may have to hold
};

// Least to most; what is above the threshold is not even recorded.
enum class LogLevel : std::uint8_t { kError = 1, kWarn, kInfo, kDebug, kTrace };

struct TunnelConfig {
  std::uint8_t desired_ux = static_cast<std::uint8_t>(DesiredUx::kHighThroughput);
  SendConfig send{};
  std::size_t legs_max = 8;
  Micros handshake_timeout = std::chrono::seconds{60};
  ReorderLimits reorder{.tunnel_limit = Bytes{16U << 20U},
                        .high_water = Bytes{4U << 20U},
                        .low_water = Bytes{1U << 20U},
                        .stall_timeout = std::chrono::seconds{30}};
  LogLevel log_level = LogLevel::kInfo;
};

}  // namespace conflux
