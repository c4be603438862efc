#pragma once

#include <cstdint>

#include "examples/onion_proxy/circuit/rtt_estimator.h"

namespace onion_proxy {

/// Consensus parameters cc_*, with C tor's defaults for circuits to exits. Units: cells.
struct VegasParams {
  uint32_t cwnd_init = 124;
  uint32_t cwnd_min = 124;
  uint32_t cwnd_max = 0x7fffffff;
  uint32_t cwnd_inc = 1;
  uint32_t cwnd_inc_rate = 31;
  uint32_t cwnd_inc_pct_ss = 100;
  uint32_t alpha = 186;
  uint32_t beta = 248;
  uint32_t gamma = 186;
  uint32_t delta = 310;
  uint32_t ss_cap = 600;
  uint32_t ss_max = 5000;
  uint32_t full_gap = 4;
  uint32_t full_min_pct = 25;
  bool full_per_cwnd = true;
  RttParams rtt;
};

/// Tor's Vegas: how many DATA cells may be in flight on one circuit in our sending direction.
/// Invariant: cwnd_min <= cwnd <= cwnd_max, but for slow start's exit (cwnd = bdp + gamma).
/// Spec: prop324 "TOR_VEGAS".  C-tor: congestion_control_vegas_process_sendme().
class Vegas {
 public:
  /// What a matched SENDME says, and how our side of the channel stands at that moment.
  struct Sendme {
    uint64_t rtt_us = 0;
    bool channel_blocked = false;
    uint64_t channel_queue = 0;  ///< cells; only used while no sample was believable
  };

  Vegas(const VegasParams& params, uint32_t sendme_inc);

  void note_data_sent() { ++inflight_; }
  void handle_sendme(const Sendme& sendme);

  uint64_t cwnd() const { return cwnd_; }
  uint64_t inflight() const { return inflight_; }
  uint64_t room() const { return cwnd_ > inflight_ ? cwnd_ - inflight_ : 0; }
  bool in_slow_start() const { return slow_start_; }
  uint64_t bdp() const { return bdp_; }
  bool is_full() const { return full_; }
  const RttEstimator& rtt() const { return rtt_; }

 private:
  uint64_t update_rate() const;
  uint64_t sendmes_per_cwnd() const;
  bool update_rtt_and_bdp(const Sendme& sendme);
  uint64_t bdp_without_rtt(const Sendme& sendme) const;
  void update_full();
  void grow_in_slow_start(uint64_t queue);
  void steer_in_steady_state(uint64_t queue);
  void restart_counters();
  void finish_sendme();

  VegasParams params_;
  uint64_t sendme_inc_;
  RttEstimator rtt_;
  uint64_t cwnd_;
  uint64_t inflight_ = 0;
  uint64_t bdp_ = 0;
  uint64_t next_update_ = 0;  ///< SENDMEs until the window may change again
  uint64_t next_cwnd_ = 0;    ///< SENDMEs until one window has been acknowledged
  bool slow_start_ = true;
  bool full_ = false;
  bool blocked_ = false;
};

}  // namespace onion_proxy
