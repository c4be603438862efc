// How many DATA cells a leg delivers in a second, by what is acknowledged.
#pragma once

#include <algorithm>
#include <cstdint>

#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

// An average over the last two seconds or so, because a relay's token bucket holds one second of
// its rate: while that lasts any leg looks fast, and its round trip says nothing else. A leg
// younger than a second counts as if it were a second old, for the same reason.
class DeliveredRate {
 public:
  // `acked`: DATA cells of the leg that have been acknowledged ever.
  void commit_acked(std::uint64_t acked, Instant now) noexcept {
    const auto low = static_cast<std::uint32_t>(acked);
    const std::uint32_t cells = low - acked_;
    if (cells == 0) return;
    acked_ = low;
    if (age_us_ == 0) at_ = now;
    const std::uint64_t passed_us = elapsed_us(now);
    age_us_ = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(std::max<std::uint64_t>(age_us_ + passed_us, 1), kMemoryUs));
    const std::uint64_t rate = per_second(now) + cells * kSecondUs / span_us();
    per_second_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(rate, UINT32_MAX));
    at_ = now;
  }
  [[nodiscard]] std::uint64_t per_second(Instant now) const noexcept {
    const std::uint64_t span = span_us();
    return per_second_ - per_second_ * std::min(elapsed_us(now), span) / span;
  }

 private:
  static constexpr std::uint64_t kSecondUs = 1'000'000;
  static constexpr std::uint64_t kMemoryUs = 2 * kSecondUs;

  [[nodiscard]] std::uint64_t elapsed_us(Instant now) const noexcept {
    return now > at_ ? static_cast<std::uint64_t>((now - at_).count()) : 0;
  }
  [[nodiscard]] std::uint64_t span_us() const noexcept {
    return std::max<std::uint64_t>(age_us_, kSecondUs);
  }

  Instant at_{};                  // of the last acknowledgement
  std::uint32_t acked_ = 0;       // the low half
  std::uint32_t per_second_ = 0;  // as of then
  std::uint32_t age_us_ = 0;  // as of then; no more than counts. 0: nothing was acknowledged yet
};

}  // namespace conflux
