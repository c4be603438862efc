// How many DATA cells a leg delivers in a second, by what is acknowledged.
#pragma once

#include <algorithm>
#include <cstdint>

#include "plugin/types/time.h"

namespace conflux {

// An average over the last two seconds or so, because a relay's token bucket holds one second of
// its rate: while that lasts any leg looks fast, and its round trip says nothing else. A leg
// younger than a second counts as if it were a second old, for the same reason.
class DeliveredRate {
 public:
  // `acked`: DATA cells of the leg that have been acknowledged ever. The first says where to begin.
  void commit_acked(std::uint64_t acked, Instant now) noexcept {
    const auto low = static_cast<std::uint32_t>(acked);
    const std::uint32_t cells = low - acked_;
    acked_ = low;
    const bool begins = age_us_ == 0;
    // Totals that go back are a mistake of the host's.
    if (!begins && (cells == 0 || cells > INT32_MAX)) return;
    const std::uint64_t passed_us = begins ? 1 : elapsed_us(now);
    const std::uint64_t faded = per_second(now);
    age_us_ = static_cast<std::uint32_t>(std::min(age_us_ + passed_us, kMemoryUs));
    at_ = now;
    if (begins) return;
    // Nobody asked meanwhile: they may have come at any time since.
    const std::uint64_t over_us = std::max(span_us(age_us_), passed_us);
    per_second_ = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(faded + cells * kSecondUs / over_us, UINT32_MAX));
  }
  [[nodiscard]] std::uint64_t per_second(Instant now) const noexcept {
    const std::uint64_t elapsed = elapsed_us(now);
    // While it ages the same cells count for a longer time; then the oldest are forgotten.
    const std::uint64_t ages_us = std::min(elapsed, kMemoryUs - age_us_);
    const std::uint64_t aged = per_second_ * span_us(age_us_) / span_us(age_us_ + ages_us);
    return aged - aged * std::min(elapsed - ages_us, kMemoryUs) / kMemoryUs;
  }
  // When nothing is remembered any more, if nothing is acknowledged until then; kNever if nothing
  // is.
  [[nodiscard]] Instant forgotten_at(Instant now) const noexcept {
    if (per_second(now) == 0) return kNever;
    return deadline(at_, Micros(static_cast<std::int64_t>(2 * kMemoryUs - age_us_)));
  }

 private:
  static constexpr std::uint64_t kSecondUs = 1'000'000;
  static constexpr std::uint64_t kMemoryUs = 2 * kSecondUs;

  static std::uint64_t span_us(std::uint64_t age_us) noexcept {
    return std::max(age_us, kSecondUs);
  }
  [[nodiscard]] std::uint64_t elapsed_us(Instant now) const noexcept {
    return now > at_ ? static_cast<std::uint64_t>((now - at_).count()) : 0;
  }

  Instant at_{};                  // of the last acknowledgement
  std::uint32_t acked_ = 0;       // the low half
  std::uint32_t per_second_ = 0;  // as of then
  std::uint32_t age_us_ = 0;  // as of then; no more than counts. 0: nothing was acknowledged yet
};

}  // namespace conflux
