// What the plugin must answer, worked out once more in the simplest way: a multimap, sums, no
// lanes.
#pragma once

#include <mpath/plugin.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "test/sim/cell.h"

namespace sim {

struct LedgerOptions {
  std::uint32_t cwnd_init = 0;
  std::uint32_t sendme_inc = 0;
  std::uint64_t reorder_limit = 0;  // bytes
  std::uint64_t high_water = 0;
  std::uint64_t low_water = 0;
  std::uint64_t stall_timeout_us = 0;
  std::uint64_t handshake_timeout_us = 0;
};

struct Expected {
  mpath_status status = MPATH_OK;
  std::uint32_t reason = 0;
};

// The receiving side keeps book of every cell and the sending side of every grant; after each step
// the plugin's own numbers must agree. Written from the proposal and the contract, not from the
// plugin's code. Legs are the host's numbers.
class Ledger {
 public:
  explicit Ledger(const LedgerOptions& options) : options_(options) {}

  // Legs.
  void add_leg();
  void begin_handshakes(std::uint64_t now);
  void tell_link(std::size_t leg);
  void remove(std::size_t leg, std::uint32_t reason, std::uint32_t inflight);
  void close(std::uint32_t reason);

  // Each call of the plugin that has a time begins with this.
  void expire(std::uint64_t now);

  // What becomes of a cell. Nothing: it depends on a body that is not looked into here; then
  // commit_linked() says what came of it.
  std::optional<Expected> receive(std::size_t leg, const Cell& cell, std::uint32_t cost);
  void commit_linked(std::size_t leg);
  // A token came back; answers what is wrong with it, or nothing.
  std::string take_token(const mpath_token& token);
  // The plugin gave what it had: two cells with one number show themselves now, if there was room.
  void end_drain(bool room_left);
  [[nodiscard]] bool has_tokens() const;

  // A grant; answers what is wrong with it.
  std::string commit_grant(std::size_t leg, const mpath_grant& grant);

  // Compares with what the plugin says of itself; answers the first difference.
  [[nodiscard]] std::string compare(const mpath_tunnel_info& info) const;
  [[nodiscard]] std::string compare(std::size_t leg, const mpath_leg_info& info) const;
  [[nodiscard]] std::uint64_t next_deadline() const;
  // The latest time that the plugin was told.
  [[nodiscard]] std::uint64_t now() const { return now_; }
  // From LINK to LINKED; 0 before.
  [[nodiscard]] std::uint64_t handshake_us(std::size_t leg) const {
    return legs_[leg].handshake_us;
  }
  [[nodiscard]] std::uint32_t closed_reason() const { return closed_; }
  [[nodiscard]] bool pressure() const { return pressure_; }

  // For a far end that means harm: the SWITCH that is the last one allowed on this leg.
  [[nodiscard]] std::uint64_t furthest_delta(std::size_t leg) const;
  // The SWITCH after which the leg's next cell is that many past the next one of all. 0: there is
  // none, or none is needed.
  [[nodiscard]] std::uint64_t delta_to_next(std::size_t leg, std::uint64_t past) const;

 private:
  enum class State { kUnlinked, kLinkQueued, kAwaiting, kLinked, kTimedOut, kGone };
  struct Leg {
    State state = State::kUnlinked;
    std::uint64_t deadline = UINT64_MAX;
    std::uint64_t link_told_at = 0;
    std::uint64_t handshake_us = 0;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t carried_out = 0;
    std::uint64_t carried_in = 0;
    bool switched = false;  // and no cell after it yet
  };
  struct Held {
    std::uint64_t token;
    std::uint32_t cost;
    std::uint64_t arrived;
  };

  Expected refuse(std::uint32_t reason);
  Expected receive_counted(Leg& leg, const Cell& cell, std::uint32_t cost);
  Expected receive_switch(Leg& leg, const Cell& cell);
  void check_stall();
  void find_repeated();
  void check_water();
  [[nodiscard]] std::uint64_t furthest() const;
  [[nodiscard]] std::uint64_t count_linked() const;
  [[nodiscard]] std::uint64_t highest(std::uint64_t Leg::*counter, const Leg& without) const;

  LedgerOptions options_;
  std::vector<Leg> legs_;
  std::multimap<std::uint64_t, Held> held_;  // by number
  std::uint64_t held_bytes_ = 0;
  std::uint64_t peak_cells_ = 0;
  std::uint64_t peak_bytes_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t switches_received_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t switches_sent_ = 0;
  std::optional<std::size_t> sender_;  // that carried the last cell
  std::uint64_t now_ = 0;
  std::uint64_t stall_at_ = UINT64_MAX;
  std::uint32_t closed_ = 0;
  bool pressure_ = false;
};

// Does a command count in the sequence?
[[nodiscard]] bool is_counted(std::uint8_t command);

}  // namespace sim
