#include "test/sim/client_host.h"

#include <algorithm>
#include <array>

// Linked in, not loaded: a run takes microseconds.
extern "C" mpath_status mpath_plugin_negotiate(mpath_negotiation* io);

namespace sim {
namespace {

constexpr std::uint32_t kCellBytes = 514;
constexpr std::uint8_t kJoinHop = 2;

const std::array<mpath_hop, 3> kHops{{{11, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
                                      {12, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
                                      {13, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};

}  // namespace

ClientHost::ClientHost(const HostOptions& options, Send send, Random& random)
    : options_(options), send_(std::move(send)), random_(random) {
  mpath_negotiation io{};
  io.struct_size = sizeof io;
  io.magic = MPATH_NEGOTIATION_MAGIC;
  io.host_major_min = 1;
  io.host_major_max = 1;
  check(mpath_plugin_negotiate(&io), "negotiate");
  table_ = io.table;
  const mpath_config_text text{sizeof text, static_cast<std::uint32_t>(options_.config.size()),
                               options_.config.c_str(), "sim.yaml"};
  std::array<char, 1024> words;
  mpath_text diagnostics{words.data(), words.size(), 0};
  if (table_->instance_open(&text, &diagnostics, &instance_) != MPATH_OK) fail(words.data());
}

ClientHost::~ClientHost() {
  if (alive_) {
    table_->tunnel_close(instance_, tunnel_, 0);
    drain(64);
    while (drain_wanted_) drain(64);
    table_->tunnel_destroy(instance_, tunnel_);
  }
  table_->instance_close(instance_);
}

void ClientHost::mark(std::uint64_t value) { trace_ = (trace_ ^ value) * 0x100000001b3U; }

void ClientHost::fail(const std::string& what) {
  if (report_.error.empty()) report_.error = what;
}

void ClientHost::check(mpath_status status, const char* what) {
  mark(static_cast<std::uint64_t>(status) + 7);
  if (status >= 0 || status == MPATH_E_CLOSED || status == MPATH_E_PROTOCOL) return;
  fail(std::string(what) + " answered " + std::to_string(status));
}

mpath_leg_params ClientHost::leg_params() const {
  mpath_leg_params params{};
  params.struct_size = sizeof params;
  params.path = {kHops.data(), kHops.size(), sizeof(mpath_hop), options_.window,
                 options_.sendme_inc};
  return params;
}

mpath_leg_views ClientHost::views() {
  views_.clear();
  for (const Leg& leg : legs_) {
    mpath_leg_view view{};
    view.leg = leg.id;
    view.cwnd = options_.window;
    view.inflight = leg.inflight;
    view.ewma_rtt_us = leg.rtt_us;
    view.flags = leg.closed && !leg.gone ? MPATH_VIEW_INPUT_CLOSED : 0;
    view.half_stream_expiry_us = MPATH_NEVER;
    view.disused_since_us = MPATH_NEVER;
    views_.push_back(view);
  }
  // Any order is legal, and views of legs that have gone too.
  if (views_.size() > 1 && random_.chance(200)) std::swap(views_.front(), views_.back());
  return {views_.data(), static_cast<std::uint32_t>(views_.size()), sizeof(mpath_leg_view),
          static_cast<std::uint32_t>(random_.below(64)), 0};
}

ClientHost::Leg* ClientHost::find(mpath_leg_id id) {
  const auto it = std::ranges::find(legs_, id, &Leg::id);
  return it == legs_.end() ? nullptr : &*it;
}

void ClientHost::start(std::size_t legs, std::uint64_t now) {
  std::array<std::uint8_t, MPATH_SEED_LEN> seed;
  for (std::uint8_t& byte : seed) byte = static_cast<std::uint8_t>(random_.next());
  const mpath_leg_params first = leg_params();
  mpath_tunnel_params params{};
  params.struct_size = sizeof params;
  params.role = MPATH_ROLE_CLIENT;
  params.seed = seed.data();
  params.first_leg = &first;
  legs_.emplace_back();
  check(table_->tunnel_create(instance_, &params, &tunnel_, &legs_[0].id), "create");
  alive_ = true;
  for (std::size_t i = 1; i < legs; ++i) {
    if (!add_leg(now)) fail("a leg could not join");
  }
  check(table_->link(instance_, tunnel_, now), "link");
}

bool ClientHost::add_leg(std::uint64_t now) {
  const mpath_leg_params params = leg_params();
  const mpath_leg_views all = views();
  Leg leg;
  const mpath_status status =
      table_->legs_add(instance_, tunnel_, &params, 1, sizeof params, &all, &leg.id);
  mark(static_cast<std::uint64_t>(status));
  if (status != MPATH_OK) return false;
  legs_.push_back(leg);
  if (legs_.size() > 2) check(table_->link(instance_, tunnel_, now), "link");
  return true;
}

void ClientHost::handle_sendme(Leg& leg, std::uint64_t now) {
  // A host closes the tunnel for that. Only a hostile far end does it; an honest one tells on
  // itself.
  if (leg.sent_at.empty()) return close(now);
  leg.rtt_us = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, now - leg.sent_at.front()));
  leg.sent_at.pop_front();
  leg.inflight -= std::min(leg.inflight, options_.sendme_inc);
}

void ClientHost::receive(std::size_t at, const Cell& cell, std::uint64_t now) {
  Leg& leg = legs_[at];
  if (leg.gone || leg.closed || report_.closed_reason != 0) return;
  if (cell.command == kSendme) return handle_sendme(leg, now);
  mpath_cell in{};
  in.struct_size = sizeof in;
  in.command = cell.command;
  in.hop = kJoinHop;
  in.leg = leg.id;
  in.body = cell.body.data();
  in.body_length = static_cast<std::uint16_t>(cell.body.size());
  in.token = cell.content;
  in.cost = kCellBytes;
  mpath_receipt receipt{};
  receipt.struct_size = sizeof receipt;
  const mpath_status status = table_->receive(instance_, tunnel_, &in, now, &receipt);
  check(status, "receive");
  if (status == MPATH_OK) deliver(cell.content);
  if (status == MPATH_HELD && ++held_[cell.content] != 1) fail("a token was held twice");
  if (status < 0) return;
  if (cell.command == kData && ++leg.data_seen % options_.sendme_inc == 0) {
    send_(at, {.command = kSendme, .content = 0, .body = {}});
  }
  drain_wanted_ = receipt.ready != 0;
  check_bounds();
  // A host may drain at once or later, in large bites or small ones.
  while (drain_wanted_ && random_.chance(900)) drain(random_.between(1, 8));
}

void ClientHost::deliver(std::uint64_t content) {
  mark(content);
  report_.delivered.push_back(content);
}

void ClientHost::drain(std::size_t capacity) {
  if (!alive_) return;
  std::array<mpath_token, 64> items;
  mpath_tokens tokens{items.data(), static_cast<std::uint32_t>(std::min(capacity, items.size())),
                      sizeof(mpath_token), 0, 0};
  check(table_->drain(instance_, tunnel_, &tokens), "drain");
  for (std::uint32_t i = 0; i < tokens.count; ++i) {
    if (held_.erase(items[i].token) != 1) fail("a token came back that was not held");
    if (items[i].verdict == MPATH_DELIVER) deliver(items[i].token);
  }
  drain_wanted_ = tokens.left != 0;
}

std::size_t ClientHost::send_cells(std::size_t count, bool data, std::uint64_t now) {
  if (report_.closed_reason != 0) return 0;
  mpath_route_request request{};
  request.struct_size = sizeof request;
  request.command = data ? kData : kBegin;
  request.hop = kJoinHop;
  request.want = static_cast<std::uint32_t>(count);
  mpath_grant grant{};
  grant.struct_size = sizeof grant;
  const mpath_leg_views all = views();
  const mpath_status status = table_->route(instance_, tunnel_, &request, &all, now, &grant);
  check(status, "route");
  if (status != MPATH_OK) return 0;
  Leg* leg = find(grant.leg);
  if (leg == nullptr || leg->gone) {
    fail("cells were routed to a leg that has gone");
    return 0;
  }
  const auto at = static_cast<std::size_t>(leg - legs_.data());
  if (grant.has_first != 0) {
    const std::uint8_t* body = grant.first.body;
    send_(
        at,
        {.command = grant.first.command, .content = 0, .body = {body, body + grant.first.length}});
  }
  if (data && leg->inflight + grant.granted > options_.window) fail("a window was overdrawn");
  for (std::uint32_t i = 0; i < grant.granted; ++i) {
    // The far end acknowledges every sendme_inc-th DATA cell of the leg.
    if (data && ++leg->data_sent % options_.sendme_inc == 0) leg->sent_at.push_back(now);
    report_.sent.push_back(report_.sent.size() + 1);
    send_(at, {.command = request.command, .content = report_.sent.back(), .body = {}});
  }
  if (data) leg->inflight += grant.granted;
  return grant.granted;
}

void ClientHost::poll(std::uint64_t now) {
  if (!alive_) return;
  std::array<mpath_event, MPATH_EVENTS_MAX> items;
  mpath_events events{items.data(), MPATH_EVENTS_MAX, sizeof(mpath_event), 0, 0, 0};
  if (random_.chance(100)) {
    events.capacity = static_cast<std::uint32_t>(random_.below(4));
    const mpath_leg_views few = views();
    const mpath_status status = table_->poll(instance_, tunnel_, &few, now, &events);
    if (status == MPATH_E_BUFFER) {
      events.capacity = events.count;
    } else {
      check(status, "poll");
    }
  }
  const mpath_leg_views all = views();
  check(table_->poll(instance_, tunnel_, &all, now, &events), "poll");
  const std::vector<mpath_event> told(items.begin(), items.begin() + events.count);
  for (const mpath_event& event : told) handle_event(event, now);
  if (report_.closed_reason == 0 && events.next_deadline_us <= now) fail("a deadline in the past");
}

void ClientHost::handle_event(const mpath_event& event, std::uint64_t now) {
  mark(event.kind);
  mark(event.reason);
  Leg* leg = find(event.leg);
  switch (event.kind) {
    case MPATH_EVENT_SEND_CELL:
      send_(static_cast<std::size_t>(leg - legs_.data()),
            {.command = event.cell.command,
             .content = 0,
             .body = {event.cell.body, event.cell.body + event.cell.length}});
      break;
    case MPATH_EVENT_REMOVE_LEG: {
      leg->closed = true;  // a host destroys the circuit first: nothing arrives on it any more
      const mpath_leg_views all = views();
      check(table_->leg_remove(instance_, tunnel_, event.leg, event.reason, &all, now), "remove");
      break;
    }
    case MPATH_EVENT_LEG_GONE:
      if (leg == nullptr || ++leg->gone_told != 1) return fail("LEG_GONE not exactly once");
      leg->gone = true;
      break;
    case MPATH_EVENT_READY:
      if (ready_) fail("READY told twice");
      ready_ = true;
      break;
    case MPATH_EVENT_CLOSED:
      if (report_.closed_reason != 0) fail("CLOSED told twice");
      report_.closed_reason = event.reason;
      break;
    default:
      break;
  }
}

void ClientHost::lose_circuit(std::size_t leg, std::uint64_t now) {
  static_cast<void>(now);
  legs_[leg].closed = true;
}

void ClientHost::retire(std::size_t at, std::uint64_t now) {
  if (legs_[at].gone || report_.closed_reason != 0) return;
  const mpath_leg_views all = views();
  const mpath_status status =
      table_->leg_remove(instance_, tunnel_, legs_[at].id, MPATH_REASON_RETIRED, &all, now);
  // Its farewell may be waiting to be polled.
  if (status != MPATH_E_STALE) check(status, "retire");
}

void ClientHost::reload() {
  const mpath_config_text text{sizeof text, static_cast<std::uint32_t>(options_.config.size()),
                               options_.config.c_str(), "sim.yaml"};
  check(table_->instance_reload(instance_, &text, nullptr), "reload");
}

void ClientHost::close(std::uint64_t now) {
  check(table_->tunnel_close(instance_, tunnel_, now), "close");
}

void ClientHost::check_bounds() {
  mpath_tunnel_info info{};
  info.struct_size = sizeof info;
  check(table_->tunnel_info(instance_, tunnel_, &info), "info");
  if (info.held_bytes > options_.reorder_limit) fail("more is held than the limit allows");
  if (info.held_cells != held_.size()) fail("the plugin miscounts what it holds");
}

void ClientHost::finish(std::uint64_t now) {
  poll(now);
  do {
    drain(64);
  } while (drain_wanted_);
  poll(now);
  if (report_.closed_reason == 0) return;
  if (!held_.empty()) fail("a closed tunnel keeps tokens");
  for (const Leg& leg : legs_) {
    if (leg.gone_told != 1) fail("a leg of a closed tunnel was not bidden farewell");
  }
}

}  // namespace sim
