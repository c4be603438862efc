// A relay's rate limit (RelayBandwidthRate, RelayBandwidthBurst): one bucket for what it reads, one
// for what it writes, refilled together.
#pragma once

#include <cstdint>

#include "examples/scheduler_lab/net/engine.h"

namespace scheduler_lab {

class TokenBucket {
 public:
  struct Options {
    std::uint64_t rate = 0;   ///< bytes per second
    std::uint64_t burst = 0;  ///< bytes; the bucket begins full
    /// Keeps what is left of a step for the next refill. Tor does not.
    bool exact = false;
  };
  /// `stamp` is of CoarseClock.
  TokenBucket(const Options& options, Time stamp);

  /// Adds what whole steps have brought. In tor what is left of a step is lost: the bucket counts
  /// from now on. That costs a relay a tenth of its rate and more.
  void refill(Time stamp);

  void take_read(std::uint64_t bytes) { read_ -= static_cast<std::int64_t>(bytes); }
  void take_written(std::uint64_t bytes) { write_ -= static_cast<std::int64_t>(bytes); }
  [[nodiscard]] bool may_read() const { return read_ > 0; }
  [[nodiscard]] bool may_write() const { return write_ > 0; }
  /// Bytes that one connection may take in one turn.
  [[nodiscard]] std::uint64_t read_share() const { return share(read_); }
  [[nodiscard]] std::uint64_t write_share() const { return share(write_); }

  static constexpr Time kStampsPerStep = 16;

 private:
  static std::uint64_t share(std::int64_t tokens);

  std::int64_t per_step_;
  std::int64_t burst_;
  std::int64_t read_;
  std::int64_t write_;
  Time refilled_at_;
  bool exact_;
};

}  // namespace scheduler_lab
