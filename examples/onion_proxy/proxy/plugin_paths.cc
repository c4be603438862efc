#include "examples/onion_proxy/proxy/plugin_paths.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {
namespace {

uint64_t to_us(Instant time) { return static_cast<uint64_t>(time.time_since_epoch().count()); }

uint64_t to_us(const std::optional<Instant>& time) { return time ? to_us(*time) : MPATH_NEVER; }

uint32_t clamp32(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX));
}

}  // namespace

PluginPaths::PluginPaths(mpath::Instance& instance) : instance_(instance) {}

// Held cells are freed with the store; the plugin only has to let go of its tokens.
PluginPaths::~PluginPaths() { tunnel_.destroy(); }

Error PluginPaths::explain(mpath::Status status) const {
  std::string reason = instance_.plugin().text(status);
  mpath_detail detail;
  if (tunnel_ && tunnel_.detail(&detail) == mpath::Status::kOk && detail.reason != 0) {
    reason += ": ";
    reason += instance_.plugin().text(mpath::reason_of(detail));
  }
  return Error{std::move(reason)};
}

mpath::LegParams PluginPaths::params_of(const Leg& leg) {
  hops_.clear();
  for (const RelayInfo& relay : leg.path()) {
    hops_.push_back({.relay_tag = tags_.tag_of(relay),
                     .kind = MPATH_HOP_RELAY,
                     .congestion_control = MPATH_CC_FIXED_WINDOW});
  }
  hops_.back().congestion_control = MPATH_CC_VEGAS;
  return {.path = {.hops = hops_,
                   .cwnd_init = leg.circuit().cwnd_init(),
                   .sendme_inc = leg.circuit().sendme_inc()},
          .cookie = leg.ordinal()};
}

Status PluginPaths::begin(Leg& leg, const StreamFacts& /*facts*/, Instant now) {
  const auto seed = random_array<MPATH_SEED_LEN>();
  mpath::LegParams first = params_of(leg);
  first.flags = MPATH_LEG_FOUNDS_SET;
  mpath_leg_id id = 0;
  const mpath::Status status = mpath::Tunnel::create(
      instance_, {.first_leg = first, .seed = seed},
      [this](const mpath_token& token) { store_.free(token.token); }, &tunnel_, &id);
  if (status != mpath::Status::kOk) return explain(status);
  legs_.push_back({&leg, id});
  return link(now);
}

Status PluginPaths::add(Leg& leg, const StreamFacts& facts, Instant now) {
  const mpath_leg_params params = params_of(leg).raw();
  mpath_leg_id id = 0;
  const mpath::Status status = tunnel_.add_legs({&params, 1}, views(facts), {&id, 1});
  if (status == mpath::Status::kErrorClosed) return Status();  // the next poll says why
  if (status != mpath::Status::kOk) return explain(status);
  legs_.push_back({&leg, id});
  return link(now);
}

Status PluginPaths::link(Instant now) {
  const mpath::Status status = tunnel_.link(to_us(now));
  return status == mpath::Status::kOk ? Status() : Status(explain(status));
}

mpath::Views PluginPaths::views(const StreamFacts& facts) {
  views_.clear();
  for (const Entry& entry : legs_) {
    mpath_leg_view& view = views_.emplace_back();
    view = {};
    view.leg = entry.id;
    view.half_stream_expiry_us = MPATH_NEVER;
    view.disused_since_us = to_us(facts.disused_since);
    if (facts.ever_used) view.flags |= MPATH_VIEW_EVER_STREAM;
    if (entry.leg == nullptr || !entry.leg->is_built()) {
      view.flags |= MPATH_VIEW_CHANNEL_BLOCKED | MPATH_VIEW_INPUT_CLOSED;
      continue;
    }
    const Circuit& circuit = entry.leg->circuit();
    const Vegas& congestion = circuit.congestion();
    const ChannelState channel = entry.leg->channel_state();
    if (congestion.in_slow_start()) view.flags |= MPATH_VIEW_SLOW_START;
    if (channel.blocked) view.flags |= MPATH_VIEW_CHANNEL_BLOCKED;
    view.cwnd = clamp32(congestion.cwnd());
    view.inflight = clamp32(congestion.inflight());
    view.ewma_rtt_us = clamp32(congestion.rtt().ewma_us());
    view.last_rtt_us = clamp32(congestion.rtt().last_us());
    view.channel_queue = clamp32(channel.queued_cells);
    view.data_sent = circuit.data_sent();
    view.data_acked = circuit.data_acked();
    view.open_streams = facts.open_streams;
  }
  // Half-closed streams are the join point's and so of no leg in particular.
  if (!views_.empty()) views_.front().half_stream_expiry_us = to_us(facts.half_stream_expiry);
  return {.legs = views_, .backlog = facts.backlog_cells};
}

PluginPaths::Entry* PluginPaths::find(mpath_leg_id id) {
  const auto at = std::ranges::find(legs_, id, &Entry::id);
  return at == legs_.end() ? nullptr : &*at;
}

PluginPaths::Entry* PluginPaths::find(const Leg& leg) {
  const auto at = std::ranges::find(legs_, &leg, &Entry::leg);
  return at == legs_.end() ? nullptr : &*at;
}

void PluginPaths::send_control(mpath_leg_id leg, const mpath_control_cell& cell, Instant now) {
  const Entry* entry = find(leg);
  if (entry == nullptr || entry->leg == nullptr) return;
  entry->leg->send({.header = {.command = static_cast<RelayCommand>(cell.command)},
                    .body = mpath::body_of(cell),
                    .hop = cell.hop},
                   now);
}

PathSet::Grant PluginPaths::route(RelayCommand command, size_t want, const StreamFacts& facts,
                                  Instant now) {
  if (!tunnel_ || legs_.empty()) return {};
  mpath_grant grant;
  const auto join = static_cast<uint8_t>(
      legs_.front().leg != nullptr ? legs_.front().leg->path().size() - 1 : MPATH_HOP_NONE);
  const mpath::Status status =
      tunnel_.route({.command = static_cast<uint8_t>(command), .hop = join, .want = clamp32(want)},
                    views(facts), to_us(now), &grant);
  if (status != mpath::Status::kOk) return {};
  const Entry* entry = find(grant.leg);
  if (entry == nullptr || entry->leg == nullptr) return {};
  if (grant.has_first != 0) send_control(grant.leg, grant.first, now);
  return {.leg = entry->leg, .granted = grant.granted};
}

Status PluginPaths::receive(Leg& leg, const RelayCell& cell, CellSink& sink, Instant now) {
  const Entry* entry = find(leg);
  if (entry == nullptr || !tunnel_) return Status();
  assert(store_.holds(cell));
  mpath_receipt receipt;
  const mpath::Status status =
      tunnel_.receive({.command = static_cast<uint8_t>(cell.command),
                       .hop = static_cast<uint8_t>(leg.circuit().last_hop()),
                       .leg = entry->id,
                       .body = cell.body,
                       .token = store_.token(),
                       .cost = CellStore::kCost},
                      to_us(now), &receipt);
  if (status == mpath::Status::kHeld) {
    store_.keep();
    return Status();
  }
  if (status == mpath::Status::kOk || status == mpath::Status::kPass) {
    sink.deliver(cell, now);
    if (status == mpath::Status::kOk && receipt.ready > 0) drain(sink, now);
    return Status();
  }
  if (!mpath::is_error(status)) return Status();
  return Error{instance_.plugin().text(receipt.reason != 0 ? mpath::reason_of(receipt)
                                                           : mpath::Reason::kNone)};
}

void PluginPaths::drain(CellSink& sink, Instant now) {
  (void)tunnel_.drain_each([&](const mpath_token& token) {
    if (token.verdict == MPATH_DELIVER) sink.deliver(store_.get(token.token), now);
    store_.free(token.token);
  });
}

LossEffect PluginPaths::lose_leg(Leg& leg, const StreamFacts& facts, Instant now) {
  Entry* entry = find(leg);
  if (entry == nullptr || !tunnel_) return LossEffect::kOthersGoOn;
  entry->leg = nullptr;
  mpath_leg_info info;
  const bool joined = tunnel_.leg_info(entry->id, &info) == mpath::Status::kOk &&
                      (info.state == MPATH_LEG_LINKED || info.state == MPATH_LEG_ACK_QUEUED);
  (void)tunnel_.remove_leg(entry->id, mpath::Reason::kCircuitDestroyed, views(facts), to_us(now));
  if (may_begin_anew()) {
    forget_set(facts, now);
    return LossEffect::kBeginAnew;
  }
  // Before READY no stream can have used it.
  return joined && was_ready_ ? LossEffect::kCellsLost : LossEffect::kOthersGoOn;
}

bool PluginPaths::may_begin_anew() const {
  return !was_ready_ &&
         std::ranges::all_of(legs_, [](const Entry& each) { return each.leg == nullptr; });
}

// A set without legs is closed for good. Polled once more, so that its handshakes are counted.
void PluginPaths::forget_set(const StreamFacts& facts, Instant now) {
  (void)tunnel_.poll(views(facts), to_us(now), &events_);
  tunnel_.destroy();
  legs_.clear();
}

void PluginPaths::handle_event(const mpath_event& event, const StreamFacts& facts, Instant now,
                               PathNews& news) {
  switch (mpath::kind_of(event)) {
    case mpath::EventKind::kSendCell:
      return send_control(event.leg, event.cell, now);
    case mpath::EventKind::kReady:
      was_ready_ = true;
      news.ready = true;
      return;
    case mpath::EventKind::kPressure: {
      const bool high = event.detail == MPATH_WATER_HIGH;
      overrun_.handle_pressure(high, event.value);
      news.pressure = high ? Pressure::kHigh : Pressure::kLow;
      return;
    }
    case mpath::EventKind::kClosed:
      news.closed = true;
      news.reason = instance_.plugin().text(mpath::reason_of(event));
      return;
    case mpath::EventKind::kRemoveLeg:
      if (Entry* entry = find(event.leg); entry != nullptr) {
        if (entry->leg != nullptr) {
          entry->leg->destroy();
          news.dropped.push_back({entry->leg, instance_.plugin().text(mpath::reason_of(event))});
        }
        entry->leg = nullptr;
        (void)tunnel_.remove_leg(event.leg, mpath::reason_of(event), views(facts), to_us(now));
        news.begin_anew = may_begin_anew();
      }
      return;
    case mpath::EventKind::kLegGone:
      std::erase_if(legs_, [&](const Entry& entry) {
        if (entry.id == event.leg && entry.leg != nullptr) entry.leg->destroy();
        return entry.id == event.leg;
      });
      return;
    case mpath::EventKind::kCollectHalfStreams:
      news.collect_half_streams = true;
      return;
    // Cells are handled as they arrive and streams are pumped after each poll, so there is nothing
    // to be told; the proxy has no padding of its own.
    case mpath::EventKind::kHandleCell:
    case mpath::EventKind::kReadStreams:
    case mpath::EventKind::kPadding:
    case mpath::EventKind::kLinkResult:
      return;
  }
}

PathNews PluginPaths::poll(const StreamFacts& facts, Instant now) {
  PathNews news;
  if (!tunnel_) return news;
  // Removing a leg makes new events, so poll until a round brings none of those.
  for (bool again = true; again;) {
    const mpath::Status status = tunnel_.poll(views(facts), to_us(now), &events_);
    if (mpath::is_error(status)) {
      news.closed = true;
      news.reason = explain(status).message;
      return news;
    }
    again = false;
    for (const mpath_event& event : events_) {
      again = again || mpath::kind_of(event) == mpath::EventKind::kRemoveLeg;
      handle_event(event, facts, now, news);
    }
    if (news.begin_anew) {
      forget_set(facts, now);
      PathNews anew;
      anew.dropped = std::move(news.dropped);
      anew.begin_anew = true;
      return anew;
    }
  }
  if (overrun_.check(store_.used() * CellStore::kCost)) news.pressure = Pressure::kOverrun;
  if (events_.next_deadline_us != MPATH_NEVER) {
    news.next_deadline = Instant(Micros(static_cast<int64_t>(events_.next_deadline_us)));
  }
  return news;
}

bool PluginPaths::closed_for_memory() const {
  mpath_tunnel_info info;
  if (!tunnel_ || tunnel_.info(&info) != mpath::Status::kOk) return false;
  const auto reason = mpath::Reason{info.close_reason};
  return reason == mpath::Reason::kReorderLimit || reason == mpath::Reason::kShed;
}

void PluginPaths::close(Instant now) {
  if (tunnel_) (void)tunnel_.close(to_us(now));
  for (Entry& entry : legs_) entry.leg = nullptr;
}

void PluginPaths::add_stats(TunnelStats& stats) const {
  mpath_tunnel_info info;
  if (!tunnel_ || tunnel_.info(&info) != mpath::Status::kOk) return;
  stats.held_cells = info.held_cells;
  stats.held_cells_peak = info.peak_held_cells;
  stats.held_bytes = info.held_bytes;
  stats.held_bytes_peak = info.peak_held_bytes;
  stats.switches_out = info.switches_sent;
  stats.switches_in = info.switches_received;
  for (const Entry& entry : legs_) {
    mpath_leg_info leg;
    if (entry.leg == nullptr || tunnel_.leg_info(entry.id, &leg) != mpath::Status::kOk) continue;
    LegStats& own = stats.legs[entry.leg->ordinal() - 1];
    own.state = leg.state == MPATH_LEG_LINKED ? "linked" : "linking";
    if (own.rtt_us == 0 && leg.handshake_rtt_us != MPATH_NEVER) own.rtt_us = leg.handshake_rtt_us;
  }
}

}  // namespace onion_proxy
