#include "examples/onion_proxy/circuit/stream_flow.h"

#include <algorithm>
#include <limits>
#include <string>

namespace onion_proxy {
namespace {

constexpr uint64_t kMicrosPerSecond = 1'000'000;
constexpr uint64_t kBytesPerRateUnit = 1000;
constexpr uint64_t kRateMax = 0x7fffffff;  ///< bytes per second; above means unlimited
constexpr uint64_t kCountScale = 200;
constexpr uint64_t kBytesScale = 10 << 20;
// A rate update may follow an XON after few more bytes, so the count runs a little ahead of them.
constexpr uint64_t kXonSlack = 4;

}  // namespace

void StreamSendFlow::scale_counters() {
  if (xoffs_ < kCountScale && xons_ < kCountScale && bytes_sent_ < kBytesScale) return;
  bytes_sent_ /= 2;
  xoffs_ /= 2;
  xons_ /= 2;
  scaled_ = true;
}

Status StreamSendFlow::handle_xoff() {
  if (paused_) return Error{"a second XOFF without an XON between"};
  // Halving takes up to half a buffer of credit from an honest peer each time.
  if (bytes_sent_ < params_.peer_xoff_limit * (xoffs_ + (scaled_ ? 0 : 1))) {
    return Error{"an XOFF before the peer's buffer can have filled"};
  }
  ++xoffs_;
  scale_counters();
  paused_ = true;
  return Status();
}

Status StreamSendFlow::handle_xon(uint32_t kilobytes_per_s, Instant now) {
  const uint64_t least = std::min(params_.peer_xoff_limit, params_.peer_xon_interval);
  if (xons_ >= kXonSlack && bytes_sent_ < least * (xons_ + 1 - kXonSlack)) {
    return Error{"more XONs than the bytes sent can have caused"};
  }
  ++xons_;
  scale_counters();
  paused_ = false;
  const uint64_t rate = kilobytes_per_s * kBytesPerRateUnit;
  const bool was_unlimited = rate_ == 0;
  refill(now);
  rate_ = rate > kRateMax ? 0 : rate;
  tokens_ = was_unlimited ? rate_ : std::min(tokens_, rate_);
  refilled_at_ = now;
  return Status();
}

void StreamSendFlow::refill(Instant now) {
  if (rate_ == 0 || now <= refilled_at_) return;
  const auto elapsed =
      std::min<uint64_t>(static_cast<uint64_t>((now - refilled_at_).count()), kMicrosPerSecond);
  const uint64_t gained = rate_ * elapsed / kMicrosPerSecond;
  // Wait until at least one byte has accrued, or slow rates polled often would gain nothing.
  if (gained == 0) return;
  tokens_ = std::min(rate_, tokens_ + gained);
  refilled_at_ = now;
}

size_t StreamSendFlow::allowance(Instant now) {
  if (paused_) return 0;
  if (rate_ == 0) return std::numeric_limits<size_t>::max();
  refill(now);
  return tokens_;
}

void StreamSendFlow::note_sent(size_t bytes) {
  bytes_sent_ += bytes;
  scale_counters();
  if (rate_ != 0) tokens_ -= std::min<uint64_t>(tokens_, bytes);
}

std::optional<Instant> StreamSendFlow::ready_at(size_t bytes, Instant now) {
  const uint64_t wanted = rate_ == 0 ? bytes : std::min<uint64_t>(bytes, rate_);
  const size_t have = allowance(now);
  if (paused_ || have >= wanted) return std::nullopt;
  const uint64_t wait = ((wanted - have) * kMicrosPerSecond + rate_ - 1) / rate_;
  return refilled_at_ + Micros(static_cast<int64_t>(wait));
}

std::optional<StreamReceiveFlow::Action> StreamReceiveFlow::note_arrival(size_t buffered,
                                                                         Instant now) {
  if (buffered <= params_.xoff_limit) {
    over_limit_since_.reset();
  } else if (!xoff_sent_) {
    // A burst that drains within the grace period needs no XOFF (C tor #41130).
    if (!over_limit_since_) over_limit_since_ = now;
    if (now - *over_limit_since_ > params_.xoff_grace) {
      over_limit_since_.reset();
      rate_ewma_ = 0;
      xoff_sent_ = true;
      return Action{.xoff = true};
    }
  }
  if (buffered > params_.evaluate_above) return evaluate(buffered, now);
  return std::nullopt;
}

std::optional<StreamReceiveFlow::Action> StreamReceiveFlow::note_drained(size_t drained,
                                                                         size_t buffered,
                                                                         Instant now) {
  drained_ += drained;
  // Else the next burst, however late, would look like the same one.
  if (buffered <= params_.xoff_limit) over_limit_since_.reset();
  return evaluate(buffered, now);
}

std::optional<StreamReceiveFlow::Action> StreamReceiveFlow::hold() {
  held_ = true;
  if (xoff_sent_) return std::nullopt;
  xoff_sent_ = true;
  return Action{.xoff = true};
}

std::optional<StreamReceiveFlow::Action> StreamReceiveFlow::release(size_t buffered) {
  held_ = false;
  // A buffer that is not empty gets its XON when it has drained.
  if (!xoff_sent_ || buffered > 0) return std::nullopt;
  return xon();
}

void StreamReceiveFlow::measure(Instant now) {
  if (!drain_start_ || drained_ <= params_.xon_interval) return;
  const auto elapsed = (now - *drain_start_).count();
  if (elapsed <= 0) return;
  if (previous_drained_ == 0) previous_drained_ = drained_;
  const uint64_t rate =
      std::max<uint64_t>(previous_drained_ * 1000 / static_cast<uint64_t>(elapsed), 1);
  const uint64_t n = params_.xon_ewma_count;
  rate_ewma_ = rate_ewma_ == 0 ? rate : (2 * rate + (n - 1) * rate_ewma_) / (n + 1);
  previous_drained_ = drained_;
  drained_ = 0;
  drain_start_.reset();
}

bool StreamReceiveFlow::rate_moved() const {
  if (rate_last_sent_ == 0) return false;
  const uint64_t pct = params_.xon_change_pct;
  return rate_ewma_ * 100 > (100 + pct) * rate_last_sent_ ||
         rate_ewma_ * 100 < (100 - pct) * rate_last_sent_;
}

StreamReceiveFlow::Action StreamReceiveFlow::xon() {
  xoff_sent_ = false;
  rate_ewma_ = std::min<uint64_t>(rate_ewma_, kRateMax);
  rate_last_sent_ = rate_ewma_;
  return {.kilobytes_per_s = static_cast<uint32_t>(rate_ewma_)};
}

std::optional<StreamReceiveFlow::Action> StreamReceiveFlow::evaluate(size_t buffered, Instant now) {
  measure(now);
  std::optional<Action> action;
  if (xoff_sent_ ? buffered == 0 && !held_ : rate_moved()) action = xon();
  if (buffered == 0) {
    // Only bytes that drained from a queue say how fast the application reads.
    drain_start_.reset();
    if (drained_ >= params_.xon_interval && rate_last_sent_ != 0) {
      rate_ewma_ = std::min<uint64_t>(kRateMax, 2 * rate_ewma_);
      drained_ = 0;
    }
  } else if (!drain_start_) {
    drained_ = 0;
    drain_start_ = now;
  }
  return action;
}

}  // namespace onion_proxy
