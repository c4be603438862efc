// One direction of a TCP connection: bytes arrive in order, after a delay, only so many may be on
// the way or unread, and small writes wait for acknowledgements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "examples/scheduler_lab/net/cell.h"
#include "examples/scheduler_lab/net/engine.h"
#include "examples/scheduler_lab/net/random.h"

namespace scheduler_lab {

struct PipeOptions {
  Time delay = 50;  ///< one way
  Time jitter = 0;  ///< more delay, anew for each segment, from none to this
  /// From and until when nothing arrives.
  std::vector<std::pair<Time, Time>> stalls{};
  std::uint64_t capacity = 4U << 20U;  ///< bytes in both kernels together
  std::uint64_t mss = 65483;           ///< bytes of a full segment
  bool nagle = true;                   ///< tor does not set TCP_NODELAY
  Time delayed_ack = 40 * kMillisecond;
  Time ack_delay = 50;  ///< of an acknowledgement on its way back
};

class Pipe {
 public:
  Pipe(Engine& engine, PipeOptions options, Random random);
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  /// The other direction of the connection, whose segments carry acknowledgements.
  void join(Pipe& reverse) { reverse_ = &reverse; }
  void on_readable(Engine::Action action) { readable_ = std::move(action); }
  /// Called when there is room again after there was none.
  void on_writable(Engine::Action action) { writable_ = std::move(action); }

  /// Cells that can be written now.
  [[nodiscard]] std::size_t room() const;
  /// At most `room()` cells.
  void write(std::span<const Cell> cells);

  [[nodiscard]] std::size_t unread() const { return unread_.size(); }
  Cell read();

 private:
  void push();
  void send(std::size_t cells);
  void arrive(std::span<const Cell> cells, bool small);
  void acknowledge();
  [[nodiscard]] Time arrival();
  void make_room();

  Engine& engine_;
  PipeOptions options_;
  Random random_;
  Engine::Action readable_;
  Engine::Action writable_;
  Pipe* reverse_ = nullptr;
  std::deque<Cell> pending_;  ///< in the sender's kernel, not sent
  std::deque<Cell> unread_;
  std::size_t inside_ = 0;  ///< cells written and not read
  Time last_arrival_ = 0;
  bool small_unacked_ = false;  ///< at the sender
  bool ack_owed_ = false;       ///< at the receiver
  std::uint64_t acks_ = 0;      ///< that the receiver has sent
  bool was_full_ = false;
};

}  // namespace scheduler_lab
