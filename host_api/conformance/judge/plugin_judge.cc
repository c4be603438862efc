#include "host_api/conformance/judge/plugin_judge.h"

#include <algorithm>
#include <cstring>

namespace mpath::judge {
namespace {

constexpr std::uint8_t kData = 2;
constexpr std::uint32_t kTailMax = 4096;  // bytes past version 1.0 that are watched

bool is_misuse(mpath_status status) {
  return status <= MPATH_E_ARGUMENT && status > MPATH_E_PROTOCOL;
}

bool may_answer(Slot slot, mpath_status status) {
  if (status <= 0) return true;
  switch (status) {
    case MPATH_BLOCKED:
      return slot == Slot::kRoute || slot == Slot::kCanRead;
    case MPATH_IGNORED:
      return slot == Slot::kPaddingEvent;
    case MPATH_HELD:
    case MPATH_CONSUMED:
    case MPATH_PASS:
      return slot == Slot::kReceive;
    default:
      return false;
  }
}

// What the struct to be filled has past version 1.0.
std::pair<const std::byte*, std::size_t> tail_of(const Call& call) {
  const std::uint32_t known = call.info().out;
  if (known == 0 || call.out == nullptr) return {nullptr, 0};
  const std::uint32_t size = *call.out_as<std::uint32_t>();
  if (size <= known) return {nullptr, 0};
  return {call.out_as<std::byte>() + known, std::min(size - known, kTailMax)};
}

}  // namespace

void PluginJudge::blame(const char* requirement, const Call& call, std::string what) {
  const TunnelModel* const tunnel = model_.tunnel(call);
  findings_.violation({.requirement = requirement,
                       .function = call.info().name,
                       .call = call.serial,
                       .tunnel = tunnel != nullptr ? tunnel->ordinal : 0,
                       .what = std::move(what)});
}

void PluginJudge::expect(bool holds, const char* requirement, const Call& call, const char* what) {
  if (holds) {
    findings_.exercise(requirement);
  } else {
    blame(requirement, call, what);
  }
}

PluginJudge::Before PluginJudge::prepare(const Call& call) const {
  Before before;
  if (const auto [tail, size] = tail_of(call); size > 0) before.tail.assign(tail, tail + size);
  if (!call.info().owner || !call.readable || model_.tunnel(call) == nullptr) return before;
  before.info.struct_size = sizeof before.info;
  before.has_info = plugin_.tunnel_info(call.instance, call.tunnel, &before.info) == MPATH_OK;
  return before;
}

void PluginJudge::judge(const Call& call, mpath_status status, const Before& before) {
  judge_status(call, status);
  if (const auto [tail, size] = tail_of(call); size > 0 && size == before.tail.size()) {
    expect(std::equal(tail, tail + size, before.tail.begin()), "MPATH-P-5", call,
           "wrote past version 1.0 of the struct");
  }
  if (call.text != nullptr) judge_text(call);
  if (!call.readable) return;
  judge_ids(call, status);
  TunnelModel* const tunnel = model_.tunnel(call);
  if (tunnel == nullptr) return;
  if (before.has_info) judge_nothing_changed(call, status, before);
  if (call.slot == Slot::kRoute) judge_grant(call, status, *tunnel);
  if (call.slot == Slot::kDrain && status == MPATH_OK) judge_tokens(call, *tunnel);
  if (call.slot == Slot::kPoll && status == MPATH_OK) judge_events(call, *tunnel);
  if (call.slot == Slot::kPoll && status == MPATH_E_BUFFER) {
    const auto* const out = call.out_as<mpath_events>();
    expect(out->count > out->capacity && out->count <= MPATH_EVENTS_MAX, "MPATH-P-17", call,
           "E_BUFFER, but `count` does not say how much suffices");
  }
  if (call.slot == Slot::kTunnelDestroy) {
    expect(status != MPATH_OK || tunnel->held.empty(), "MPATH-P-14", call,
           "destroyed a tunnel whose tokens are held");
  }
}

void PluginJudge::judge_status(const Call& call, mpath_status status) {
  expect(may_answer(call.slot, status), "MPATH-P-12", call,
         "a positive status that this function does not have");
  if (!call.readable) {
    expect(status < 0, call.to_be_refused_by, call, "accepted arguments that must be refused");
    return;
  }
  const TunnelModel* const tunnel = model_.tunnel(call);
  if (tunnel == nullptr) return;
  const bool views_matter = call.info().has_views && !tunnel->closed;
  if (views_matter && !call.right_views && status >= 0) {
    blame("MPATH-P-20", call, "accepted views that lack a leg");
  }
  if (views_matter && call.right_views) {
    expect(status != MPATH_E_VIEWS, "MPATH-P-20", call, "refused views that have each leg once");
  }
  const bool wrong_state = (call.slot == Slot::kLink && !tunnel->multi_path) ||
                           (call.slot == Slot::kLegSetPath && tunnel->multi_path) ||
                           (tunnel->closed && !call.info().after_closed);
  expect(!wrong_state || status < 0, "MPATH-P-12", call, "accepted in a state that forbids it");
}

bool PluginJudge::has_closed(const Call& call) const {
  mpath_tunnel_info info{};
  info.struct_size = sizeof info;
  return plugin_.tunnel_info(call.instance, call.tunnel, &info) == MPATH_OK &&
         info.state == MPATH_TUNNEL_CLOSED;
}

void PluginJudge::judge_ids(const Call& call, mpath_status status) {
  const InstanceModel* const instance = model_.instance(call.instance);
  if (instance == nullptr) return;
  if (call.slot == Slot::kTunnelCreate && status == MPATH_OK) {
    expect(*call.out_ids != 0 && *call.out_leg != 0 && !instance->tunnels.contains(*call.out_ids) &&
               !instance->destroyed.contains(*call.out_ids),
           "MPATH-P-10", call, "minted the id 0, or one twice");
  }
  if (!call.info().of_tunnel) return;
  const TunnelModel* const tunnel = model_.tunnel(call);
  if (tunnel == nullptr) {
    if (!call.info().owner) return;  // its owner may destroy it just now
    expect(is_misuse(status), "MPATH-P-10", call, "accepted the id of no tunnel");
    return;
  }
  const mpath_leg_id leg = call.slot == Slot::kReceive ? call.cell->leg : call.leg;
  if (leg != 0 && !tunnel->closed && call.slot != Slot::kPaddingEvent) {
    const bool live = tunnel->is_live(leg);
    expect(live || status < 0, "MPATH-P-10", call, "accepted the id of no leg");
    // A call may find its tunnel closed, by what was due or to shed it, and then its legs are gone.
    expect(!live || status != MPATH_E_STALE || call.info().has_time || has_closed(call),
           "MPATH-P-10", call, "does not know a leg that is alive");
  }
  if (call.slot == Slot::kRoute && status == MPATH_E_STALE) {
    const mpath_leg_id from = call.request->leg;
    expect((from != 0 && !tunnel->is_live(from)) || has_closed(call), "MPATH-P-10", call,
           "does not know a leg that is alive");
  }
  if (call.slot == Slot::kLegsAdd && status == MPATH_OK) {
    for (std::uint32_t i = 0; i < call.count; ++i) {
      expect(call.out_ids[i] != 0 && !tunnel->legs.contains(call.out_ids[i]), "MPATH-P-10", call,
             "minted the id 0, or one twice");
    }
  }
}

void PluginJudge::judge_nothing_changed(const Call& call, mpath_status status,
                                        const Before& before) {
  mpath_tunnel_info now{};
  now.struct_size = sizeof now;
  if (call.slot == Slot::kTunnelDestroy && status == MPATH_OK) return;
  if (plugin_.tunnel_info(call.instance, call.tunnel, &now) != MPATH_OK) return;
  const mpath_tunnel_info& was = before.info;
  if (call.slot == Slot::kLegsAdd && now.state != MPATH_TUNNEL_CLOSED) {
    const std::uint32_t joined = status == MPATH_OK ? call.count : 0;
    expect(now.leg_count == was.leg_count + joined, "MPATH-P-19", call,
           "the number of legs is not that of all or none");
  }
  if (call.slot == Slot::kRoute && status == MPATH_OK && now.join_hop == call.request->hop) {
    const auto* const out = call.out_as<mpath_grant>();
    const std::uint64_t sent = now.cells_sent - was.cells_sent;
    expect(sent == 0 || sent == out->granted, "MPATH-P-18", call,
           "cells_sent did not advance by what was granted");
  }
  const bool refused = is_misuse(status) || status == MPATH_BLOCKED ||
                       (status <= MPATH_E_NO_MEMORY && status > MPATH_E_POISONED);
  if (!refused || now.state != was.state) return;  // a deadline that was due may close it
  expect(now.cells_sent == was.cells_sent && now.cells_received == was.cells_received &&
             now.cells_delivered == was.cells_delivered && now.held_cells == was.held_cells &&
             now.leg_count == was.leg_count,
         "MPATH-P-11", call, "refused, and yet something has changed");
}

void PluginJudge::judge_grant(const Call& call, mpath_status status, const TunnelModel& tunnel) {
  const auto* const out = call.out_as<mpath_grant>();
  if (status == MPATH_BLOCKED) {
    expect(out->granted == 0 && out->reason != MPATH_REASON_NONE, "MPATH-P-11", call,
           "BLOCKED with cells granted or without a reason");
  }
  if (status != MPATH_OK) return;
  expect(out->granted >= 1 && out->granted <= call.request->want, "MPATH-P-18", call,
         "granted none, or more than was wanted");
  expect(tunnel.is_live(out->leg), "MPATH-P-18", call, "granted on a leg that is not alive");
  expect(out->has_first == 0 || out->first.length <= MPATH_BODY_MAX, "MPATH-P-18", call,
         "`first` is longer than its body");
  const mpath_leg_view* const view = view_of(call.views, out->leg);
  if (view == nullptr || call.request->command != kData || !tunnel.multi_path) return;
  if (call.request->hop + 1U != tunnel.hops) return;
  const std::uint32_t room = view->cwnd > view->inflight ? view->cwnd - view->inflight : 0;
  expect(out->granted <= room, "MPATH-P-18", call,
         "granted more DATA than the window has room for");
}

void PluginJudge::judge_tokens(const Call& call, const TunnelModel& tunnel) {
  const auto* const out = call.out_as<mpath_tokens>();
  expect(out->count <= out->capacity, "MPATH-P-13", call, "more tokens than there was room for");
  std::multimap<std::uint64_t, mpath_leg_id> held = tunnel.held;
  for (std::uint32_t i = 0; i < std::min(out->count, out->capacity); ++i) {
    const mpath_token& token = *strided(out->items, out->stride, i);
    const auto [first, last] = held.equal_range(token.token);
    const auto found =
        std::find_if(first, last, [&](const auto& it) { return it.second == token.leg; });
    expect(found != last, "MPATH-P-13", call, "a token that is not held, or by another leg");
    if (found != last) held.erase(found);
    expect(token.verdict == MPATH_DISCARD || (token.verdict == MPATH_DELIVER && !tunnel.closed),
           "MPATH-P-13", call, "a verdict that does not fit the tunnel's state");
  }
}

void PluginJudge::judge_events(const Call& call, TunnelModel& tunnel) {
  const auto* const out = call.out_as<mpath_events>();
  expect(out->count <= out->capacity, "MPATH-P-17", call, "more events than there was room for");
  bool level = false;
  std::set<mpath_leg_id> gone;
  for (std::uint32_t i = 0; i < std::min(out->count, out->capacity); ++i) {
    const mpath_event& event = *strided(out->items, out->stride, i);
    const bool one_shot = event.kind >= MPATH_EVENT_SEND_CELL && event.kind <= MPATH_EVENT_CLOSED;
    level |= event.kind < MPATH_EVENT_SEND_CELL;
    expect(!one_shot || !level, "MPATH-P-15", call, "an event of one shot after one of level");
    if (event.leg != 0) {
      const auto leg = tunnel.legs.find(event.leg);
      expect(leg != tunnel.legs.end() && !leg->second.gone && !gone.contains(event.leg),
             "MPATH-P-15", call, "an event names a leg after its LEG_GONE, or none");
    }
    if (one_shot) judge_one_shot(call, event, tunnel, gone);
  }
}

void PluginJudge::judge_one_shot(const Call& call, const mpath_event& event, TunnelModel& tunnel,
                                 std::set<mpath_leg_id>& gone) {
  const auto leg = tunnel.legs.find(event.leg);
  const bool has_leg = leg != tunnel.legs.end();
  if (event.kind == MPATH_EVENT_LEG_GONE) gone.insert(event.leg);
  if (event.kind == MPATH_EVENT_READY) {
    expect(!tunnel.ready, "MPATH-P-15", call, "READY is told twice");
  }
  if (event.kind == MPATH_EVENT_CLOSED) {
    expect(!tunnel.closed_told, "MPATH-P-15", call, "CLOSED is told twice");
  }
  if (event.kind == MPATH_EVENT_LINK_RESULT) {
    expect(has_leg && !leg->second.result_told && tunnel.multi_path, "MPATH-P-15", call,
           "LINK_RESULT is told twice, or where no handshake began");
  }
  if (event.kind != MPATH_EVENT_SEND_CELL) return;
  expect(has_leg && event.cell.length <= MPATH_BODY_MAX, "MPATH-P-15", call,
         "SEND_CELL for no leg, or longer than its body");
}

void PluginJudge::judge_text(const Call& call) {
  const mpath_text& text = *call.text;
  if (text.capacity == 0 || text.data == nullptr) return;
  const std::size_t written = std::min(text.length, text.capacity - 1);
  expect(text.data[written] == '\0' && std::memchr(text.data, 0, written) == nullptr, "MPATH-P-26",
         call, "a text that does not end with NUL where its length says");
}

void PluginJudge::judge_words(const char* function, const char* words) {
  if (words != nullptr) {
    findings_.exercise("MPATH-P-27");
    return;
  }
  findings_.violation({.requirement = "MPATH-P-27",
                       .function = function,
                       .tunnel = 0,
                       .what = "null instead of words"});
}

}  // namespace mpath::judge
