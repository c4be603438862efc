#include "examples/onion_proxy/circuit/rtt_estimator.h"

#include <algorithm>

namespace onion_proxy {
namespace {

constexpr uint64_t kJumpFactor = 5000;

}  // namespace

bool RttEstimator::is_believable(const Sample& sample) {
  if (sample.rtt_us == 0) {
    clock_stalled_ = true;
    return false;
  }
  if (sample.slow_start || ewma_us_ == 0) return true;
  if (ewma_us_ > kJumpFactor * sample.rtt_us) return !clock_stalled_;
  if (sample.rtt_us > kJumpFactor * ewma_us_) return false;
  clock_stalled_ = false;
  return true;
}

void RttEstimator::update_min(const Sample& sample) {
  if (min_us_ == 0) {
    min_us_ = ewma_us_;
  } else if (sample.cwnd_at_minimum && !sample.slow_start) {
    // One abnormally short sample would otherwise pin the window at its minimum (TROVE-2022-001).
    const auto [smaller, larger] = std::minmax(ewma_us_, min_us_);
    min_us_ = (params_.reset_pct * larger + (100 - params_.reset_pct) * smaller) / 100;
  } else {
    min_us_ = std::min(min_us_, ewma_us_);
  }
}

bool RttEstimator::add(const Sample& sample) {
  if (!is_believable(sample)) return false;
  last_us_ = sample.rtt_us;
  const uint64_t steady =
      std::min<uint64_t>(sample.update_rate * params_.ewma_cwnd_pct / 100, params_.ewma_max);
  const uint64_t n = std::max<uint64_t>(sample.slow_start ? params_.ewma_slow_start : steady, 2);
  ewma_us_ = ewma_us_ == 0 ? sample.rtt_us : (2 * sample.rtt_us + (n - 1) * ewma_us_) / (n + 1);
  max_us_ = std::max(max_us_, sample.rtt_us);
  update_min(sample);
  return true;
}

}  // namespace onion_proxy
