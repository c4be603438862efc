// One forwarded TCP connection: two sockets with a delay line each way.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "test/bench/e2e/forwarder/delay_line.h"

namespace delay_forwarder {

/// A file descriptor that is closed with its owner.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();
  int get() const { return fd_; }

 private:
  int fd_;
};

/// Non-blocking; the caller tells which socket may be readable or writable again.
class Connection {
 public:
  enum Side : size_t { kClient = 0, kTarget = 1 };

  /// Takes over two non-blocking sockets.
  Connection(Fd client, Fd target, DelayLine::Limits limits);

  /// Moves what can be moved. `delay` is for what is read in this call.
  /// False when the connection is over, by both ends or by an error.
  bool pump(Instant now, Duration delay);

  /// epoll said so.
  void note_events(Side side, uint32_t events);

  /// The events that `side` waits for now, or kNothingLeft: epoll tells of a hang-up whether
  /// asked or not, so a socket that is done with must be taken out.
  uint32_t interest(Side side, Instant now);
  static constexpr uint32_t kNothingLeft = ~uint32_t{0};

  /// When `pump` will have something to do without any event.
  std::optional<Instant> next_change() const;

  int fd(Side side) const { return sides_[side].fd.get(); }

  /// What the caller last told epoll about `side`; kept here for it.
  uint32_t& registered(Side side) { return sides_[side].registered; }

 private:
  struct End {
    Fd fd;
    DelayLine line;  // what was read from here, on its way to the other side
    bool readable = false;
    bool blocked = false;    // a write to here would not be taken
    bool read_end = false;   // nothing more comes from here
    bool write_end = false;  // it was told that nothing more comes
    bool broken = false;
    uint32_t registered = 0;
  };

  bool read_from(End& from, Instant now, Duration delay);
  bool write_to(End& to, DelayLine& line, Instant now);

  std::array<End, 2> sides_;
};

}  // namespace delay_forwarder
