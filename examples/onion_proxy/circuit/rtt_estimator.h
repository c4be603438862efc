#pragma once

#include <cstdint>

namespace onion_proxy {

/// What C tor calls cc_ewma_*: how round-trip samples are averaged.
struct RttParams {
  uint32_t ewma_cwnd_pct = 50;
  uint32_t ewma_max = 10;
  uint32_t ewma_slow_start = 2;
  uint32_t reset_pct = 100;
};

/// Round-trip times of one circuit, in microseconds, one sample per SENDME.
/// Spec: prop324 "RTT estimation".  C-tor: congestion_control_update_circuit_rtt().
class RttEstimator {
 public:
  struct Sample {
    uint64_t rtt_us = 0;
    bool slow_start = false;
    bool cwnd_at_minimum = false;
    uint64_t update_rate = 1;  ///< SENDMEs between window updates
  };

  explicit RttEstimator(const RttParams& params) : params_(params) {}

  /// False if the sample is not to be believed: a clock that stalled, or jumped more than
  /// 5000-fold.
  bool add(const Sample& sample);

  uint64_t ewma_us() const { return ewma_us_; }  ///< 0: no sample yet
  uint64_t min_us() const { return min_us_; }    ///< least average, not least sample
  uint64_t max_us() const { return max_us_; }
  uint64_t last_us() const { return last_us_; }  ///< 0: no sample yet

 private:
  bool is_believable(const Sample& sample);
  void update_min(const Sample& sample);

  RttParams params_;
  uint64_t ewma_us_ = 0;
  uint64_t min_us_ = 0;
  uint64_t max_us_ = 0;
  uint64_t last_us_ = 0;
  bool clock_stalled_ = false;
};

}  // namespace onion_proxy
