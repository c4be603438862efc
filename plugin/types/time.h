// Time without a clock: instants come from the host, and calling now() does not compile.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace conflux {

using Micros = std::chrono::duration<std::int64_t, std::micro>;

// A clock that has no now(). Its epoch is the host's.
struct HostClock {
  using duration = Micros;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<HostClock, duration>;
  static constexpr bool is_steady = true;
};

using Instant = HostClock::time_point;

// No such time: a deadline that never comes.
inline constexpr Instant kNever = Instant::max();

// Hosts know no instant from here on (MPATH_TIME_MAX).
inline constexpr Instant kEndOfTime = Instant(Micros{std::int64_t{1} << 62U});

// Saturating, so that no deadline wraps into the past, whatever epoch the host counts from.
[[nodiscard]] constexpr Instant deadline(Instant from, Micros after) noexcept {
  return from > kNever - after ? kNever : from + after;
}

}  // namespace conflux
