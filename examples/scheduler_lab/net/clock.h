// The clocks that a relay's behaviour hangs on.
#pragma once

#include "examples/scheduler_lab/net/engine.h"

namespace scheduler_lab {

/// The kernel's coarse clock, which tor and libevent read: it moves with the timer interrupt.
/// `phase` is how far the machine's clock is ahead of the run's.
struct CoarseClock {
  Time period = 4 * kMillisecond;  ///< HZ=250
  Time phase = 0;

  [[nodiscard]] Time read(Time now) const { return (now + phase) / period * period; }

  /// When a libevent timer that is set at `now` fires: not before its delay has passed, and not
  /// before the coarse clock shows it.
  [[nodiscard]] Time timer(Time now, Time delay) const {
    const Time due = (read(now) + delay + period - 1) / period * period;
    const Time shown = due > phase ? due - phase : 0;
    return shown > now + delay ? shown : now + delay;
  }

  /// Tor's unit for token buckets: 2^20 ns, counted anew in each second.
  [[nodiscard]] Time stamp(Time now) const {
    const Time at = read(now);
    return at / kSecond * kStampsPerSecond + ((at % kSecond * 1000) >> 20U);
  }

  static constexpr Time kStampsPerSecond = 953;
};

}  // namespace scheduler_lab
