// The simulated host: it drives the plugin through the C table, as any host does.
#pragma once

#include <mpath/plugin.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "test/sim/cell.h"
#include "test/sim/ledger.h"
#include "test/sim/random.h"

namespace sim {

struct HostOptions {
  std::uint32_t window = 32;  // DATA cells per leg
  std::uint32_t sendme_inc = 8;
  std::uint32_t cell_cost = 514;       // bytes
  std::string config;                  // YAML
  std::string reloaded;                // YAML for tunnels that are made later
  LedgerOptions ledger;                // as the configuration has it
  std::uint64_t drains_at_once = 900;  // of 1000 times
  bool tells_totals = false;           // its views say what was sent and acknowledged
  bool takes_shares = false;           // the scheduler may grant less than there is room for
  bool goes_by_rate = false;           // the scheduler forgets what was delivered, and says when
};

// What the oracle may ask.
struct HostReport {
  std::vector<std::uint64_t> sent;       // contents, in the order of their grants
  std::vector<std::uint64_t> delivered;  // contents, in the order of delivery
  std::uint32_t closed_reason = 0;       // 0: open
  std::size_t peer_was_full = 0;         // times that the far end might have had to hold too much
  std::string error;                     // a broken promise of the plugin's
};

// Not after each step or cell: whoever looks at a tunnel makes it reckon what it had put off.
inline constexpr std::uint64_t kStepsPerLook = 4;

class ClientHost {
 public:
  using Send = std::function<void(std::size_t leg, Cell cell)>;

  ClientHost(const HostOptions& options, Send send, Random& random);
  ~ClientHost();
  ClientHost(const ClientHost&) = delete;
  ClientHost& operator=(const ClientHost&) = delete;

  // Makes the tunnel with `legs` legs and asks to link them. One leg founds a set.
  void start(std::size_t legs, std::uint64_t now);
  // More circuits join, whatever goes on; all of them or none. They wait for link().
  bool add_legs(std::size_t count);
  void link(std::uint64_t now);
  void receive(std::size_t leg, const Cell& cell, std::uint64_t now);
  // Offers up to `count` cells of one class; answers how many went.
  std::size_t send_cells(std::size_t count, bool data, std::uint64_t now);
  // With all that was sent acknowledged as far as it ever will be, more may go.
  void expect_free(std::uint64_t now);
  void poll(std::uint64_t now);
  void drain(std::size_t capacity);
  void lose_circuit(std::size_t leg);
  // Takes a leg out: because its time has come, or because what was granted could not be sent.
  void retire(std::size_t leg, std::uint32_t reason, std::uint64_t now);
  void pad(std::size_t leg, std::uint64_t now);
  void block_channel(std::size_t leg) { legs_[leg].blocked = !legs_[leg].blocked; }
  void reload();
  void close(std::uint64_t now);
  // After every step: the plugin's numbers are those of the ledger, and it is consistent.
  void check_numbers();

  [[nodiscard]] const HostReport& report() const { return report_; }
  [[nodiscard]] bool ready() const { return ready_ && report_.closed_reason == 0; }
  [[nodiscard]] std::size_t legs() const { return legs_.size(); }
  [[nodiscard]] std::size_t tokens_held() const { return held_.size(); }
  [[nodiscard]] std::uint64_t trace() const { return trace_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  // When the plugin wants to be polled at the latest.
  [[nodiscard]] std::uint64_t deadline() const { return deadline_; }
  // Everything has been given back and told.
  void finish(std::uint64_t now);

 private:
  struct Leg {
    mpath_leg_id id = 0;
    std::uint32_t inflight = 0;
    std::uint32_t data_sent = 0;
    std::uint32_t data_seen = 0;
    std::uint32_t rtt_us = 0;
    std::optional<std::uint64_t> moved_at;  // since the last poll
    std::deque<std::uint64_t> sent_at;
    bool closed = false;   // the circuit is lost; the plugin has not been told yet
    bool blocked = false;  // its channel
    bool padded = false;   // padding blocks it
    bool removed = false;  // the plugin has been told
    bool gone = false;
    int gone_told = 0;
  };

  mpath_leg_params leg_params() const;
  mpath_leg_views views();
  void handle_event(const mpath_event& event, std::uint64_t now);
  void handle_sendme(Leg& leg, std::uint64_t now);
  void remove(std::size_t leg, std::uint32_t reason, std::uint64_t now);
  mpath_status hand_over(const Leg& leg, const Cell& cell, std::uint64_t now,
                         mpath_receipt& receipt);
  [[nodiscard]] bool may_stall(const Leg& leg) const;
  void check_deadline();
  void receive_late(std::size_t leg, std::uint64_t now);
  void judge_answer(std::size_t leg, const Cell& cell, mpath_status status, std::uint32_t reason);
  void check_grant(const mpath_grant& grant, const Leg& leg, std::size_t count, bool data);
  void commit_grant(std::size_t leg, const mpath_grant& grant, bool data, std::uint64_t now);
  void deliver(std::uint64_t content);
  void fail(const std::string& what);
  void check(mpath_status status, const char* what);
  void check_poll(const mpath_events& events, std::uint64_t now);
  Leg* find(mpath_leg_id id);
  void mark(std::uint64_t value);

  HostOptions options_;
  Send send_;
  Random& random_;
  std::uint64_t received_ = 0;  // cells
  Ledger ledger_;
  const mpath_plugin_table* table_ = nullptr;
  mpath_instance* instance_ = nullptr;
  mpath_tunnel_id tunnel_ = 0;
  bool alive_ = false;
  bool ready_ = false;
  bool drain_wanted_ = false;
  bool high_water_ = false;  // as the host was told
  std::uint64_t deadline_ = UINT64_MAX;
  bool waits_ = false;  // DATA did, in the last poll
  std::vector<Leg> legs_;
  std::vector<mpath_leg_view> views_;
  std::map<std::uint64_t, int> held_;  // token -> times that it may still come back
  HostReport report_;
  std::uint64_t trace_ = 0xcbf29ce484222325U;
};

}  // namespace sim
