#include "test/sim/exhaustive.h"

#include <mpath/plugin.h>

#include <algorithm>
#include <array>
#include <vector>

// Linked in, not loaded: a run takes microseconds.
extern "C" mpath_status mpath_plugin_negotiate(mpath_negotiation* io);

namespace sim {
namespace {

constexpr std::uint8_t kJoinHop = 0;
constexpr std::uint64_t kNoLoss = UINT64_MAX;

// Which leg carries the i-th cell, in which order the legs' cells arrive, and what is lost.
struct Story {
  std::vector<std::size_t> carrier;
  std::vector<std::size_t> arrivals;  // legs
  std::uint64_t loss_at = kNoLoss;    // before this arrival
  std::size_t lost_leg = 0;
};

std::string describe(const Story& story) {
  std::string text = "carriers";
  for (const std::size_t leg : story.carrier) text += " " + std::to_string(leg);
  text += ", arrivals on";
  for (const std::size_t leg : story.arrivals) text += " " + std::to_string(leg);
  if (story.loss_at != kNoLoss) {
    text += ", leg " + std::to_string(story.lost_leg) + " lost before arrival " +
            std::to_string(story.loss_at);
  }
  return text;
}

// A host that only receives, over a tunnel whose legs are linked.
class Receiving {
 public:
  Receiving(const mpath_plugin_table& table, mpath_instance* instance, std::size_t legs)
      : table_(table), instance_(instance) {
    const mpath_hop hop{1, MPATH_HOP_RELAY, MPATH_CC_VEGAS};
    mpath_leg_params leg{};
    leg.struct_size = sizeof leg;
    leg.path = {&hop, 1, sizeof hop, 124, 31};
    std::array<std::uint8_t, MPATH_SEED_LEN> seed{};
    mpath_tunnel_params params{sizeof params, MPATH_ROLE_CLIENT, 0, seed.data(), &leg};
    ids_.resize(legs);
    table_.tunnel_create(instance_, &params, &tunnel_, ids_.data());
    for (std::size_t i = 1; i < legs; ++i) {
      const mpath_leg_views all = views(i);
      table_.legs_add(instance_, tunnel_, &leg, 1, sizeof leg, &all, &ids_[i]);
    }
    table_.link(instance_, tunnel_, 1);
    poll();
    std::array<std::uint8_t, 50> linked{1};
    linked[49] = 1;
    for (std::size_t i = 0; i < legs; ++i) {
      give(i, 20, 0, linked.data(), linked.size());
    }
    poll();
  }
  ~Receiving() {
    table_.tunnel_close(instance_, tunnel_, 3);
    drain();
    table_.tunnel_destroy(instance_, tunnel_);
  }
  Receiving(const Receiving&) = delete;
  Receiving& operator=(const Receiving&) = delete;

  void data(std::size_t leg, std::uint64_t token) {
    const mpath_status status = give(leg, 2, token, nullptr, 0);
    if (status == MPATH_OK) delivered.push_back(token);
    if (status == MPATH_HELD) held.push_back(token);
    if (status < 0 && status != MPATH_E_CLOSED) error = "a cell was refused";
    drain();
  }
  void jump(std::size_t leg, std::uint32_t delta) {
    const std::array<std::uint8_t, 4> body{0, 0, 0, static_cast<std::uint8_t>(delta)};
    const mpath_status status = give(leg, 22, 0, body.data(), body.size());
    if (status != MPATH_CONSUMED && status != MPATH_E_CLOSED) error = "a SWITCH was refused";
  }
  void lose(std::size_t leg) {
    const mpath_leg_views all = views(ids_.size());
    table_.leg_remove(instance_, tunnel_, ids_[leg], MPATH_REASON_CHANNEL_CLOSED, &all, 2);
    poll();
    drain();
  }
  // Everything that is held comes back, once.
  void finish() {
    table_.tunnel_close(instance_, tunnel_, 3);
    drain();
    if (!held.empty()) error = "a token did not come back";
  }

  std::vector<std::uint64_t> delivered;
  std::vector<std::uint64_t> held;
  std::string error;
  bool closed = false;

 private:
  mpath_leg_views views(std::size_t count) {
    items_.assign(count, mpath_leg_view{});
    for (std::size_t i = 0; i < count; ++i) {
      items_[i].leg = ids_[i];
      items_[i].cwnd = 124;
      items_[i].half_stream_expiry_us = MPATH_NEVER;
      items_[i].disused_since_us = MPATH_NEVER;
    }
    return {items_.data(), static_cast<std::uint32_t>(count), sizeof(mpath_leg_view), 0, 0};
  }
  mpath_status give(std::size_t leg, std::uint8_t command, std::uint64_t token,
                    const std::uint8_t* body, std::size_t length) {
    mpath_cell cell{};
    cell.struct_size = sizeof cell;
    cell.command = command;
    cell.hop = kJoinHop;
    cell.body = body;
    cell.body_length = static_cast<std::uint16_t>(length);
    cell.leg = ids_[leg];
    cell.token = token;
    cell.cost = 1;
    mpath_receipt receipt{sizeof receipt, 0, 0, 0};
    return table_.receive(instance_, tunnel_, &cell, 2, &receipt);
  }
  void drain() {
    std::array<mpath_token, 8> items;
    mpath_tokens tokens{items.data(), 8, sizeof(mpath_token), 0, 0};
    do {
      table_.drain(instance_, tunnel_, &tokens);
      for (std::uint32_t i = 0; i < tokens.count; ++i) {
        if (std::erase(held, items[i].token) != 1) error = "a token came back that was not held";
        if (items[i].verdict == MPATH_DELIVER) delivered.push_back(items[i].token);
      }
    } while (tokens.left != 0);
  }
  void poll() {
    std::array<mpath_event, MPATH_EVENTS_MAX> items;
    mpath_events events{items.data(), MPATH_EVENTS_MAX, sizeof(mpath_event), 0, 0, 0};
    const mpath_leg_views all = views(ids_.size());
    table_.poll(instance_, tunnel_, &all, 1, &events);
    for (std::uint32_t i = 0; i < events.count; ++i) {
      closed = closed || items[i].kind == MPATH_EVENT_CLOSED;
    }
  }

  const mpath_plugin_table& table_;
  mpath_instance* instance_;
  mpath_tunnel_id tunnel_ = 0;
  std::vector<mpath_leg_id> ids_;
  std::vector<mpath_leg_view> items_;
};

// What an honest far end puts on each leg: the cell's number, and how far it jumps before it.
struct OnLeg {
  std::uint64_t token;
  std::uint32_t jump;
};

std::vector<std::vector<OnLeg>> lay_out(const Story& story, std::size_t legs) {
  std::vector<std::vector<OnLeg>> wires(legs);
  std::vector<std::uint64_t> sent(legs, 0);
  for (std::size_t i = 0; i < story.carrier.size(); ++i) {
    const std::size_t leg = story.carrier[i];
    wires[leg].push_back({i + 1, static_cast<std::uint32_t>(i - sent[leg])});
    sent[leg] = i + 1;
  }
  return wires;
}

class Enumeration {
 public:
  Enumeration(std::size_t cells, std::size_t legs, bool losses)
      : cells_(cells), legs_(legs), losses_(losses) {
    mpath_negotiation io{};
    io.struct_size = sizeof io;
    io.magic = MPATH_NEGOTIATION_MAGIC;
    io.host_major_min = io.host_major_max = 1;
    mpath_plugin_negotiate(&io);
    table_ = io.table;
    table_->instance_open(nullptr, nullptr, &instance_);
  }
  ~Enumeration() { table_->instance_close(instance_); }
  Enumeration(const Enumeration&) = delete;
  Enumeration& operator=(const Enumeration&) = delete;

  ExhaustiveResult run() {
    assign();
    return result_;
  }

 private:
  void assign() {
    if (!result_.violation.empty()) return;
    if (story_.carrier.size() == cells_) {
      std::vector<std::size_t> left(legs_, 0);
      for (const std::size_t leg : story_.carrier) ++left[leg];
      interleave(left);
      return;
    }
    for (std::size_t leg = 0; leg < legs_; ++leg) {
      story_.carrier.push_back(leg);
      assign();
      story_.carrier.pop_back();
    }
  }
  void interleave(std::vector<std::size_t>& left) {
    if (!result_.violation.empty()) return;
    if (story_.arrivals.size() == cells_) {
      tell();
      return;
    }
    for (std::size_t leg = 0; leg < legs_; ++leg) {
      if (left[leg] == 0) continue;
      --left[leg];
      story_.arrivals.push_back(leg);
      interleave(left);
      story_.arrivals.pop_back();
      ++left[leg];
    }
  }
  void tell() {
    story_.loss_at = kNoLoss;
    play();
    for (story_.loss_at = 0; losses_ && story_.loss_at <= cells_; ++story_.loss_at) {
      for (story_.lost_leg = 0; story_.lost_leg < legs_; ++story_.lost_leg) play();
    }
  }
  void play();
  void judge(Receiving& host);

  std::size_t cells_;
  std::size_t legs_;
  bool losses_;
  const mpath_plugin_table* table_ = nullptr;
  mpath_instance* instance_ = nullptr;
  Story story_;
  ExhaustiveResult result_;
};

void Enumeration::play() {
  const std::vector<std::vector<OnLeg>> wires = lay_out(story_, legs_);
  std::vector<std::size_t> next(legs_, 0);
  Receiving host(*table_, instance_, legs_);
  for (std::size_t i = 0; i <= cells_; ++i) {
    if (i == story_.loss_at) host.lose(story_.lost_leg);
    if (i == cells_) break;
    const std::size_t leg = story_.arrivals[i];
    if (i >= story_.loss_at && leg == story_.lost_leg) continue;  // lost with it
    const OnLeg& cell = wires[leg][next[leg]++];
    if (cell.jump > 0) host.jump(leg, cell.jump);
    host.data(leg, cell.token);
  }
  judge(host);
}

void Enumeration::judge(Receiving& host) {
  ++result_.runs;
  result_.closed += host.closed ? 1 : 0;
  const std::size_t before_finish = host.delivered.size();
  std::vector<std::uint64_t> in_order(host.delivered.size());
  for (std::size_t i = 0; i < in_order.size(); ++i) in_order[i] = i + 1;
  if (host.delivered != in_order) host.error = "delivered out of order";
  if (story_.loss_at == kNoLoss && (before_finish != cells_ || host.closed)) {
    host.error = "not everything was delivered";
  }
  host.finish();
  if (host.delivered.size() != before_finish) host.error = "delivered after the end";
  if (!host.error.empty()) result_.violation = host.error + ": " + describe(story_);
}

}  // namespace

ExhaustiveResult enumerate(std::size_t cells, std::size_t legs, bool losses) {
  return Enumeration(cells, legs, losses).run();
}

}  // namespace sim
