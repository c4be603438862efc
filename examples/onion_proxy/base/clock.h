// The monotonic clock, and the time of day to the second.
#pragma once

#include <chrono>

#include "examples/onion_proxy/base/time.h"

namespace onion_proxy {

inline Instant to_instant(std::chrono::steady_clock::time_point time) {
  return Instant(std::chrono::duration_cast<Micros>(time.time_since_epoch()));
}

inline std::chrono::steady_clock::time_point to_steady(Instant time) {
  return std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(time.time_since_epoch()));
}

inline Instant clock_now() { return to_instant(std::chrono::steady_clock::now()); }

/// The time of day, which certificates and directory documents are judged by.
inline std::chrono::sys_seconds wall_clock() {
  return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace onion_proxy
