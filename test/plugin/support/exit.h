// A small model of an exit, for replays: what it makes of the cells that a client sends, and how it
// numbers its own. Own arithmetic, kept apart from the plugin's. Spec: prop329 [SEQUENCING].
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "test/plugin/support/host.h"

namespace conflux::test {

class Exit {
 public:
  // The client's cells as its host sends them. Throws std::logic_error if a sequence number comes
  // twice, or out of order on one leg.
  void receive(const Grant& grant);

  // True if every sequence number from 1 up to the highest one has come.
  [[nodiscard]] bool has_all() const { return seen_.size() == highest_; }
  [[nodiscard]] std::uint64_t received() const { return seen_.size(); }
  [[nodiscard]] std::uint64_t last_received(int leg) const;

  // The exit sends a sequenced cell on a leg: a SWITCH goes first if it sent on another before.
  // Cells are numbered by what the client should deliver, from 1. On the wire at once.
  Answer send(Host& host, int leg, std::uint8_t command = kData);
  // As above, but the cells wait: deliver_next() of a leg brings the oldest of them.
  void send_later(int leg, std::uint8_t command = kData);
  [[nodiscard]] bool has_waiting(int leg) const;
  Answer deliver_next(Host& host, int leg);
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t last_sent(int leg) const;

  // A leg is gone; what waited on it is lost.
  void forget(int leg) { waiting_.erase(leg); }

 private:
  struct Cell {
    std::uint8_t command;
    std::uint64_t token;  // its sequence number; 0 for SWITCH
    std::uint32_t delta;  // of a SWITCH
  };

  std::map<int, std::uint64_t> received_by_leg_;
  std::set<std::uint64_t> seen_;
  std::uint64_t highest_ = 0;
  std::map<int, std::uint64_t> sent_by_leg_;
  std::uint64_t sent_ = 0;
  int current_ = 0;
  std::map<int, std::vector<Cell>> waiting_;
};

// 1, 2, ..., count: what a client that delivers in order has delivered.
[[nodiscard]] std::vector<std::uint64_t> in_order(std::uint64_t count);

}  // namespace conflux::test
