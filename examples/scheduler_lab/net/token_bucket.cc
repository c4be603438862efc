#include "examples/scheduler_lab/net/token_bucket.h"

#include <algorithm>

#include "examples/scheduler_lab/net/cell.h"
#include "examples/scheduler_lab/net/clock.h"

namespace scheduler_lab {
namespace {

constexpr std::int64_t kShareMax = 32 * kCellBytes;
constexpr std::int64_t kShareMin = 4 * kCellBytes;

}  // namespace

TokenBucket::TokenBucket(const Options& options, Time stamp)
    : per_step_(static_cast<std::int64_t>(std::max<std::uint64_t>(
          1, options.rate * kStampsPerStep / CoarseClock::kStampsPerSecond))),
      burst_(static_cast<std::int64_t>(options.burst)),
      read_(burst_),
      write_(burst_),
      refilled_at_(stamp),
      exact_(options.exact) {}

void TokenBucket::refill(Time stamp) {
  const Time steps = (stamp - refilled_at_) / kStampsPerStep;
  if (steps == 0) return;
  const auto tokens = per_step_ * static_cast<std::int64_t>(steps);
  read_ = std::min(burst_, read_ + tokens);
  write_ = std::min(burst_, write_ + tokens);
  refilled_at_ = exact_ ? refilled_at_ + steps * kStampsPerStep : stamp;
}

// C-tor: connection_bucket_get_share().
std::uint64_t TokenBucket::share(std::int64_t tokens) {
  if (tokens <= 0) return 0;
  const std::int64_t eighth = tokens / 8 / kCellBytes * kCellBytes;
  return static_cast<std::uint64_t>(std::min(tokens, std::clamp(eighth, kShareMin, kShareMax)));
}

}  // namespace scheduler_lab
