// Bytes on their way: what is put in comes out a delay later, in order, at any rate.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace delay_forwarder {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Duration = Clock::duration;

/// One direction of a connection. Without I/O; single-threaded.
class DelayLine {
 public:
  /// Both in bytes, and both upper bounds up to what one `push` brings.
  struct Limits {
    size_t held = size_t{16} << 20;      ///< in all: rate times delay must fit
    size_t waiting = size_t{256} << 10;  ///< past their delay; more means a slow reader
  };

  explicit DelayLine(Limits limits) : limits_(limits) {}

  /// How many bytes may be put in now. 0 passes a slow reader's pressure on to the sender.
  size_t room(Instant now);

  /// At most `room(now)` bytes. Never overtakes what was put in before, though `delay` shrank.
  void push(std::span<const uint8_t> bytes, Instant now, Duration delay);

  /// The sender has ended; that is delayed too.
  void push_end(Instant now, Duration delay);

  /// Bytes that have served their delay, or a first part of them; valid until the next call.
  std::span<const uint8_t> due(Instant now);

  /// `count` bytes of what `due` returned have gone out.
  void pop(size_t count);

  /// Nothing is held, and the end has served its delay.
  bool ended(Instant now) const;

  /// When `due` or `ended` will tell more than at their last call; nothing if time changes nothing.
  std::optional<Instant> next_change() const;

  size_t held() const { return static_cast<size_t>(tail_ - head_); }

 private:
  struct Mark {
    Instant due;
    uint64_t end;  // position behind the bytes that are due then
  };

  void advance(Instant now);
  void grow(size_t wanted);
  Instant in_order(Instant due) const;

  Limits limits_;
  std::vector<uint8_t> ring_;  // its size is 0 or a power of two
  uint64_t head_ = 0;          // positions count from the beginning of the connection
  uint64_t due_end_ = 0;
  uint64_t tail_ = 0;
  std::deque<Mark> marks_;
  std::optional<Instant> end_due_;
};

}  // namespace delay_forwarder
