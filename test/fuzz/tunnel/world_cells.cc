// World: cells both ways.
#include <algorithm>

#include "test/fuzz/support/expect.h"
#include "test/fuzz/tunnel/world.h"

namespace conflux::fuzz {
namespace {

constexpr std::uint32_t kCellBytes = 514;
constexpr std::uint8_t kBegin = 1;
constexpr std::uint8_t kSendme = 5;
constexpr std::uint8_t kUnknown = 200;

std::array<std::uint8_t, 4> switch_body(std::uint32_t delta) {
  return {static_cast<std::uint8_t>(delta >> 24U), static_cast<std::uint8_t>(delta >> 16U),
          static_cast<std::uint8_t>(delta >> 8U), static_cast<std::uint8_t>(delta)};
}

mpath_cell cell_of(mpath_leg_id leg, std::uint8_t command, std::uint8_t hop) {
  mpath_cell cell{};
  cell.struct_size = sizeof cell;
  cell.command = command;
  cell.hop = hop;
  cell.leg = leg;
  cell.cost = kCellBytes;
  return cell;
}

bool is_delivered(const mpath_token& token) { return token.verdict == MPATH_DELIVER; }

}  // namespace

void World::receive(TunnelModel& tunnel, const mpath_cell& cell, Oddity oddity, Eyes eyes) {
  // The body stands alone on the heap, so that a look past its end is seen.
  std::vector<std::uint8_t> body(cell.body, cell.body + cell.body_length);
  mpath_cell with_body = cell;
  with_body.body = body.data();
  with_body.token = next_token_++;
  ExactStruct<mpath_cell> in(with_body, size_of<mpath_cell>(oddity));
  ExactStruct<mpath_receipt> out(mpath_receipt{}, size_of<mpath_receipt>(oddity));
  const std::uint64_t at = now(oddity);
  Before was{};
  if (eyes == Eyes::kOpen) was = before(tunnel);
  const mpath_status status = table_.receive(instance_, tunnel.id(), in.get(), at, out.get());
  out.check_tail();
  if (eyes == Eyes::kShut) {
    const bool is_switch = status == MPATH_CONSUMED && cell.command == kSwitch;
    if (status == MPATH_OK || status == MPATH_HELD || is_switch) {
      return tunnel.note_receive(with_body, status, out.value(), false);
    }
    was = before(tunnel);
  }
  const mpath_tunnel_info now = after(tunnel, was, status);
  if (!is_misuse(status)) {
    const bool timed_out =
        status == MPATH_CONSUMED && leg_state(tunnel, cell.leg) == MPATH_LEG_TIMED_OUT;
    tunnel.note_receive(with_body, status, out.value(), timed_out);
  }
  check(tunnel, now);
}

void World::receive_linked(TunnelModel& tunnel, LegModel& leg, std::size_t changed_byte) {
  std::vector<std::uint8_t> body(50);
  body[0] = 1;
  if (tunnel.nonce()) std::ranges::copy(*tunnel.nonce(), body.begin() + 1);
  body[49] = 1;
  if (changed_byte < body.size()) body[changed_byte] = in_.byte();
  if (changed_byte >= body.size() && changed_byte < 64) body.resize(changed_byte - 14);
  mpath_cell cell = cell_of(leg.id, kLinked, tunnel.join_hop());
  cell.body = body.data();
  cell.body_length = static_cast<std::uint16_t>(body.size());
  receive(tunnel, cell, Oddity::kNone);
}

// One cell, hostile or not.
void World::receive_any(TunnelModel& tunnel, Oddity oddity) {
  tunnel.note_hostile();
  const mpath_leg_id leg = read_leg(tunnel);
  constexpr std::array<std::uint8_t, 8> kCommands = {kData,   kBegin,     kSendme, kUnknown,
                                                     kSwitch, kLinkedAck, kLink,   kLinked};
  const std::size_t kind = in_.below(12);
  mpath_cell cell = cell_of(leg, kData, tunnel.join_hop());
  std::array<std::uint8_t, 4> delta{};
  std::span<const std::uint8_t> body;
  if (kind < kCommands.size()) cell.command = kCommands[kind];
  if (cell.command == kSwitch) {
    delta = switch_body(in_.number32());
    body = delta;
  } else if (cell.command == kLinked) {
    LegModel* known = tunnel.find(leg);
    if (known != nullptr) return receive_linked(tunnel, *known, in_.below(80));
  } else if (kind == 8) {
    cell.command = in_.byte();
    cell.hop = in_.byte();
    cell.cost = in_.number32();
    body = in_.take(in_.byte());
  } else if (kind == 9) {
    cell.hop = static_cast<std::uint8_t>(in_.below(MPATH_HOPS_MAX));
    cell.command = kSwitch;
    body = in_.take(in_.below(8));
  } else if (kind == 10) {
    cell.cost = in_.number32();
  }
  cell.body = body.data();
  cell.body_length = static_cast<std::uint16_t>(body.size());
  receive(tunnel, cell, oddity);
}

void World::receive_burst(TunnelModel& tunnel) {
  tunnel.note_hostile();
  const mpath_leg_id leg = read_leg(tunnel);
  const std::size_t count = in_.below(64);
  mpath_cell cell = cell_of(leg, in_.flag() ? kBegin : kData, tunnel.join_hop());
  if (in_.flag()) cell.cost = 1 + in_.number32() % 70'000;
  for (std::size_t i = 0; i < count && !tunnel.closed(); ++i) receive(tunnel, cell, Oddity::kNone);
}

// An honest exit puts cells on a leg, with a SWITCH first if it sent on another.
void World::exit_sends(TunnelModel& tunnel) {
  LegModel* leg = tunnel.find(read_leg(tunnel));
  if (leg == nullptr || !leg->linked) return;
  const std::size_t count = 1 + in_.below(32);
  if (leg->wire.size() + count > kExitWindow) return;
  // What was under way on a leg that is gone never comes: an honest exit closes.
  if (std::ranges::any_of(tunnel.legs, [](const auto& it) { return !it.live && !it.wire.empty(); }))
    tunnel.note_hostile();
  if (leg->exit_sent != tunnel.exit_sent) {
    const auto delta = static_cast<std::uint32_t>(tunnel.exit_sent - leg->exit_sent);
    leg->wire.push_back({kSwitch, delta});
    leg->exit_sent = tunnel.exit_sent;
  }
  for (std::size_t i = 0; i < count; ++i) leg->wire.push_back({kData, 0});
  leg->exit_sent += count;
  tunnel.exit_sent += count;
}

void World::exit_delivers(TunnelModel& tunnel) {
  const mpath_leg_id leg = read_leg(tunnel);
  if (tunnel.find(leg) == nullptr) return;
  deliver(tunnel, leg, in_.below(64), Eyes::kOpen);
}

// The same of several legs in turn, with a drain now and then, and nobody looks until all is done.
void World::exit_delivers_unseen(TunnelModel& tunnel) {
  for (std::size_t turns = 1 + in_.below(16); turns > 0; --turns) {
    const mpath_leg_id leg = read_leg(tunnel);
    const std::size_t choice = in_.byte();
    if (tunnel.find(leg) != nullptr) deliver(tunnel, leg, 1 + choice % 32, Eyes::kShut);
    const auto capacity = static_cast<std::uint32_t>(choice / 32);
    if (capacity > 0) drain(tunnel, capacity * capacity, Oddity::kNone, Eyes::kShut);
  }
  const mpath_tunnel_info now = info(tunnel.id());
  tunnel.note_state(now);
  check(tunnel, now);
}

void World::deliver(TunnelModel& tunnel, mpath_leg_id leg, std::size_t count, Eyes eyes) {
  while (count-- > 0 && !tunnel.closed() && !tunnel.find(leg)->wire.empty()) {
    const WireCell sent = tunnel.find(leg)->wire.front();
    tunnel.find(leg)->wire.pop_front();
    mpath_cell cell = cell_of(leg, sent.command, tunnel.join_hop());
    const auto delta = switch_body(sent.delta);
    if (sent.command == kSwitch) {
      cell.body = delta.data();
      cell.body_length = delta.size();
    }
    receive(tunnel, cell, Oddity::kNone, eyes);
  }
}

void World::drain(TunnelModel& tunnel, std::uint32_t capacity, Oddity oddity, Eyes eyes) {
  const std::uint32_t stride = stride_of<mpath_token>(oddity);
  ExactArray<mpath_token> items(capacity, stride);
  mpath_tokens out{items.get(), capacity, stride, 0, 0};
  const bool was_closed = tunnel.closed();
  Before was{};
  if (eyes == Eyes::kOpen) was = before(tunnel);
  const mpath_status status = table_.drain(instance_, tunnel.id(), &out);
  std::vector<mpath_token> tokens;
  if (status == MPATH_OK) {
    for (std::uint32_t i = 0; i < out.count; ++i) tokens.push_back(items.at(i));
  }
  items.check_untouched(tokens.size());
  if (eyes == Eyes::kShut) {
    if (status == MPATH_OK && std::ranges::all_of(tokens, is_delivered)) {
      return tunnel.note_drain(tokens, out.left != 0, was_closed);
    }
    was = before(tunnel);
  }
  // Somebody may have marked it: then it closes before it is drained.
  const mpath_tunnel_info now = after(tunnel, was, status);
  if (status == MPATH_OK) tunnel.note_drain(tokens, out.left != 0, was_closed);
  check(tunnel, now);
}

void World::route(TunnelModel& tunnel, Oddity oddity) {
  constexpr std::array<std::uint8_t, 4> kCommands = {kData, kBegin, kSendme, kUnknown};
  const std::uint8_t kind = in_.byte();
  mpath_route_request request{};
  request.command = kind < 240 ? kCommands[kind % kCommands.size()] : in_.byte();
  request.hop = tunnel.join_hop();
  request.want = 1 + in_.number32() % 64;
  if (kind >= 160) request.want = in_.number32();
  if (kind >= 192) request.leg = read_leg(tunnel);
  if (kind >= 224) request.hop = in_.byte();
  if (kind >= 250) request.reserved2 = in_.byte();
  if (!tunnel.multi_path() && request.hop == MPATH_HOP_NONE) request.hop = 2;
  ExactStruct<mpath_route_request> in(request, size_of<mpath_route_request>(oddity));
  ExactStruct<mpath_grant> out(mpath_grant{}, size_of<mpath_grant>(oddity));
  const Views all = views(tunnel, oddity);
  const std::uint64_t at = now(oddity);
  const Before was = before(tunnel);
  const mpath_status status =
      table_.route(instance_, tunnel.id(), in.get(), &all.head, at, out.get());
  const mpath_tunnel_info now = after(tunnel, was, status);
  out.check_tail();
  if (status == MPATH_OK) tunnel.note_route(request, out.value());
  if (status == MPATH_BLOCKED) {
    expect(out.value().granted == 0 && out.value().reason != MPATH_REASON_NONE, "BLOCKED says why");
  }
  check(tunnel, now);
}

// What can_read() answers, route() does, however many of the cells that wait are asked for; but it
// may let a decision stand for some cells after the peer's window has become smaller.
void World::can_read(TunnelModel& tunnel, Oddity oddity) {
  const Views all = views(tunnel, oddity);
  std::uint32_t reason = 0;
  mpath_leg_id leg = 0;
  const Before was = before(tunnel);
  const mpath_status status =
      table_.can_read(instance_, tunnel.id(), &all.head, now_us_, &reason, &leg);
  const mpath_tunnel_info now = after(tunnel, was, status);
  check(tunnel, now);
  const bool nothing_due = std::max(latest_us_, now_us_) < now.next_deadline_us;
  const bool answered = status == MPATH_OK || status == MPATH_BLOCKED;
  if (!answered || !tunnel.multi_path() || !nothing_due) return;
  const auto want = static_cast<std::uint32_t>(1 + in_.below(std::max(all.head.backlog, 1U)));
  mpath_route_request request{sizeof request, kData, tunnel.join_hop(), 0, 0, want, 0};
  mpath_grant grant{};
  grant.struct_size = sizeof grant;
  const mpath_status routed =
      table_.route(instance_, tunnel.id(), &request, &all.head, World::now(Oddity::kNone), &grant);
  const mpath_tunnel_info later = after(tunnel, {now, false}, routed);
  const bool stands = routed == MPATH_OK && reason == MPATH_REASON_PEER_WINDOW_FULL;
  expect(routed == status || stands, "what may be read can be sent, and nothing else");
  expect(grant.reason == reason || stands, "for the same reason");
  expect(routed != MPATH_OK || stands || grant.leg == leg, "on that leg");
  if (routed == MPATH_OK) tunnel.note_route(request, grant);
  check(tunnel, later);
}

}  // namespace conflux::fuzz
