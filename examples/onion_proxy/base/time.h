// Monotonic time as a value. The clock has no now(): only the outermost layer may ask for it.
#pragma once

#include <chrono>
#include <cstdint>

namespace onion_proxy {

using Micros = std::chrono::duration<int64_t, std::micro>;

struct MonotonicClock {
  using duration = Micros;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;

}  // namespace onion_proxy
