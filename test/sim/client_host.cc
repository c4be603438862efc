#include "test/sim/client_host.h"

#include <mpath/reasons.h>

#include <algorithm>
#include <array>
#include <span>

#include "test/sim/inspect.h"

// Linked in, not loaded: a run takes microseconds.
extern "C" mpath_status mpath_plugin_negotiate(mpath_negotiation* io);

namespace sim {
namespace {

constexpr std::uint8_t kJoinHop = 2;

const std::array<mpath_hop, 3> kHops{{{11, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
                                      {12, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
                                      {13, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};

}  // namespace

ClientHost::ClientHost(const HostOptions& options, Send send, Random& random)
    : options_(options), send_(std::move(send)), random_(random), ledger_(options.ledger) {
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
    while (drain_wanted_ && report_.error.empty()) drain(64);
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
    if (options_.tells_totals) {
      view.data_sent = leg.data_sent;
      view.data_acked = leg.data_sent - leg.inflight;
    }
    view.flags = leg.closed && !leg.gone ? MPATH_VIEW_INPUT_CLOSED : 0;
    if (leg.blocked) view.flags |= MPATH_VIEW_CHANNEL_BLOCKED;
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
  mpath_leg_params first = leg_params();
  if (legs == 1) first.flags = MPATH_LEG_FOUNDS_SET;
  mpath_tunnel_params params{};
  params.struct_size = sizeof params;
  params.role = MPATH_ROLE_CLIENT;
  params.seed = seed.data();
  params.first_leg = &first;
  legs_.emplace_back();
  check(table_->tunnel_create(instance_, &params, &tunnel_, &legs_[0].id), "create");
  alive_ = true;
  ledger_.add_leg();
  if (legs > 1 && !add_legs(legs - 1)) fail("legs could not join");
  link(now);
}

bool ClientHost::add_legs(std::size_t count) {
  const std::vector<mpath_leg_params> params(count, leg_params());
  std::vector<mpath_leg_id> ids(count);
  const mpath_leg_views all = views();
  const mpath_status status =
      table_->legs_add(instance_, tunnel_, params.data(), static_cast<std::uint32_t>(count),
                       sizeof(mpath_leg_params), &all, ids.data());
  mark(static_cast<std::uint64_t>(status));
  if (status != MPATH_OK) return false;
  for (const mpath_leg_id id : ids) {
    legs_.emplace_back().id = id;
    ledger_.add_leg();
  }
  return true;
}

void ClientHost::link(std::uint64_t now) {
  check(table_->link(instance_, tunnel_, now), "link");
  ledger_.begin_handshakes(now);
}

void ClientHost::handle_sendme(Leg& leg, std::uint64_t now) {
  // A host closes the tunnel for that. Only a hostile far end does it; an honest one tells on
  // itself.
  if (leg.sent_at.empty()) return close(now);
  leg.rtt_us = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, now - leg.sent_at.front()));
  leg.sent_at.pop_front();
  leg.inflight -= std::min(leg.inflight, options_.sendme_inc);
  leg.moved_at = ledger_.now();
}

mpath_status ClientHost::hand_over(const Leg& leg, const Cell& cell, std::uint64_t now,
                                   mpath_receipt& receipt) {
  mpath_cell in{};
  in.struct_size = sizeof in;
  in.command = cell.command;
  in.hop = kJoinHop;
  in.leg = leg.id;
  in.body = cell.body.data();
  in.body_length = static_cast<std::uint16_t>(cell.body.size());
  in.token = cell.content;
  in.cost = options_.cell_cost;
  receipt.struct_size = sizeof receipt;
  return table_->receive(instance_, tunnel_, &in, now, &receipt);
}

void ClientHost::receive(std::size_t at, const Cell& cell, std::uint64_t now) {
  Leg& leg = legs_[at];
  if (leg.gone || leg.closed || report_.closed_reason != 0) return;
  if (cell.command == kSendme) return handle_sendme(leg, now);
  mpath_receipt receipt{};
  ledger_.expire(now);
  const mpath_status status = hand_over(leg, cell, now, receipt);
  judge_answer(at, cell, status, receipt.reason);
  if (status == MPATH_OK) deliver(cell.content);
  if (status == MPATH_HELD && ++held_[cell.content] != 1) fail("a token was held twice");
  if ((receipt.ready != 0) != ledger_.has_tokens()) fail("READY is told wrongly");
  if (++received_ % kStepsPerLook == 0) check_numbers();
  if (status < 0) return;
  if (cell.command == kData && ++leg.data_seen % options_.sendme_inc == 0) {
    send_(at, {.command = kSendme, .content = 0, .body = {}});
  }
  drain_wanted_ = receipt.ready != 0;
  // A host may drain at once or later, in large bites or small ones.
  while (drain_wanted_ && report_.error.empty() && random_.chance(options_.drains_at_once)) {
    drain(random_.between(1, 8));
  }
}

void ClientHost::judge_answer(std::size_t leg, const Cell& cell, mpath_status status,
                              std::uint32_t reason) {
  mark(static_cast<std::uint64_t>(status) + 7);
  mark(reason);
  const std::optional<Expected> expected = ledger_.receive(leg, cell, options_.cell_cost);
  if (!expected) {
    // LINKED, whose body others test.
    if (status == MPATH_CONSUMED) return ledger_.commit_linked(leg);
    if (status != MPATH_E_PROTOCOL) fail("LINKED answered " + std::to_string(status));
    ledger_.close(reason);
  } else if (expected->status != status || expected->reason != reason) {
    fail("a cell answered " + std::to_string(status) + " for " + std::to_string(reason) +
         ", expected " + std::to_string(expected->status) + " for " +
         std::to_string(expected->reason));
  }
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
    if (const std::string error = ledger_.take_token(items[i]); !error.empty()) fail(error);
    if (items[i].verdict == MPATH_DELIVER) deliver(items[i].token);
  }
  ledger_.end_drain(tokens.count < tokens.capacity);
  drain_wanted_ = tokens.left != 0;
  if (drain_wanted_ != ledger_.has_tokens()) fail("what is left to drain is told wrongly");
  if (tokens.count < tokens.capacity && drain_wanted_) fail("tokens that are ready did not come");
  check_numbers();
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
  ledger_.expire(now);
  const mpath_status status = table_->route(instance_, tunnel_, &request, &all, now, &grant);
  check(status, "route");
  mark(grant.leg);
  mark(grant.granted);
  if (grant.reason == MPATH_REASON_PEER_WINDOW_FULL) ++report_.peer_was_full;
  if (status != MPATH_OK) return 0;
  Leg* leg = find(grant.leg);
  if (leg == nullptr || leg->gone) {
    fail("cells were routed to a leg that has gone");
    return 0;
  }
  check_grant(grant, *leg, count, data);
  if (leg->padded) fail("cells were routed to a leg that padding blocks");
  commit_grant(static_cast<std::size_t>(leg - legs_.data()), grant, data, now);
  check_numbers();
  return grant.granted;
}

void ClientHost::check_grant(const mpath_grant& grant, const Leg& leg, std::size_t count,
                             bool data) {
  const std::size_t room = options_.window - std::min(options_.window, leg.inflight);
  const std::size_t most = data ? std::min(count, room) : count;
  const bool may_be_less = data && (options_.tells_totals || options_.takes_shares);
  if (grant.granted > most || grant.granted < (may_be_less ? 1 : most)) {
    fail("a grant of the wrong size");
  }
}

void ClientHost::expect_free(std::uint64_t now) {
  // A leg whose last cells no SENDME covers can be topped up only if something may go there.
  const auto is_shut = [](const Leg& leg) { return leg.blocked || leg.padded || leg.closed; };
  if (!ready() || std::ranges::any_of(legs_, is_shut)) return;
  const std::size_t before = report_.peer_was_full;
  static_cast<void>(send_cells(1, true, now));
  if (report_.peer_was_full != before) fail("uploads wait for ever");
}

void ClientHost::commit_grant(std::size_t at, const mpath_grant& grant, bool data,
                              std::uint64_t now) {
  Leg& leg = legs_[at];
  if (const std::string error = ledger_.commit_grant(at, grant); !error.empty()) fail(error);
  if (grant.has_first != 0) {
    const std::uint8_t* body = grant.first.body;
    send_(
        at,
        {.command = grant.first.command, .content = 0, .body = {body, body + grant.first.length}});
  }
  for (std::uint32_t i = 0; i < grant.granted; ++i) {
    // The far end acknowledges every sendme_inc-th DATA cell of the leg.
    if (data && ++leg.data_sent % options_.sendme_inc == 0) leg.sent_at.push_back(now);
    report_.sent.push_back(report_.sent.size() + 1);
    const std::uint8_t command = data ? kData : kBegin;
    send_(at, {.command = command, .content = report_.sent.back(), .body = {}});
  }
  if (data) leg.inflight += grant.granted;
}

void ClientHost::poll(std::uint64_t now) {
  if (!alive_) return;
  std::array<mpath_event, MPATH_EVENTS_MAX> items;
  mpath_events events{items.data(), MPATH_EVENTS_MAX, sizeof(mpath_event), 0, 0, 0};
  ledger_.expire(now);
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
  waits_ = all.backlog > 0;
  check(table_->poll(instance_, tunnel_, &all, now, &events), "poll");
  const std::vector<mpath_event> told(items.begin(), items.begin() + events.count);
  deadline_ = events.next_deadline_us;
  check_poll(events, now);
  for (Leg& leg : legs_) leg.moved_at.reset();
  for (const mpath_event& event : told) handle_event(event, now);
  check_numbers();
}

// A SENDME of it is due, and the plugin can tell.
bool ClientHost::may_stall(const Leg& leg) const {
  return options_.tells_totals && !leg.removed && leg.inflight >= options_.sendme_inc;
}

// While DATA waits, the time at which a leg counts as stalled is named: of one that has moved since
// the last poll, and need not have stalled again since, no later than its patience ends.
void ClientHost::check_deadline() {
  const std::uint64_t known = ledger_.next_deadline();
  std::uint64_t latest = known;
  bool is_stall = false;
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    const Leg& leg = legs_[i];
    if (!waits_ || !may_stall(leg)) continue;
    const std::uint64_t rtt_us = leg.rtt_us != 0 ? leg.rtt_us : ledger_.handshake_us(i);
    const std::uint64_t patience = std::max<std::uint64_t>(4 * rtt_us, 250'000);
    const std::uint64_t end = ledger_.now() + patience + 1;
    is_stall = is_stall || deadline_ <= end;
    const bool moves = leg.moved_at && ledger_.now() <= *leg.moved_at + patience;
    if (moves) latest = std::min(latest, end);
  }
  // What was delivered is remembered for four seconds at most.
  const bool forgets = waits_ && options_.tells_totals && options_.goes_by_rate;
  const bool is_forgotten = forgets && deadline_ <= ledger_.now() + 4'000'000;
  if (deadline_ > latest || (deadline_ < known && !is_stall && !is_forgotten)) {
    fail("the deadline is " + std::to_string(deadline_) + ", expected " + std::to_string(known) +
         ", or of a stall at most " + std::to_string(latest));
  }
}

void ClientHost::check_poll(const mpath_events& events, std::uint64_t now) {
  if (ledger_.closed_reason() != 0) return;
  check_deadline();
  if (deadline_ <= now) fail("a deadline in the past");
  for (const mpath_event& event : std::span(events.items, events.count)) {
    if (event.kind == MPATH_EVENT_PRESSURE) high_water_ = event.detail == MPATH_WATER_HIGH;
  }
  if (high_water_ != ledger_.pressure()) fail("pressure is told wrongly");
}

void ClientHost::handle_event(const mpath_event& event, std::uint64_t now) {
  mark(event.kind);
  mark(event.reason);
  Leg* leg = find(event.leg);
  switch (event.kind) {
    case MPATH_EVENT_SEND_CELL:
      if (event.cell.command == kLink)
        ledger_.tell_link(static_cast<std::size_t>(leg - legs_.data()));
      send_(static_cast<std::size_t>(leg - legs_.data()),
            {.command = event.cell.command,
             .content = 0,
             .body = {event.cell.body, event.cell.body + event.cell.length}});
      break;
    case MPATH_EVENT_REMOVE_LEG:
      leg->closed = true;  // a host destroys the circuit first: nothing arrives on it any more
      remove(static_cast<std::size_t>(leg - legs_.data()), event.reason, now);
      break;
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

void ClientHost::lose_circuit(std::size_t leg) { legs_[leg].closed = true; }

void ClientHost::remove(std::size_t at, std::uint32_t reason, std::uint64_t now) {
  const mpath_leg_views all = views();
  const mpath_status status =
      table_->leg_remove(instance_, tunnel_, legs_[at].id, reason, &all, now);
  ledger_.expire(now);
  ledger_.remove(at, reason, legs_[at].inflight);
  // It may have gone with the tunnel, or its farewell may be waiting to be polled.
  const bool stale = legs_[at].removed && status == MPATH_E_STALE;
  legs_[at].removed = true;
  if (!stale) check(status, "remove");
  check_numbers();
  receive_late(at, now);
}

// Of a leg that is gone, as a host's own queues may still hold it.
void ClientHost::receive_late(std::size_t at, std::uint64_t now) {
  mpath_receipt receipt{};
  const Cell late{.command = kData, .content = UINT64_MAX, .body = {}};
  const mpath_status status = hand_over(legs_[at], late, now, receipt);
  if (status != MPATH_E_STALE && status != MPATH_E_CLOSED) fail("a cell of a leg that is gone");
  check_numbers();
}

void ClientHost::retire(std::size_t at, std::uint32_t reason, std::uint64_t now) {
  if (legs_[at].gone || report_.closed_reason != 0) return;
  remove(at, reason, now);
}

void ClientHost::pad(std::size_t at, std::uint64_t now) {
  if (legs_[at].gone || legs_[at].removed) return;
  const bool block = !legs_[at].padded;
  const mpath_status status = table_->padding_event(
      instance_, tunnel_, legs_[at].id, block ? MPATH_PADDING_BLOCK : MPATH_PADDING_UNBLOCK, now);
  ledger_.expire(now);
  check(status, "padding");
  if (status == MPATH_OK) legs_[at].padded = block;
  check_numbers();
}

void ClientHost::reload() {
  const mpath_config_text text{sizeof text, static_cast<std::uint32_t>(options_.reloaded.size()),
                               options_.reloaded.c_str(), "sim.yaml"};
  check(table_->instance_reload(instance_, &text, nullptr), "reload");
}

void ClientHost::close(std::uint64_t now) {
  check(table_->tunnel_close(instance_, tunnel_, now), "close");
  ledger_.expire(now);
  ledger_.close(MPATH_REASON_HOST_REQUEST);
}

void ClientHost::check_numbers() {
  if (!alive_ || !report_.error.empty()) return;
  if (!is_consistent(instance_, tunnel_)) return fail("the tunnel is inconsistent");
  mpath_tunnel_info info{};
  info.struct_size = sizeof info;
  check(table_->tunnel_info(instance_, tunnel_, &info), "info");
  if (info.held_bytes > options_.ledger.reorder_limit) fail("more is held than the limit allows");
  if (const std::string error = ledger_.compare(info); !error.empty()) return fail(error);
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    mpath_leg_info leg{};
    leg.struct_size = sizeof leg;
    if (table_->leg_info(instance_, tunnel_, legs_[i].id, &leg) != MPATH_OK) continue;
    if (const std::string error = ledger_.compare(i, leg); !error.empty()) return fail(error);
  }
}

void ClientHost::finish(std::uint64_t now) {
  poll(now);
  do {
    drain(64);
  } while (drain_wanted_ && report_.error.empty());
  poll(now);
  if (report_.closed_reason == 0) return;
  if (!held_.empty()) fail("a closed tunnel keeps tokens");
  for (const Leg& leg : legs_) {
    if (leg.gone_told != 1) fail("a leg of a closed tunnel was not bidden farewell");
  }
}

}  // namespace sim
