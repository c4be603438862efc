#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/base/time.h"

namespace onion_proxy {

/// Stream flow control by XON and XOFF, with C tor's defaults. Spec: prop324 "Flow control". Each
/// end of a stream has limits of its own.
struct StreamFlowParams {
  size_t xoff_limit = 500 * 488;    ///< bytes buffered towards the application
  size_t xon_interval = 500 * 498;  ///< bytes drained between two measurements
  /// Bytes buffered beyond which a peer is not pausing at all. After an XOFF no more can come than
  /// was under way: a window of each leg, 2.5 MB at C tor's slow-start limit, eight legs at most.
  size_t buffer_max = 32 << 20;
  size_t evaluate_above = 32 * 498;  ///< bytes buffered from which arrivals are measured too
  uint32_t xon_ewma_count = 2;
  uint32_t xon_change_pct = 25;
  Micros xoff_grace = std::chrono::milliseconds(5);
  size_t peer_xoff_limit = 500 * 488;    ///< the least that an honest peer has as its `xoff_limit`
  size_t peer_xon_interval = 500 * 498;  ///< the same of its `xon_interval`
};

/// The peer's hold on what we send on one stream.
class StreamSendFlow {
 public:
  explicit StreamSendFlow(const StreamFlowParams& params) : params_(params) {}

  /// Fails on what no honest peer sends: a second XOFF without an XON between, or an XOFF before
  /// enough bytes were sent to fill the peer's buffer (a way to signal along the circuit).
  Status handle_xoff();
  /// `kilobytes_per_s` is in units of 1000 bytes per second, 0 = unlimited. Fails on far more XONs
  /// than the bytes sent can have caused.
  Status handle_xon(uint32_t kilobytes_per_s, Instant now);

  /// Bytes that may be read from the application and sent now.
  size_t allowance(Instant now);
  void note_sent(size_t bytes);
  /// When `allowance` will have `bytes` (or a full bucket): nullopt if it has, or while XOFFed,
  /// when only an XON helps.
  std::optional<Instant> ready_at(size_t bytes, Instant now);
  bool is_paused() const { return paused_; }

 private:
  void refill(Instant now);
  void scale_counters();

  StreamFlowParams params_;
  bool paused_ = false;
  uint64_t rate_ = 0;  ///< bytes per second, 0 = unlimited; also the bucket's size
  uint64_t tokens_ = 0;
  Instant refilled_at_{};
  uint64_t bytes_sent_ = 0;
  uint64_t xoffs_ = 0;
  uint64_t xons_ = 0;
  bool scaled_ = false;
};

/// Our hold on what the peer sends, from how our buffer towards the application drains.
/// C-tor: flow_control_decide_xoff(), flow_control_decide_xon().
class StreamReceiveFlow {
 public:
  /// A cell to send at once.
  struct Action {
    bool xoff = false;
    uint32_t kilobytes_per_s = 0;  ///< of the XON
  };

  explicit StreamReceiveFlow(const StreamFlowParams& params) : params_(params) {}

  /// Data came in; `buffered` bytes now wait for the application.
  std::optional<Action> note_arrival(size_t buffered, Instant now);
  /// `drained` bytes were taken by the application; `buffered` are left.
  std::optional<Action> note_drained(size_t drained, size_t buffered, Instant now);

  /// Pauses the peer whatever the buffer holds, until `release` (memory is short elsewhere).
  std::optional<Action> hold();
  std::optional<Action> release(size_t buffered);

  bool xoff_sent() const { return xoff_sent_; }

 private:
  std::optional<Action> evaluate(size_t buffered, Instant now);
  void measure(Instant now);
  bool rate_moved() const;
  Action xon();

  StreamFlowParams params_;
  bool xoff_sent_ = false;
  bool held_ = false;
  std::optional<Instant> over_limit_since_;
  std::optional<Instant> drain_start_;
  uint64_t drained_ = 0;
  uint64_t previous_drained_ = 0;
  uint64_t rate_ewma_ = 0;       ///< 1000 bytes per second
  uint64_t rate_last_sent_ = 0;  ///< 0: none sent, or unlimited
};

}  // namespace onion_proxy
