#include "test/fuzz/tunnel/tunnel_model.h"

#include <algorithm>
#include <cstring>

#include "test/fuzz/support/expect.h"

namespace conflux::fuzz {
namespace {

// Cells in flight on one leg of an honest exit, generously.
constexpr std::uint64_t kFarthest = 65536;
// Reasons from here on accuse the peer.
constexpr std::uint32_t kViolations = 100;

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value * 256 + bytes[i];
  return value;
}

}  // namespace

bool is_signalling(std::uint8_t command) { return command >= kLink && command <= kSwitch; }

bool is_sequenced(std::uint8_t command) {
  constexpr std::array<std::uint8_t, 8> kCommands = {1, 2, 3, 4, 11, 12, 43, 44};
  return std::ranges::find(kCommands, command) != kCommands.end();
}

TunnelModel::TunnelModel(const TunnelBirth& birth, const LegModel& first) : birth_(birth) {
  legs.push_back(first);
}

LegModel* TunnelModel::find(mpath_leg_id leg) {
  const auto it = std::ranges::find(legs, leg, &LegModel::id);
  return it == legs.end() ? nullptr : &*it;
}

bool TunnelModel::has_tokens() const {
  if (closed_) return !held_.empty();
  return !ahead_.empty() && ahead_.begin()->first <= delivered_ + 1;
}

void TunnelModel::note_state(const mpath_tunnel_info& info) {
  expect(info.state != MPATH_TUNNEL_POISONED, "nothing poisons a tunnel");
  const bool closed = info.state == MPATH_TUNNEL_CLOSED;
  expect(closed == (info.close_reason != MPATH_REASON_NONE), "a closed tunnel says why");
  expect(info.close_reason < kViolations || hostile_, "an honest exit is accused of nothing",
         static_cast<int>(info.close_reason));
  expect(!closed_ || (closed && info.close_reason == close_reason_), "closed is for good");
  closed_ = closed;
  close_reason_ = info.close_reason;
  if (closed) {
    for (LegModel& leg : legs) leg.live = false;
  } else if (info.join_hop != MPATH_HOP_NONE) {
    multi_path_ = true;
    join_hop_ = static_cast<std::uint8_t>(info.join_hop);
  }
}

void TunnelModel::note_added(std::span<const LegModel> added) {
  expect(!closed_ && multi_path_, "legs join an open tunnel, which is multi-path from then on");
  for (const LegModel& leg : added) {
    expect(leg.id != 0 && find(leg.id) == nullptr, "an id of a leg is new and not zero");
    legs.push_back(leg);
  }
}

void TunnelModel::note_begun(mpath_leg_id leg) {
  if (LegModel* it = find(leg)) it->begun = true;
}

std::uint32_t TunnelModel::loss_of(const LegModel& leg, std::uint32_t reason,
                                   mpath_leg_id primary) const {
  if (reason == MPATH_REASON_SEND_FAILED && leg.carried_out > 0) return MPATH_REASON_SEND_FAILED;
  std::uint64_t others = 0;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  for (const LegModel& other : legs) {
    if (!other.live || other.id == leg.id) continue;
    ++others;
    received = std::max(received, other.received);
    sent = std::max(sent, other.sent);
  }
  if (others == 0) return MPATH_REASON_DEPLETED;
  if (leg.id == primary && sent_ > 0) return MPATH_REASON_PRIMARY_LOST;
  if (!leg.begun) return MPATH_REASON_NONE;
  if (leg.received > received) return MPATH_REASON_HIGHEST_RECEIVED_LOST;
  if (leg.sent > sent) return MPATH_REASON_HIGHEST_SENT_LOST;
  const bool in_flight = leg.view.inflight >= leg.sendme_inc;
  return in_flight ? MPATH_REASON_DATA_IN_FLIGHT_LOST : MPATH_REASON_NONE;
}

void TunnelModel::note_removed(mpath_leg_id leg, std::uint32_t verdict) {
  LegModel* it = find(leg);
  expect(it != nullptr, "only a leg that is there can be removed");
  expect(close_reason_ == verdict, "a loss closes the tunnel as it is written down");
  it->live = false;
}

void TunnelModel::note_receive(const mpath_cell& cell, mpath_status status,
                               const mpath_receipt& receipt, bool timed_out) {
  expect(receipt.ready == (has_tokens() ? 1U : 0U) || status == MPATH_OK || status == MPATH_HELD,
         "`ready` says whether there is something to drain");
  switch (status) {
    case MPATH_OK:
    case MPATH_HELD:
      note_sequenced(cell, status);
      expect(receipt.ready == (has_tokens() ? 1U : 0U), "`ready` is right after a cell");
      break;
    case MPATH_CONSUMED:
      note_signalling(cell, timed_out);
      break;
    case MPATH_PASS:
      expect(!is_signalling(cell.command), "a signalling cell is never passed on");
      expect(!multi_path_ || cell.hop != join_hop_ || !is_sequenced(cell.command),
             "a sequenced cell from the join point is never passed by");
      break;
    case MPATH_E_PROTOCOL:
      expect(closed_ && receipt.reason == close_reason_ && receipt.reason >= kViolations,
             "a violation closes the tunnel for that reason");
      break;
    default:
      expect(status == MPATH_E_CLOSED && closed_ && receipt.reason == close_reason_,
             "receive() answers as it is documented");
  }
}

void TunnelModel::note_sequenced(const mpath_cell& cell, mpath_status status) {
  LegModel* leg = find(cell.leg);
  expect(leg != nullptr && leg->live && leg->linked, "cells are taken from linked legs only");
  expect(multi_path_ && cell.hop == join_hop_ && is_sequenced(cell.command),
         "only sequenced cells from the join point are counted");
  leg->received += 1;
  leg->carried_in += 1;
  leg->awaits_cell = false;
  received_ += 1;
  if (status == MPATH_OK) {
    delivered_ += 1;
    expect(leg->received == delivered_, "what is delivered at once is the next cell");
    return;
  }
  expect(leg->received > delivered_ + 1, "what is held back is ahead of its turn");
  const Held held{.seq = leg->received, .leg = cell.leg, .cost = cell.cost};
  expect(held_.emplace(cell.token, held).second, "a token is held once");
  ahead_.emplace(held.seq, cell.token);
  held_bytes_ += cell.cost;
  largest_cell_ = std::max(largest_cell_, cell.cost + kOwnShare);
  note_water();
}

void TunnelModel::note_water() {
  pressure_ = pressure_ ? held_bytes_ > birth_.low_water : held_bytes_ >= birth_.high_water;
}

void TunnelModel::note_signalling(const mpath_cell& cell, bool timed_out) {
  LegModel* leg = find(cell.leg);
  expect(leg != nullptr && leg->live && multi_path_ && cell.hop == join_hop_,
         "signalling cells come from the join point of a leg");
  if (timed_out) return;
  if (cell.command == kSwitch) {
    expect(leg->linked && !leg->awaits_cell && cell.body_length >= 4,
           "a SWITCH is taken on a linked leg, and not twice in a row");
    const std::uint64_t delta = big_endian(cell.body, 4);
    expect(delta != 0 || received_ == 0, "a SWITCH skips something");
    leg->received += delta;
    leg->awaits_cell = true;
    // What sixteen legs can have in flight, and more than that (attack A16).
    expect(received_ == 0 || leg->received <= received_ + 16 * kFarthest,
           "no SWITCH points further than an honest exit can be");
    return;
  }
  expect(cell.command == kLinked, "of the four, a client takes LINKED and SWITCH");
  expect(leg->link_told && !leg->linked, "LINKED answers a LINK, once");
  expect(cell.body_length >= 50 && cell.body[0] == 1 && cell.body[49] <= 4, "LINKED parses");
  expect(nonce_ && std::memcmp(cell.body + 1, nonce_->data(), 32) == 0, "LINKED has our nonce");
  expect(big_endian(cell.body + 41, 8) <= sent_, "LINKED acknowledges nothing that was not sent");
  leg->linked = true;
}

void TunnelModel::note_route(const mpath_route_request& request, const mpath_grant& grant) {
  LegModel* leg = find(grant.leg);
  expect(!closed_ && leg != nullptr && leg->live, "cells go to a leg that is there");
  expect(grant.leg_cookie == leg->cookie, "a grant names the cookie of its leg");
  expect(grant.granted >= 1 && grant.granted <= request.want, "1..want cells are granted");
  const bool counts = multi_path_ && request.hop == join_hop_ && is_sequenced(request.command);
  if (!counts) {
    expect(grant.has_first == 0 && grant.granted == request.want, "what does not count goes whole");
    return;
  }
  expect(leg->ack_told, "nothing sequenced leaves a leg before its LINKED_ACK");
  if (grant.has_first != 0) {
    expect(
        grant.first.command == kSwitch && grant.first.length == 4 && grant.first.hop == join_hop_,
        "only a SWITCH goes before granted cells");
    const std::uint64_t delta = big_endian(grant.first.body, 4);
    expect(delta != 0, "we never send a SWITCH that skips nothing");
    leg->sent += delta;
  }
  expect(leg->sent == sent_, "the far end can put our cells in order");
  if (request.command == kData) {
    const mpath_leg_view& view = leg->view;
    const std::uint64_t room = view.cwnd > view.inflight ? view.cwnd - view.inflight : 0;
    expect(grant.granted <= room, "DATA never overdraws a window");
  }
  leg->sent += grant.granted;
  leg->carried_out += grant.granted;
  sent_ += grant.granted;
}

void TunnelModel::release(const mpath_token& token) {
  const auto it = held_.find(token.token);
  expect(it != held_.end(), "a token comes back once, and only if it was held");
  const Held held = it->second;
  expect(token.leg == held.leg, "a token names the leg that carried it");
  if (token.verdict == MPATH_DELIVER) {
    expect(!discarding_, "after a close nothing is delivered");
    expect(held.seq == delivered_ + 1, "cells are delivered in order");
    delivered_ = held.seq;
  } else {
    expect(token.verdict == MPATH_DISCARD && closed_, "only a close discards");
    discarding_ = true;
  }
  const auto [from, to] = ahead_.equal_range(held.seq);
  ahead_.erase(std::find_if(from, to, [&](const auto& at) { return at.second == token.token; }));
  held_bytes_ -= held.cost;
  held_.erase(it);
}

void TunnelModel::note_drain(std::span<const mpath_token> tokens, bool left, bool was_closed) {
  discarding_ = discarding_ || was_closed;
  for (const mpath_token& token : tokens) release(token);
  note_water();
  expect(left == has_tokens(), "`left` says whether there is more to drain");
}

void TunnelModel::note_events(std::span<const mpath_event> events, std::uint32_t backlog) {
  bool levels = false;
  for (const mpath_event& event : events) {
    const bool one_shot = event.kind >= MPATH_EVENT_SEND_CELL;
    expect(!(one_shot && levels), "events of one shot come first");
    levels = !one_shot;
    if (one_shot) {
      note_one_shot(event);
    } else {
      note_level(event, backlog);
    }
  }
  expect(closed_ || pressure_ == pressure_told_, "a water mark that was crossed is told");
}

void TunnelModel::note_one_shot(const mpath_event& event) {
  LegModel* leg = find(event.leg);
  if (event.leg == 0) {
    expect(event.leg_cookie == birth_.cookie, "events of the tunnel carry its cookie");
  } else {
    expect(leg != nullptr && !leg->gone_told, "no event names a leg after its LEG_GONE");
    expect(event.leg_cookie == leg->cookie, "events of a leg carry its cookie");
  }
  switch (event.kind) {
    case MPATH_EVENT_SEND_CELL:
      expect(leg != nullptr && leg->live, "cells are asked for on legs that are there");
      return note_send_cell(event, *leg);
    case MPATH_EVENT_LINK_RESULT:
      expect(leg != nullptr && leg->begun && !leg->result_told, "a handshake ends once");
      expect((event.reason == MPATH_REASON_NONE) == leg->linked, "LINK_RESULT says how it ended");
      leg->result_told = true;
      return;
    case MPATH_EVENT_LEG_GONE:
      expect(leg != nullptr && !leg->live, "LEG_GONE tells of a leg that is gone, once");
      leg->gone_told = true;
      return;
    case MPATH_EVENT_READY:
      expect(!ready_told_ && std::ranges::any_of(legs, &LegModel::ack_told), "READY is told once");
      ready_told_ = true;
      return;
    case MPATH_EVENT_PRESSURE:
      expect(event.detail == (pressure_told_ ? MPATH_WATER_LOW : MPATH_WATER_HIGH),
             "water marks are crossed by turns");
      pressure_told_ = !pressure_told_;
      return;
    default:
      expect(event.kind == MPATH_EVENT_CLOSED && closed_ && !closed_told_, "CLOSED is told once");
      expect(event.reason == close_reason_, "CLOSED says why");
      closed_told_ = true;
  }
}

void TunnelModel::note_send_cell(const mpath_event& event, LegModel& leg) {
  expect(event.cell.hop == join_hop_, "signalling goes to the join point");
  if (event.cell.command == kLinkedAck) {
    expect(event.cell.length == 0 && leg.linked && !leg.ack_told, "one LINKED_ACK answers LINKED");
    leg.ack_told = true;
    return;
  }
  expect(event.cell.command == kLink && event.cell.length == 50, "LINK has 50 bytes");
  expect(leg.begun && !leg.link_told, "each leg gets one LINK");
  leg.link_told = true;
  const std::uint8_t* body = event.cell.body;
  expect(body[0] == 1 && body[49] <= 4, "LINK is of version 1 with a known UX");
  expect(big_endian(body + 33, 8) == 0 && big_endian(body + 41, 8) == 0, "LINK counts from zero");
  std::array<std::uint8_t, 32> nonce;
  std::copy_n(body + 1, nonce.size(), nonce.begin());
  expect(!nonce_ || *nonce_ == nonce, "a tunnel has one nonce");
  expect(!birth_.seed || *birth_.seed == nonce, "the seed is all its randomness");
  nonce_ = nonce;
}

void TunnelModel::note_level(const mpath_event& event, std::uint32_t backlog) {
  const LegModel* leg = find(event.leg);
  expect(leg != nullptr && leg->live, "what is to be done is about legs that are there");
  expect(event.leg_cookie == leg->cookie, "events of a leg carry its cookie");
  const std::uint32_t flags = leg->view.flags;
  switch (event.kind) {
    case MPATH_EVENT_HANDLE_CELL:
      return expect((flags & MPATH_VIEW_INPUT_READY) != 0, "HANDLE_CELL: the view says so");
    case MPATH_EVENT_PADDING:
      return expect((flags & MPATH_VIEW_PADDING_READY) != 0, "PADDING: the view says so");
    case MPATH_EVENT_REMOVE_LEG:
      return expect(
          (flags & MPATH_VIEW_INPUT_CLOSED) != 0 || event.reason == MPATH_REASON_HANDSHAKE_TIMEOUT,
          "REMOVE_LEG has its reason");
    case MPATH_EVENT_COLLECT_HALFSTREAMS:
      return expect(leg->view.half_stream_expiry_us != MPATH_NEVER,
                    "half streams: the view says so");
    default:
      expect(event.kind == MPATH_EVENT_READ_STREAMS && event.value > 0, "a known event");
      expect(event.detail != MPATH_STREAMS_JOIN_POINT || (leg->ack_told && event.value <= backlog),
             "streams of the join point are read for a linked leg, as many as wait");
  }
}

void TunnelModel::check_info(const mpath_tunnel_info& info) const {
  if (multi_path_ && !closed_) {
    expect(info.cells_delivered == delivered_ && info.cells_received == received_ &&
               info.cells_sent == sent_,
           "the counters of cells are right");
    expect(footprint() <= birth_.reorder_limit, "no more is held than the limit allows");
  }
  const auto live = static_cast<std::size_t>(std::ranges::count_if(legs, &LegModel::live));
  expect(info.leg_count == live, "the tunnel counts its legs");
  expect(info.held_cells == held_.size() && info.held_bytes == held_bytes_,
         "the tunnel counts what it holds");
  expect(info.peak_held_cells >= info.held_cells && info.peak_held_bytes >= info.held_bytes,
         "peaks are peaks");
}

void TunnelModel::check_leg(const mpath_leg_info& info) const {
  const auto leg = std::ranges::find(legs, info.leg, &LegModel::id);
  expect(leg != legs.end() && leg->live && leg->cookie == info.cookie, "a leg is whom it says");
  if (!multi_path_) return expect(info.state == MPATH_LEG_PLAIN, "a single circuit is plain");
  expect(info.last_seq_sent == leg->sent && info.last_seq_received == leg->received &&
             info.cells_sent == leg->carried_out && info.cells_received == leg->carried_in,
         "the sequence numbers of a leg are right");
  expect((info.state == MPATH_LEG_LINKED) == leg->ack_told, "LINKED means acknowledged");
}

void TunnelModel::check_end() const {
  expect(closed_ && closed_told_, "a close is told");
  expect(held_.empty(), "each held token came back");
  for (const LegModel& leg : legs) {
    expect(leg.gone_told, "each leg was told gone");
    expect(leg.result_told == leg.begun, "each handshake was told to have ended");
  }
}

}  // namespace conflux::fuzz
