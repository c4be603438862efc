#include "host_api/conformance/probe/probe_tunnel.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace mpath::probe {
namespace {

using judge::Call;
using judge::Slot;
using judge::strided;

constexpr std::uint8_t kData = 2;
constexpr std::uint8_t kLink = 19;
constexpr std::uint8_t kLinked = 20;
constexpr std::uint8_t kLinkedAck = 21;
constexpr std::uint8_t kSwitch = 22;
constexpr std::uint16_t kLinkLength = 50;
constexpr std::uint32_t kUnknownKind = 9999;

template <class T>
void fill_struct(const Call& call, T value) {
  value.struct_size = *call.out_as<std::uint32_t>();
  std::memcpy(call.out, &value, sizeof value);
}

}  // namespace

ProbeTunnel::ProbeTunnel(mpath_tunnel_id id, std::uint64_t ordinal,
                         const mpath_tunnel_params& params)
    : id_(id), ordinal_(ordinal), cookie_(params.cookie) {
  // No real secret: the probe never guards a circuit.
  if (params.seed != nullptr) std::copy_n(params.seed, nonce_.size(), nonce_.begin());
  nonce_[0] ^= 0xA5;
  const bool founds_set = (params.first_leg->flags & MPATH_LEG_FOUNDS_SET) != 0;
  primary_ = add_leg(*params.first_leg, MPATH_LEG_PLAIN);
  if (founds_set) begin_set();
}

void ProbeTunnel::begin_set() {
  state_ = MPATH_TUNNEL_LINKING;
  legs_.front().state = MPATH_LEG_UNLINKED;
  join_hop_ = legs_.front().hops - 1;
}

bool ProbeTunnel::is_signalling(std::uint8_t command) {
  return command >= kLink && command <= kSwitch;
}

mpath_leg_id ProbeTunnel::add_leg(const mpath_leg_params& params, std::uint32_t state) {
  ProbeLeg leg;
  leg.ordinal = ++legs_ever_;
  leg.id = id_ << 16 | leg.ordinal;
  leg.cookie = params.cookie;
  leg.state = state;
  leg.hops = params.path.count;
  if (leg.hops > 0) {
    leg.tag = strided(params.path.hops, params.path.stride, leg.hops - 1)->relay_tag;
  }
  legs_.push_back(leg);
  return leg.id;
}

ProbeLeg* ProbeTunnel::find(mpath_leg_id leg) {
  const auto found = std::ranges::find(legs_, leg, &ProbeLeg::id);
  return found == legs_.end() ? nullptr : &*found;
}

mpath_status ProbeTunnel::act(const Call& call) {
  const bool last_rites =
      call.slot == Slot::kDrain || call.slot == Slot::kPoll || call.slot == Slot::kTunnelDestroy;
  if (state_ == MPATH_TUNNEL_POISONED && !last_rites) return MPATH_E_POISONED;
  if (state_ == MPATH_TUNNEL_CLOSED && !call.info().after_closed) return MPATH_E_CLOSED;
  struct Entry {
    Slot slot;
    mpath_status (ProbeTunnel::*function)(const Call&);
  };
  static constexpr Entry kEntries[] = {
      {Slot::kTunnelDestroy, &ProbeTunnel::destroy},
      {Slot::kTunnelClose, &ProbeTunnel::close_for_host},
      {Slot::kTunnelInfo, &ProbeTunnel::info},
      {Slot::kTunnelDetail, &ProbeTunnel::detail},
      {Slot::kTunnelSnapshot, &ProbeTunnel::snapshot},
      {Slot::kTunnelActivity, &ProbeTunnel::activity},
      {Slot::kLegSetPath, &ProbeTunnel::set_path},
      {Slot::kLegsAdd, &ProbeTunnel::add_legs},
      {Slot::kLink, &ProbeTunnel::link},
      {Slot::kLegRemove, &ProbeTunnel::remove},
      {Slot::kLegTakeSingle, &ProbeTunnel::take_single},
      {Slot::kLegSingle, &ProbeTunnel::single},
      {Slot::kLegInfo, &ProbeTunnel::describe},
      {Slot::kLegUsesStreamSendme, &ProbeTunnel::uses_stream_sendme},
      {Slot::kPaddingEvent, &ProbeTunnel::padding},
      {Slot::kRoute, &ProbeTunnel::route},
      {Slot::kCanRead, &ProbeTunnel::can_read},
      {Slot::kReceive, &ProbeTunnel::receive},
      {Slot::kDrain, &ProbeTunnel::drain},
      {Slot::kPoll, &ProbeTunnel::poll},
  };
  const auto* const entry = std::ranges::find(kEntries, call.slot, &Entry::slot);
  return entry == std::end(kEntries) ? MPATH_OK : (this->*entry->function)(call);
}

mpath_status ProbeTunnel::destroy(const Call&) {
  return held_.empty() ? MPATH_OK : MPATH_E_TOKENS_HELD;
}

mpath_status ProbeTunnel::close_for_host(const Call&) {
  close(MPATH_REASON_HOST_REQUEST);
  return MPATH_OK;
}

mpath_status ProbeTunnel::detail(const Call& call) {
  fill_struct(call, mpath_detail{});
  return MPATH_OK;
}

mpath_status ProbeTunnel::activity(const Call& call) {
  fill_struct(call, mpath_activity{});
  return MPATH_OK;
}

mpath_status ProbeTunnel::set_path(const Call& call) {
  if (state_ != MPATH_TUNNEL_SINGLE_PATH) return MPATH_E_STATE;
  legs_.front().hops = call.path->count;
  return MPATH_OK;
}

mpath_status ProbeTunnel::uses_stream_sendme(const Call& call) {
  if (call.out_number == nullptr) return MPATH_E_ARGUMENT;
  *call.out_number = 0;
  return MPATH_OK;
}

mpath_status ProbeTunnel::padding(const Call& call) {
  return find(call.leg) == nullptr ? MPATH_IGNORED : MPATH_OK;
}

mpath_event& ProbeTunnel::tell_leg(std::uint32_t kind, std::uint32_t reason, const ProbeLeg& leg) {
  mpath_event& event = events_.emplace_back();
  event.kind = kind;
  event.reason = reason;
  event.leg = leg.id;
  event.leg_cookie = leg.cookie;
  return event;
}

void ProbeTunnel::tell(std::uint32_t kind, std::uint32_t reason) {
  mpath_event& event = events_.emplace_back();
  event.kind = kind;
  event.reason = reason;
  event.leg_cookie = cookie_;
  if (kind == MPATH_EVENT_PRESSURE) event.detail = MPATH_WATER_HIGH;
}

void ProbeTunnel::tell_cell(const ProbeLeg& leg, std::uint8_t command, std::uint16_t length) {
  mpath_control_cell& cell = tell_leg(MPATH_EVENT_SEND_CELL, 0, leg).cell;
  cell.command = command;
  cell.hop = static_cast<std::uint8_t>(join_hop_);
  cell.length = length;
  if (command != kLink) return;
  cell.body[0] = 1;
  std::ranges::copy(nonce_, cell.body + 1);
  cell.body[kLinkLength - 1] = 1;
}

void ProbeTunnel::close(std::uint32_t reason) {
  if (is_over()) return;
  state_ = MPATH_TUNNEL_CLOSED;
  close_reason_ = reason;
  tell(MPATH_EVENT_CLOSED, reason);
  for (const ProbeLeg& leg : legs_) {
    if (leg.state == MPATH_LEG_AWAITING_LINKED) {
      tell_leg(MPATH_EVENT_LINK_RESULT, MPATH_REASON_TUNNEL_CLOSED, leg);
    }
    tell_leg(MPATH_EVENT_LEG_GONE, MPATH_REASON_TUNNEL_CLOSED, leg);
  }
  legs_.clear();
  for (mpath_token& token : held_) token.verdict = MPATH_DISCARD;
}

void ProbeTunnel::poison() {
  close(MPATH_REASON_INTERNAL);
  state_ = MPATH_TUNNEL_POISONED;
}

mpath_status ProbeTunnel::add_legs(const Call& call) {
  if (call.count == 0 || legs_.size() + call.count > MPATH_LEGS_MAX) return MPATH_E_LEG_INVALID;
  if (legs_.front().hops == 0) return MPATH_E_LEG_INVALID;
  for (std::uint32_t i = 0; i < call.count; ++i) {
    call.out_ids[i] = add_leg(*strided(call.legs, call.stride, i), MPATH_LEG_UNLINKED);
  }
  if (state_ == MPATH_TUNNEL_SINGLE_PATH) begin_set();
  return MPATH_OK;
}

mpath_status ProbeTunnel::link(const Call& call) {
  if (state_ == MPATH_TUNNEL_SINGLE_PATH) return MPATH_E_STATE;
  for (ProbeLeg& leg : legs_) {
    if (leg.state != MPATH_LEG_UNLINKED) continue;
    leg.state = MPATH_LEG_AWAITING_LINKED;
    leg.link_sent_us = call.now_us;
    tell_cell(leg, kLink, kLinkLength);
  }
  return MPATH_OK;
}

mpath_status ProbeTunnel::remove(const Call& call) {
  const ProbeLeg* const found = find(call.leg);
  if (found == nullptr) return MPATH_E_STALE;
  const ProbeLeg leg = *found;
  if (leg.state == MPATH_LEG_AWAITING_LINKED) {
    tell_leg(MPATH_EVENT_LINK_RESULT, call.number, leg);
  }
  tell_leg(MPATH_EVENT_LEG_GONE, call.number, leg);
  legs_.erase(legs_.begin() + (found - legs_.data()));
  if (legs_.empty()) {
    close(MPATH_REASON_DEPLETED);
  } else if (leg.id == primary_ && sent_ > 0) {
    close(MPATH_REASON_PRIMARY_LOST);
  } else if (leg.id == primary_) {
    primary_ = legs_.front().id;
  }
  return MPATH_OK;
}

mpath_status ProbeTunnel::take_single(const Call& call) {
  if (legs_.size() != 1) return MPATH_E_NOT_SINGLE;
  fill_struct(call, info_of(legs_.front()));
  close(MPATH_REASON_TAKEN);
  return MPATH_OK;
}

mpath_status ProbeTunnel::single(const Call& call) {
  if (legs_.size() != 1) return MPATH_E_NOT_SINGLE;
  *call.out_ids = legs_.front().id;
  return MPATH_OK;
}

mpath_leg_info ProbeTunnel::info_of(const ProbeLeg& leg) const {
  mpath_leg_info info{};
  info.state = leg.state;
  info.ordinal = leg.ordinal;
  info.hop_count = leg.hops;
  info.is_primary = leg.id == primary_ ? 1 : 0;
  info.joined = leg.state != MPATH_LEG_PLAIN ? 1 : 0;
  info.leg = leg.id;
  info.cookie = leg.cookie;
  info.last_hop_tag = leg.tag;
  info.handshake_rtt_us = leg.rtt_us;
  return info;
}

mpath_status ProbeTunnel::describe(const Call& call) {
  const ProbeLeg* const leg = find(call.leg);
  if (leg == nullptr) return MPATH_E_STALE;
  fill_struct(call, info_of(*leg));
  return MPATH_OK;
}

mpath_status ProbeTunnel::info(const Call& call) {
  mpath_tunnel_info info{};
  info.state = state_;
  info.close_reason = close_reason_;
  info.leg_count = static_cast<std::uint32_t>(legs_.size());
  for (const ProbeLeg& leg : legs_) {
    if (leg.state == MPATH_LEG_LINKED) ++info.linked_count;
    if (leg.state <= MPATH_LEG_UNLINKED) ++info.unlinked_count;
  }
  info.join_hop = join_hop_;
  info.held_cells = info.peak_held_cells = static_cast<std::uint32_t>(held_.size());
  info.primary = legs_.empty() ? 0 : primary_;
  info.cookie = cookie_;
  info.ordinal = ordinal_;
  info.cells_sent = sent_;
  info.cells_received = received_;
  info.cells_delivered = received_ - held_.size();
  info.next_deadline_us = MPATH_NEVER;
  fill_struct(call, info);
  return MPATH_OK;
}

mpath_status ProbeTunnel::snapshot(const Call& call) {
  auto* const out = call.out_as<mpath_leg_summaries>();
  if (out == nullptr || !judge::is_array(out->items, out->capacity, out->stride)) {
    return MPATH_E_ARGUMENT;
  }
  for (std::uint32_t i = 0; i < legs_.size() && i < out->capacity; ++i) {
    const ProbeLeg& leg = legs_[i];
    *strided(out->items, out->stride, i) = {leg.id,
                                            leg.cookie,
                                            leg.tag,
                                            leg.state,
                                            leg.ordinal,
                                            leg.hops,
                                            leg.id == primary_ ? 1U : 0U};
  }
  out->count = static_cast<std::uint32_t>(legs_.size());
  return MPATH_OK;
}

bool ProbeTunnel::is_sequenced(std::uint8_t command, std::uint32_t hop) const {
  return state_ != MPATH_TUNNEL_SINGLE_PATH && hop == join_hop_ &&
         ((command >= 1 && command <= 4) || command == 11 || command == 12 || command == 43 ||
          command == 44);
}

std::uint32_t ProbeTunnel::room(const mpath_leg_views& views) const {
  const mpath_leg_view* const view = judge::view_of(&views, primary_);
  if (view == nullptr || (view->flags & MPATH_VIEW_CHANNEL_BLOCKED) != 0) return 0;
  return view->cwnd > view->inflight ? view->cwnd - view->inflight : 0;
}

mpath_status ProbeTunnel::route(const Call& call) {
  const mpath_route_request& request = *call.request;
  mpath_grant grant{};
  const bool sequenced = is_sequenced(request.command, request.hop);
  const ProbeLeg* const leg = find(request.leg == 0 || sequenced ? primary_ : request.leg);
  if (leg == nullptr) return MPATH_E_STALE;
  grant.granted = request.want;
  if (sequenced && state_ == MPATH_TUNNEL_LINKING) grant.reason = MPATH_REASON_NOT_LINKED;
  if (sequenced && request.command == kData && grant.reason == MPATH_REASON_NONE) {
    grant.granted = std::min(request.want, room(*call.views));
    if (grant.granted == 0) grant.reason = MPATH_REASON_PRIMARY_FULL;
  }
  if (grant.reason != MPATH_REASON_NONE) {
    grant.granted = 0;
    fill_struct(call, grant);
    return MPATH_BLOCKED;
  }
  grant.leg = leg->id;
  grant.leg_cookie = leg->cookie;
  if (sequenced) sent_ += grant.granted;
  fill_struct(call, grant);
  return MPATH_OK;
}

mpath_status ProbeTunnel::can_read(const Call& call) {
  if (call.out_number == nullptr) return MPATH_E_ARGUMENT;
  *call.out_number = MPATH_REASON_NONE;
  if (state_ == MPATH_TUNNEL_LINKING) *call.out_number = MPATH_REASON_NOT_LINKED;
  if (*call.out_number == MPATH_REASON_NONE && room(*call.views) == 0) {
    *call.out_number = MPATH_REASON_PRIMARY_FULL;
  }
  if (call.out_leg != nullptr) *call.out_leg = primary_;
  return *call.out_number == MPATH_REASON_NONE ? MPATH_OK : MPATH_BLOCKED;
}

mpath_status ProbeTunnel::hold(const Call& call) {
  held_.push_back({call.cell->token, call.cell->leg, MPATH_DELIVER, 0});
  ++received_;
  fill_struct(call, mpath_receipt{});
  return MPATH_HELD;
}

mpath_status ProbeTunnel::receive(const Call& call) {
  mpath_receipt receipt{};
  receipt.ready = releasable_ > 0 ? 1 : 0;
  receipt.reason = is_over() ? close_reason_ : 0;
  fill_struct(call, receipt);
  if (is_over()) return MPATH_E_CLOSED;
  const mpath_cell& cell = *call.cell;
  ProbeLeg* const leg = find(cell.leg);
  if (leg == nullptr) return MPATH_E_STALE;
  if (cell.command == kLinked) return receive_linked(call, *leg);
  if (is_signalling(cell.command)) return MPATH_CONSUMED;
  if (!is_sequenced(cell.command, cell.hop)) return MPATH_PASS;
  ++received_;
  return MPATH_OK;
}

mpath_status ProbeTunnel::receive_linked(const Call& call, ProbeLeg& leg) {
  const mpath_cell& cell = *call.cell;
  const bool right = leg.state == MPATH_LEG_AWAITING_LINKED && cell.body_length >= kLinkLength &&
                     std::equal(nonce_.begin(), nonce_.end(), cell.body + 1);
  if (!right) {
    ++wrong_answers_;
    mpath_receipt receipt{};
    receipt.reason = MPATH_REASON_LINKED_NONCE;
    fill_struct(call, receipt);
    close(MPATH_REASON_LINKED_NONCE);
    return MPATH_E_PROTOCOL;
  }
  ++links_answered_;
  leg.state = MPATH_LEG_LINKED;
  leg.rtt_us = call.now_us - std::min(call.now_us, leg.link_sent_us);
  tell_cell(leg, kLinkedAck, 0);
  tell_leg(MPATH_EVENT_LINK_RESULT, MPATH_REASON_NONE, leg).value = leg.rtt_us;
  if (state_ == MPATH_TUNNEL_READY) return MPATH_CONSUMED;
  state_ = MPATH_TUNNEL_READY;
  primary_ = leg.id;
  tell(MPATH_EVENT_READY, 0);
  return MPATH_CONSUMED;
}

mpath_status ProbeTunnel::drain(const Call& call) {
  auto* const out = call.out_as<mpath_tokens>();
  const std::size_t ready = is_over() ? held_.size() : releasable_;
  out->count = static_cast<std::uint32_t>(std::min<std::size_t>(ready, out->capacity));
  for (std::uint32_t i = 0; i < out->count; ++i) {
    *strided(out->items, out->stride, i) = held_.front();
    held_.pop_front();
  }
  out->left = ready > out->count ? 1 : 0;
  releasable_ = is_over() ? 0 : ready - out->count;
  return MPATH_OK;
}

std::vector<mpath_event> ProbeTunnel::levels(const Call& call) const {
  std::vector<mpath_event> told;
  const auto add = [&](std::uint32_t kind, const ProbeLeg& leg) -> mpath_event& {
    mpath_event& event = told.emplace_back();
    event.kind = kind;
    event.leg = leg.id;
    event.leg_cookie = leg.cookie;
    return event;
  };
  for (const ProbeLeg& leg : legs_) {
    const mpath_leg_view* const view = judge::view_of(call.views, leg.id);
    if (view == nullptr) continue;
    if ((view->flags & MPATH_VIEW_INPUT_CLOSED) != 0) {
      add(MPATH_EVENT_REMOVE_LEG, leg).reason = MPATH_REASON_CHANNEL_CLOSED;
      continue;
    }
    if (view->half_stream_expiry_us <= call.now_us) add(MPATH_EVENT_COLLECT_HALFSTREAMS, leg);
    if ((view->flags & MPATH_VIEW_PADDING_READY) != 0) add(MPATH_EVENT_PADDING, leg);
    if ((view->flags & MPATH_VIEW_INPUT_READY) != 0) add(MPATH_EVENT_HANDLE_CELL, leg);
    const bool other = (view->flags & MPATH_VIEW_HOP_STREAMS_READY) != 0;
    const bool join = leg.id == primary_ && call.views->backlog > 0 &&
                      state_ == MPATH_TUNNEL_READY && room(*call.views) > 0;
    if (!other && !join) continue;
    mpath_event& event = add(MPATH_EVENT_READ_STREAMS, leg);
    event.detail = join ? MPATH_STREAMS_JOIN_POINT : MPATH_STREAMS_OTHER_HOPS;
    event.value = join ? room(*call.views) : UINT64_MAX;
  }
  return told;
}

mpath_status ProbeTunnel::poll(const Call& call) {
  auto* const out = call.out_as<mpath_events>();
  std::vector<mpath_event> all = events_;
  if (!is_over()) std::ranges::copy(levels(call), std::back_inserter(all));
  if (all.size() > out->capacity) {
    out->count = static_cast<std::uint32_t>(all.size());
    return MPATH_E_BUFFER;
  }
  links_told_ += static_cast<std::uint64_t>(std::ranges::count_if(events_, [](const auto& event) {
    return event.kind == MPATH_EVENT_SEND_CELL && event.cell.command == kLink;
  }));
  events_.clear();
  if (std::exchange(fill_, false)) {
    mpath_event unknown{};
    unknown.kind = kUnknownKind;
    unknown.reason = kUnknownKind;
    all.resize(out->capacity, unknown);
  }
  out->count = static_cast<std::uint32_t>(all.size());
  for (std::uint32_t i = 0; i < out->count; ++i) *strided(out->items, out->stride, i) = all[i];
  const std::uint64_t after = std::exchange(deadline_after_us_, 0);
  out->next_deadline_us = after > 0 ? call.now_us + after : MPATH_NEVER;
  return MPATH_OK;
}

}  // namespace mpath::probe
