// A relay cell of the simulated network, and the pipe that carries it.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace sim {

// Relay commands, written out once more: the simulated far end shares nothing with the plugin.
enum Command : std::uint8_t {
  kBegin = 1,
  kData = 2,
  kEnd = 3,
  kSendme = 5,
  kLink = 19,
  kLinked = 20,
  kLinkedAck = 21,
  kSwitch = 22,
  kXon = 44,
};

struct Cell {
  std::uint8_t command = 0;
  std::uint64_t content = 0;  // names a sequenced cell for the oracle
  std::vector<std::uint8_t> body;
};

// One direction of a leg: in order, each cell after its delay. Time in microseconds.
class Pipe {
 public:
  void send(Cell cell, std::uint64_t arrives_at) {
    // A circuit never reorders: jitter delays what comes behind as well.
    if (!cells_.empty() && cells_.back().at > arrives_at) arrives_at = cells_.back().at;
    cells_.push_back({arrives_at, std::move(cell)});
  }
  [[nodiscard]] bool ready(std::uint64_t now) const {
    return !stalled && !cells_.empty() && cells_.front().at <= now;
  }
  Cell take() {
    Cell cell = std::move(cells_.front().cell);
    cells_.pop_front();
    return cell;
  }
  [[nodiscard]] bool empty() const { return cells_.empty(); }
  [[nodiscard]] std::size_t size() const { return cells_.size(); }
  void lose_all() { cells_.clear(); }

  bool stalled = false;

 private:
  struct InFlight {
    std::uint64_t at;
    Cell cell;
  };
  std::deque<InFlight> cells_;
};

}  // namespace sim
