// The far end, written from the proposal in the simplest possible way: a map and three counters.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "test/sim/cell.h"
#include "test/sim/random.h"

namespace sim {

// An honest exit of one set. It knows nothing of the plugin's code.
class ReferenceExit {
 public:
  using Send = std::function<void(std::size_t leg, Cell cell)>;

  ReferenceExit(Send send, std::uint32_t window, std::uint32_t sendme_inc)
      : send_(std::move(send)), window_(window), sendme_inc_(sendme_inc) {}

  void add_leg() { legs_.emplace_back(); }
  void forget_leg() { legs_.pop_back(); }  // the last one, which never was
  void kill_leg(std::size_t leg) { legs_[leg].alive = false; }

  // A cell arrived. Whatever an honest client never does is an error for the oracle.
  void receive(std::size_t leg, const Cell& cell);
  // Sends up to `count` cells that streams have for the client; answers how many went.
  std::size_t send_cells(std::size_t count, Random& random);
  [[nodiscard]] bool can_send() const;

  [[nodiscard]] const std::vector<std::uint64_t>& delivered() const { return delivered_; }
  [[nodiscard]] const std::vector<std::uint64_t>& sent() const { return sent_; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  struct Leg {
    bool alive = true;
    bool linked = false;
    bool acked = false;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint32_t inflight = 0;
    std::uint32_t data_seen = 0;
  };

  void receive_sequenced(std::size_t leg, const Cell& cell);
  [[nodiscard]] bool usable(const Leg& leg) const { return leg.alive && leg.acked; }
  void send_on(std::size_t leg, std::uint8_t command);

  Send send_;
  std::uint32_t window_;
  std::uint32_t sendme_inc_;
  std::vector<Leg> legs_;
  std::map<std::uint64_t, std::uint64_t> held_;
  std::uint64_t delivered_seq_ = 0;
  std::vector<std::uint64_t> delivered_;
  std::vector<std::uint64_t> sent_;
  bool has_current_ = false;
  std::size_t current_ = 0;
  std::vector<std::uint8_t> nonce_;
  std::string error_;
};

}  // namespace sim
