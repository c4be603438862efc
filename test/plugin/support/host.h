// A host for tests: one instance of the real conflux.so and one tunnel, driven through the C table
// alone. Legs are numbered from 1 in the order in which they joined; time is a number that only
// advance() moves.
#pragma once

#include <mpath/plugin.h>

#include <cstdint>
#include <map>
#include <mpath/types.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "test/plugin/support/relay.h"
#include "test/plugin/support/words.h"

namespace conflux::test {

using mpath::Reason;
using mpath::Status;

constexpr std::uint64_t ms(std::uint64_t count) { return count * 1000; }
constexpr std::uint64_t seconds(std::uint64_t count) { return count * 1'000'000; }

// Hops of a test circuit; the last one is the join point.
inline constexpr std::uint8_t kGuardHop = 0;
inline constexpr std::uint8_t kMiddleHop = 1;
inline constexpr std::uint8_t kExitHop = 2;

// The function table of the built conflux.so, dlopened once. Throws if there is none.
[[nodiscard]] const mpath_plugin_table& conflux_table();

// What a test says of a circuit. Its middle hops never matter; hops[i].relay_tag is its own.
struct Circuit {
  std::uint32_t hops = 3;
  std::uint64_t exit = 300;  // the relay tag of its last hop
  bool virtual_end = false;
  bool congestion_control = true;  // at the last hop
  std::uint32_t cwnd_init = 124;
  std::uint32_t sendme_inc = 31;
  std::uint32_t flags = 0;  // MPATH_LEG_*
};

// Every log level, more than two legs, and the scheduler that goes with the UX.
[[nodiscard]] std::string lab_config(const std::string& desired_ux = "high_throughput",
                                     const std::string& more = "");

class Host;

struct HostOptions {
  std::string config = lab_config();
  Circuit first = {};
  const Host* beside = nullptr;  // share its instance, which must live longer; no config then
  bool seeded = true;            // else the plugin draws its own random bytes
};

// What receive() answered.
struct Answer {
  Status status;
  Reason reason = Reason::kNone;
  bool operator==(const Answer&) const = default;
};
[[nodiscard]] inline Answer violation(Reason reason) { return {Status::kErrorProtocol, reason}; }
void PrintTo(const Answer& answer, std::ostream* out);

// What route() answered.
struct Grant {
  Status status = Status::kOk;
  Reason reason = Reason::kNone;
  std::uint32_t granted = 0;
  int leg = 0;
  std::optional<std::uint32_t> switch_delta = std::nullopt;

  [[nodiscard]] Grant after_switch(std::uint32_t delta) const {
    Grant grant = *this;
    grant.switch_delta = delta;
    return grant;
  }
  bool operator==(const Grant&) const = default;
};
[[nodiscard]] inline Grant on_leg(int leg, std::uint32_t cells = 1) {
  return {Status::kOk, Reason::kNone, cells, leg};
}
[[nodiscard]] inline Grant blocked(Reason reason) { return {Status::kBlocked, reason}; }
[[nodiscard]] inline Grant refused(Status status) { return {status}; }
void PrintTo(const Grant& grant, std::ostream* out);

struct LogLine {
  std::string text;
  std::uint32_t level;
  Reason reason;
  std::uint32_t leg;  // ordinal, 0: none
  std::uint64_t value;
};

class Host {
 public:
  // A single-path tunnel of one circuit.
  explicit Host(const HostOptions& options = {});
  // Closes, drains and destroys; throws nothing.
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Legs.
  Status add(const std::vector<Circuit>& circuits);
  Status link();
  Status remove(int leg, Reason reason = Reason::kChannelClosed);
  Status set_path(int leg, const Circuit& circuit);
  [[nodiscard]] mpath_leg_id id(int leg) const { return ids_.at(leg); }
  [[nodiscard]] int number(mpath_leg_id id) const;

  // Shortcuts to a given. `legs` in all; leg i answers LINK after i * 100 ms; all drained.
  void join(int legs);
  void join_and_link(int legs);

  // The far end speaks.
  Answer receive(int leg, std::uint8_t command, const Body& body = {}, std::uint8_t hop = kExitHop);
  // A sequenced cell whose token is `token`.
  Answer cell(int leg, std::uint64_t token, std::uint8_t command = kData,
              std::uint8_t hop = kExitHop);
  Answer linked(int leg);  // as an honest exit answers our LINK
  Answer switched(int leg, std::uint32_t delta);

  // The host sends. route() decides; send() also does the host's own accounting of DATA.
  Grant route(std::uint8_t command, std::uint32_t want = 1, std::uint8_t hop = kExitHop,
              int leg = 0);
  Grant send(std::uint8_t command, std::uint32_t want = 1);
  void acknowledge(int leg, std::uint32_t cells);
  Answer can_read(int* leg = nullptr);

  // Events of one round, in words; events() has them whole.
  std::vector<std::string> poll();
  [[nodiscard]] const std::vector<mpath_event>& events() const { return events_; }
  [[nodiscard]] Status poll_status() const { return poll_status_; }
  [[nodiscard]] std::uint64_t deadline() const { return deadline_; }
  // Of the last SEND_CELL on this leg.
  [[nodiscard]] const mpath_control_cell& sent_cell(int leg) const { return sent_cells_.at(leg); }
  // What the last LINK on this leg said.
  [[nodiscard]] const LinkBody& link_body(int leg) const { return links_.at(leg); }
  Status padding(int leg, std::uint32_t action);

  // Tokens, in the order in which streams got them; receive() drains by itself unless told not to.
  [[nodiscard]] const std::vector<std::uint64_t>& delivered() const { return delivered_; }
  [[nodiscard]] const std::vector<std::uint64_t>& discarded() const { return discarded_; }
  void drain();
  bool drains_by_itself = true;
  std::uint32_t cell_cost = 514;

  // What is known.
  [[nodiscard]] mpath_tunnel_info info() const;
  [[nodiscard]] mpath_leg_info leg_info(int leg) const;
  [[nodiscard]] Status leg_status(int leg) const;
  [[nodiscard]] mpath_detail detail() const;
  [[nodiscard]] mpath_activity activity() const;
  [[nodiscard]] std::vector<mpath_leg_summary> snapshot() const;
  [[nodiscard]] Reason close_reason() const { return Reason{info().close_reason}; }
  [[nodiscard]] std::vector<LogLine> log();
  // How many lines of the log so far have this text in them.
  [[nodiscard]] std::size_t logged(const std::string& text);

  void advance(std::uint64_t us) { now_us += us; }
  // The view of a leg, to be changed at will.
  mpath_leg_view& view(int leg) { return views_.at(leg); }
  [[nodiscard]] mpath_leg_views raw_views() const;

  const mpath_plugin_table& table = conflux_table();
  mpath_instance* instance = nullptr;
  mpath_tunnel_id tunnel = 0;
  std::uint64_t now_us = seconds(1000);
  std::uint32_t backlog = 0;

 private:
  void open_instance(const std::string& config);
  void remember(int leg, mpath_leg_id id);
  void take_tokens();

  std::map<int, mpath_leg_id> ids_;
  std::map<int, mpath_leg_view> views_;  // of legs that are not gone
  std::map<int, mpath_control_cell> sent_cells_;
  std::map<int, LinkBody> links_;
  mutable std::vector<mpath_leg_view> raw_;
  std::vector<mpath_event> events_;
  Status poll_status_ = Status::kOk;
  std::uint64_t deadline_ = MPATH_NEVER;
  std::vector<std::uint64_t> delivered_;
  std::vector<std::uint64_t> discarded_;
  std::vector<LogLine> log_;
  std::uint64_t next_token_ = 1'000'000;
  bool owns_instance_ = false;
};

}  // namespace conflux::test
