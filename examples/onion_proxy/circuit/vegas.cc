#include "examples/onion_proxy/circuit/vegas.h"

#include <algorithm>

namespace onion_proxy {

Vegas::Vegas(const VegasParams& params, uint32_t sendme_inc)
    : params_(params), sendme_inc_(sendme_inc), rtt_(params.rtt), cwnd_(params.cwnd_init) {}

uint64_t Vegas::update_rate() const {
  if (slow_start_) return 1;
  const uint64_t step = params_.cwnd_inc_rate * sendme_inc_;
  return (cwnd_ + step / 2) / step;
}

uint64_t Vegas::sendmes_per_cwnd() const { return (cwnd_ + sendme_inc_ / 2) / sendme_inc_; }

uint64_t Vegas::bdp_without_rtt(const Sendme& sendme) const {
  if (!sendme.channel_blocked) return cwnd_;
  const uint64_t drained = cwnd_ > sendme.channel_queue ? cwnd_ - sendme.channel_queue : 0;
  return std::max<uint64_t>(drained, params_.cwnd_min);
}

bool Vegas::update_rtt_and_bdp(const Sendme& sendme) {
  const bool believed = rtt_.add({.rtt_us = sendme.rtt_us,
                                  .slow_start = slow_start_,
                                  .cwnd_at_minimum = cwnd_ == params_.cwnd_min,
                                  .update_rate = update_rate()});
  bdp_ = rtt_.ewma_us() == 0 ? bdp_without_rtt(sendme) : cwnd_ * rtt_.min_us() / rtt_.ewma_us();
  // On either edge of blocking the algorithm acts at once.
  if (sendme.channel_blocked != blocked_) next_update_ = 0;
  blocked_ = sendme.channel_blocked;
  return blocked_ || believed;
}

void Vegas::update_full() {
  if (inflight_ + params_.full_gap * sendme_inc_ >= cwnd_) {
    full_ = true;
  } else if (100 * inflight_ < params_.full_min_pct * cwnd_) {
    full_ = false;
  }
}

void Vegas::grow_in_slow_start(uint64_t queue) {
  if (queue < params_.gamma && !blocked_) {
    if (full_) {
      const uint64_t limited = (sendme_inc_ * params_.ss_cap + cwnd_) / (2 * cwnd_);
      const uint64_t step = cwnd_ <= params_.ss_cap
                                ? (params_.cwnd_inc_pct_ss * sendme_inc_ + 50) / 100
                                : std::max<uint64_t>(limited, 1);
      cwnd_ += step;
      if (step * sendmes_per_cwnd() <= uint64_t{params_.cwnd_inc} * params_.cwnd_inc_rate) {
        slow_start_ = false;
      }
    }
  } else {
    cwnd_ = bdp_ + params_.gamma;
    slow_start_ = false;
  }
  if (cwnd_ >= params_.ss_max) {
    cwnd_ = params_.ss_max;
    slow_start_ = false;
  }
}

void Vegas::steer_in_steady_state(uint64_t queue) {
  if (queue > params_.delta) {
    cwnd_ = bdp_ + params_.delta - params_.cwnd_inc;
  } else if (queue > params_.beta || blocked_) {
    cwnd_ -= std::min<uint64_t>(params_.cwnd_inc, cwnd_);
  } else if (full_ && queue < params_.alpha) {
    cwnd_ += params_.cwnd_inc;
  }
  cwnd_ = std::max<uint64_t>(cwnd_, params_.cwnd_min);
}

void Vegas::restart_counters() {
  if (next_cwnd_ == 0) next_cwnd_ = sendmes_per_cwnd();
  if (next_update_ == 0) next_update_ = update_rate();
  const bool window_done =
      params_.full_per_cwnd ? next_cwnd_ == sendmes_per_cwnd() : next_update_ == update_rate();
  if (window_done) full_ = false;
}

// A SENDME is only accepted for cells that were counted, so this cannot underflow; saturate anyway.
void Vegas::finish_sendme() { inflight_ -= std::min(inflight_, sendme_inc_); }

void Vegas::handle_sendme(const Sendme& sendme) {
  if (next_update_ > 0) --next_update_;
  if (next_cwnd_ > 0) --next_cwnd_;
  if (!update_rtt_and_bdp(sendme)) return finish_sendme();

  const uint64_t queue = cwnd_ > bdp_ ? cwnd_ - bdp_ : 0;
  update_full();
  if (slow_start_) {
    grow_in_slow_start(queue);
  } else if (next_update_ == 0) {
    steer_in_steady_state(queue);
  }
  restart_counters();
  finish_sendme();
  cwnd_ = std::min<uint64_t>(cwnd_, params_.cwnd_max);
}

}  // namespace onion_proxy
