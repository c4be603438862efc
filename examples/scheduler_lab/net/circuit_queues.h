// Cells that wait for one channel, by circuit: the circuit that has sent least of late goes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>

#include "examples/scheduler_lab/net/cell.h"
#include "examples/scheduler_lab/net/engine.h"

namespace scheduler_lab {

/// C-tor: circuitmux_ewma.c, with its default half-life of 30 s.
class CircuitQueues {
 public:
  void push(const Cell& cell) {
    queues_[cell.circuit].cells.push_back(cell);
    ++size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// Not empty.
  Cell pop(Time now);

 private:
  struct Queue {
    std::deque<Cell> cells;
    double sent = 0;  ///< cells, each counting less as time goes by
  };
  void age(Time now);

  std::map<std::uint32_t, Queue> queues_;
  std::size_t size_ = 0;
  Time aged_at_ = 0;
};

}  // namespace scheduler_lab
