// One direction of a TCP connection: bytes arrive in order, after a delay, and only so many may be
// on the way or unread.
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
  Time jitter = 0;  ///< more delay, anew for each write, from none to this
  /// From and until when nothing arrives.
  std::vector<std::pair<Time, Time>> stalls{};
  std::uint64_t capacity = 4U << 20U;  ///< bytes in both kernels together
};

class Pipe {
 public:
  Pipe(Engine& engine, PipeOptions options, Random random);

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
  [[nodiscard]] Time arrival();
  void make_room();

  Engine& engine_;
  PipeOptions options_;
  Random random_;
  Engine::Action readable_;
  Engine::Action writable_;
  std::deque<Cell> unread_;
  std::size_t inside_ = 0;  ///< cells written and not read
  Time last_arrival_ = 0;
  bool was_full_ = false;
};

}  // namespace scheduler_lab
