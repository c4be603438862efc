#include "examples/onion_proxy/proxy/network_params.h"

#include <algorithm>

namespace onion_proxy {
namespace {

constexpr int32_t kMost = 0x7fffffff;

/// Values of the parameters of one consensus.
class Params {
 public:
  explicit Params(const Consensus& consensus) : consensus_(consensus) {}

  uint32_t operator()(std::string_view name, uint32_t fallback, int32_t low, int32_t high) const {
    return static_cast<uint32_t>(consensus_.param(name, static_cast<int32_t>(fallback), low, high));
  }

 private:
  const Consensus& consensus_;
};

}  // namespace

VegasParams vegas_of(const Consensus& consensus) {
  const Params param(consensus);
  VegasParams out;
  out.cwnd_init = param("cc_cwnd_init", out.cwnd_init, 31, 10000);
  out.cwnd_min = param("cc_cwnd_min", out.cwnd_min, 31, 1000);
  out.cwnd_max = param("cc_cwnd_max", out.cwnd_max, 500, kMost);
  out.cwnd_inc = param("cc_cwnd_inc", out.cwnd_inc, 1, 1000);
  out.cwnd_inc_rate = param("cc_cwnd_inc_rate", out.cwnd_inc_rate, 1, 250);
  out.cwnd_inc_pct_ss = param("cc_cwnd_inc_pct_ss", out.cwnd_inc_pct_ss, 1, 500);
  out.alpha = param("cc_vegas_alpha_exit", out.alpha, 0, 1000);
  out.beta = param("cc_vegas_beta_exit", out.beta, 0, 1000);
  out.gamma = param("cc_vegas_gamma_exit", out.gamma, 0, 1000);
  out.delta = param("cc_vegas_delta_exit", out.delta, 0, kMost);
  out.ss_cap = param("cc_sscap_exit", out.ss_cap, 100, kMost);
  out.ss_max = param("cc_ss_max", out.ss_max, 500, kMost);
  out.full_gap = param("cc_cwnd_full_gap", out.full_gap, 0, 32767);
  out.full_min_pct = param("cc_cwnd_full_minpct", out.full_min_pct, 0, 100);
  out.full_per_cwnd = param("cc_cwnd_full_per_cwnd", 1, 0, 1) == 1;
  out.rtt.ewma_cwnd_pct = param("cc_ewma_cwnd_pct", out.rtt.ewma_cwnd_pct, 1, 255);
  out.rtt.ewma_max = param("cc_ewma_max", out.rtt.ewma_max, 2, kMost);
  out.rtt.ewma_slow_start = param("cc_ewma_ss", out.rtt.ewma_slow_start, 2, kMost);
  out.rtt.reset_pct = param("cc_rtt_reset_pct", out.rtt.reset_pct, 0, 100);
  return out;
}

StreamFlowParams stream_flow_of(const Consensus& consensus) {
  // In cells of the smallest body, and of the largest.
  constexpr size_t kXoffUnit = 488;
  constexpr size_t kXonUnit = 498;
  const Params param(consensus);
  StreamFlowParams out;
  out.xoff_limit = kXoffUnit * param("cc_xoff_client", 500, 1, 10000);
  out.xon_interval = kXonUnit * param("cc_xon_rate", 500, 1, 5000);
  out.xon_ewma_count = param("cc_xon_ewma_cnt", out.xon_ewma_count, 2, 100);
  out.xon_change_pct = param("cc_xon_change_pct", out.xon_change_pct, 1, 99);
  out.peer_xoff_limit =
      std::min(out.peer_xoff_limit, kXoffUnit * param("cc_xoff_exit", 500, 1, 10000));
  out.peer_xon_interval = std::min(out.peer_xon_interval, out.xon_interval);
  return out;
}

}  // namespace onion_proxy
