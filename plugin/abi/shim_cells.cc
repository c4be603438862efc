#include <array>

#include "plugin/abi/convert.h"
#include "plugin/abi/guarded.h"
#include "plugin/abi/shim.h"
#include "plugin/codec/switch_message.h"

namespace conflux {
namespace {

void write_grant(const RouteGrant& grant, const Tunnel& tunnel, mpath_grant* out) noexcept {
  out->granted = static_cast<std::uint32_t>(grant.granted.raw());
  out->leg = grant.leg.raw();
  out->leg_cookie = grant.cookie.raw();
  out->reason = static_cast<std::uint32_t>(grant.blocked);
  out->has_first = grant.switch_delta ? 1 : 0;
  if (!grant.switch_delta) return;
  out->first = from_control_cell(make_control_cell(RelayCommand::kConfluxSwitch,
                                                   tunnel.multi_path()->join_point.hop,
                                                   encode_switch(*grant.switch_delta)));
}

mpath_event from_event(const Event& event) noexcept {
  mpath_event out{.kind = static_cast<std::uint32_t>(event.kind),
                  .reason = static_cast<std::uint32_t>(event.reason),
                  .leg = event.leg.raw(),
                  .leg_cookie = event.cookie.raw(),
                  .value = event.value,
                  .detail = event.detail,
                  .reserved = 0,
                  .cell = {},
                  .reserved2 = 0};
  if (event.kind == EventKind::kSendCell) out.cell = from_control_cell(event.cell);
  return out;
}

// When the host has half-closed streams of these legs to collect next.
std::uint64_t next_expiry(const LegSet& legs, const LegViews& views,
                          std::uint64_t now_us) noexcept {
  std::uint64_t next = MPATH_NEVER;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const std::uint64_t expiry = views[i].half_stream_expiry_us;
    if (expiry > now_us && legs.index_of(LegId{views[i].leg})) next = std::min(next, expiry);
  }
  return next;
}

// Of a cell that is no violation. What is reserved stays as the host left it. Field by field, which
// volatile ensures: a store of two crosses a page in some hosts' memory, and then costs more than
// all the rest.
void write_receipt(bool ready, mpath_receipt* out) noexcept {
  volatile mpath_receipt* const answer = out;
  answer->reason = MPATH_REASON_NONE;
  answer->ready = ready ? 1 : 0;
}

template <class T>
[[nodiscard]] CellKey key_of(const T& cell) noexcept {
  return make_cell_key(cell.command, cell.hop);
}

// May this go the short way, as far as the structs tell? If not, the general way says why. Field by
// field: one load of two that the host has just written would wait until both have reached memory.
[[nodiscard, gnu::always_inline]] inline bool may_be_short(const mpath_route_request* request,
                                                           const mpath_leg_views* views,
                                                           const mpath_grant* out) noexcept {
  return request != nullptr && request->struct_size >= kSizeV1<mpath_route_request> &&
         out != nullptr && out->struct_size >= kSizeV1<mpath_grant> && views != nullptr &&
         views->items != nullptr && views->stride == sizeof(mpath_leg_view) &&
         (request->reserved | request->reserved2 | views->reserved) == 0;
}
[[nodiscard, gnu::always_inline]] inline bool may_be_short(const mpath_cell* cell,
                                                           const mpath_receipt* out) noexcept {
  if (cell == nullptr || cell->struct_size < kSizeV1<mpath_cell> || out == nullptr ||
      out->struct_size < kSizeV1<mpath_receipt>) {
    return false;
  }
  // In one branch, of which a core takes two in a cycle and a cell some fifteen. A cost of nothing
  // sets the highest bit; so does one above 2^31, about which the general way has no doubt.
  return ((cell->cost - 1) >> 31U | cell->reserved) == 0;
}

[[gnu::noinline]] mpath_status route_anyhow(mpath_instance* instance, mpath_tunnel_id tunnel,
                                            const mpath_route_request* request,
                                            const mpath_leg_views* views, std::uint64_t now_us,
                                            mpath_grant* out) noexcept {
  if (const mpath_status status = check_sized(request); status != MPATH_OK) return status;
  if (const mpath_status status = check_sized(out); status != MPATH_OK) return status;
  LegViews leg_views;
  if (const mpath_status status = to_views(views, leg_views); status != MPATH_OK) return status;
  const CommandClass command = classify(request->command);
  if (!is_instant(now_us) || request->want == 0 || request->hop >= kHopsMax ||
      request->reserved != 0 || request->reserved2 != 0 || command == CommandClass::kSignalling) {
    return MPATH_E_ARGUMENT;  // signalling cells are the plugin's to ask for
  }
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    RouteGrant grant;
    const Outcome outcome = it.route({.command = command,
                                      .hop = HopNum{request->hop},
                                      .leg = LegId{request->leg},
                                      .want = Cells{request->want}},
                                     leg_views, to_instant(now_us), grant);
    if (outcome == Outcome::kOk || outcome == Outcome::kBlocked) write_grant(grant, it, out);
    return to_status(outcome);
  });
}

// Bodies matter for signalling commands alone, so that hosts need not parse the others.
mpath_status check_cell(const mpath_cell* cell) noexcept {
  if (const mpath_status status = check_sized(cell); status != MPATH_OK) return status;
  if (cell->reserved != 0 || cell->hop >= kHopsMax || cell->cost == 0) return MPATH_E_ARGUMENT;
  const bool needs_body = classify(cell->command) == CommandClass::kSignalling;
  return needs_body && cell->body == nullptr && cell->body_length > 0 ? MPATH_E_ARGUMENT : MPATH_OK;
}

// A cell whose struct has been checked. Apart, so that the short way needs nothing saved for it.
[[gnu::noinline]] mpath_status receive_on(mpath_instance* instance, TunnelSlot& slot,
                                          const mpath_cell* cell, std::uint64_t now_us,
                                          mpath_receipt* out) noexcept {
  return on_slot(instance, slot, [&](Tunnel& it) {
    Reason violation = Reason::NONE;
    const Outcome outcome = it.handle_cell({.leg = LegId{cell->leg},
                                            .command = cell->command,
                                            .hop = HopNum{cell->hop},
                                            .body = {cell->body, cell->body_length},
                                            .token = Token{cell->token},
                                            .cost = cell->cost},
                                           to_instant(now_us), violation);
    if (outcome == Outcome::kStale) return to_status(outcome);
    out->ready = it.has_tokens() ? 1 : 0;
    out->reason = static_cast<std::uint32_t>(violation);
    return to_status(outcome);
  });
}

[[gnu::noinline]] mpath_status receive_anyhow(mpath_instance* instance, mpath_tunnel_id tunnel,
                                              const mpath_cell* cell, std::uint64_t now_us,
                                              mpath_receipt* out) noexcept {
  if (const mpath_status status = check_cell(cell); status != MPATH_OK) return status;
  if (const mpath_status status = check_sized(out); status != MPATH_OK) return status;
  if (!is_instant(now_us) || instance == nullptr) return MPATH_E_ARGUMENT;
  TunnelSlot* slot = instance->impl.tunnels().find(tunnel);
  return slot == nullptr ? MPATH_E_STALE : receive_on(instance, *slot, cell, now_us, out);
}

// The last thing that its caller does, so that the way of every held cell is no frame of a call.
[[gnu::noinline]] mpath_status settle_held(mpath_instance* instance, TunnelSlot& slot) noexcept {
  instance->impl.settle_counted(slot, slot.tunnel->receiver().queue().footprint().raw());
  return MPATH_HELD;
}

// Of a leg that is not in turn: most often it is held behind others that came on it, or is the next
// cell while others are held. Arguments as those of receive(), so that it need move none.
[[gnu::noinline]] mpath_status receive_out_of_turn(mpath_instance* instance, mpath_tunnel_id tunnel,
                                                   const mpath_cell* cell, std::uint64_t now_us,
                                                   mpath_receipt* out, TunnelSlot& slot) noexcept {
  Tunnel& it = *slot.tunnel;
  const LegId id{cell->leg};
  Leg* leg = it.find_counting(key_of(*cell), id, to_instant(now_us));
  if (leg == nullptr) return receive_anyhow(instance, tunnel, cell, now_us, out);
  if (it.deliver_plainly(*leg)) {
    write_receipt(it.receiver().has_next(), out);
    return MPATH_OK;
  }
  if (!it.hold_plainly(*leg, id, Token{cell->token}, cell->cost)) {
    return receive_on(instance, slot, cell, now_us, out);
  }
  write_receipt(it.receiver().next_is_held(), out);
  return instance->impl.settle_one_held(slot) ? MPATH_HELD : settle_held(instance, slot);
}

}  // namespace

namespace shim {

// The two calls of every cell begin with a cache line: receive() took a tenth longer when it began
// in the middle of one.

// What equals what was found good before need not be looked at again: nearly every cell is granted
// here, and whatever is not certain is decided from the beginning.
[[gnu::aligned(64)]] mpath_status route(mpath_instance* instance, mpath_tunnel_id tunnel,
                                        const mpath_route_request* request,
                                        const mpath_leg_views* views, std::uint64_t now_us,
                                        mpath_grant* out) noexcept {
  // What only the general way needs stays in memory, hence volatile: kept in registers, it would
  // have others saved and restored for each cell.
  mpath_instance* volatile const instance_aside = instance;
  const volatile mpath_tunnel_id tunnel_aside = tunnel;
  const mpath_route_request* volatile const request_aside = request;
  const mpath_leg_views* volatile const views_aside = views;
  if (instance != nullptr) [[likely]] {
    TunnelSlot* slot = instance->impl.tunnels().find_quiet<SlotTable::First::kLegs>(tunnel);
    if (slot != nullptr && may_be_short(request, views, out)) [[likely]] {
      Cells granted;
      const Leg* leg = slot->tunnel->route_again(
          key_of(*request), Cells{request->want},
          LegViews(views->items, views->count, sizeof(mpath_leg_view), Cells{0}),
          to_instant(now_us), granted);
      if (leg != nullptr) [[likely]] {
        const LegId id = leg->id();
        const Cookie cookie = leg->cookie();
        out->leg = id.raw();
        out->leg_cookie = cookie.raw();
        out->granted = static_cast<std::uint32_t>(granted.raw());
        out->reason = MPATH_REASON_NONE;
        out->has_first = 0;
        return MPATH_OK;
      }
    }
  }
  return route_anyhow(instance_aside, tunnel_aside, request_aside, views_aside, now_us, out);
}

mpath_status can_read(mpath_instance* instance, mpath_tunnel_id tunnel,
                      const mpath_leg_views* views, std::uint64_t now_us, std::uint32_t* reason,
                      mpath_leg_id* leg) noexcept {
  if (reason == nullptr || !is_instant(now_us)) return MPATH_E_ARGUMENT;
  LegViews leg_views;
  if (const mpath_status status = to_views(views, leg_views); status != MPATH_OK) return status;
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    RouteGrant grant;
    const Outcome outcome = it.can_read(leg_views, to_instant(now_us), grant);
    const mpath_status status = to_status(outcome);
    if (status != MPATH_OK && status != MPATH_BLOCKED) return status;
    *reason = static_cast<std::uint32_t>(grant.blocked);
    if (leg != nullptr) *leg = grant.leg.raw();
    return status;
  });
}

[[gnu::aligned(64)]] mpath_status receive(mpath_instance* instance, mpath_tunnel_id tunnel,
                                          const mpath_cell* cell, std::uint64_t now_us,
                                          mpath_receipt* out) noexcept {
  if (instance != nullptr && may_be_short(cell, out)) [[likely]] {
    TunnelSlot* slot = instance->impl.tunnels().find_quiet<SlotTable::First::kGate>(tunnel);
    if (slot != nullptr) [[likely]] {
      if (slot->tunnel->deliver_in_turn(key_of(*cell), LegId{cell->leg}, to_instant(now_us)))
          [[likely]] {
        write_receipt(false, out);
        return MPATH_OK;
      }
      return receive_out_of_turn(instance, tunnel, cell, now_us, out, *slot);
    }
  }
  return receive_anyhow(instance, tunnel, cell, now_us, out);
}

mpath_status drain(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_tokens* out) noexcept {
  if (instance == nullptr || out == nullptr || (out->items == nullptr && out->capacity > 0)) {
    return MPATH_E_ARGUMENT;
  }
  if (!fits_stride<mpath_token>(out->stride)) return MPATH_E_SIZE;
  Instance& impl = instance->impl;
  TunnelSlot* slot = impl.tunnels().find(tunnel);
  if (slot == nullptr) return MPATH_E_STALE;
  // Not on_tunnel: a poisoned tunnel gives its tokens back too.
  impl.close_if_marked(*slot);
  // By field, as all fields are of the first version: what is copied as a whole must be written
  // first.
  static_assert(sizeof(mpath_token) == kSizeV1<mpath_token>);
  mpath_token* item = out->items;
  const std::uint32_t stride = out->stride;
  const std::uint64_t count =
      slot->tunnel->drain(out->capacity, [&item, stride](const DrainedToken& drained) {
        item->token = drained.token.raw();
        item->leg = drained.leg.raw();
        item->verdict = drained.deliver ? MPATH_DELIVER : MPATH_DISCARD;
        item->reserved = 0;
        item = strided(item, stride, 1);
      });
  out->count = static_cast<std::uint32_t>(count);
  out->left = slot->tunnel->has_tokens() ? 1 : 0;
  impl.settle(*slot);
  return MPATH_OK;
}

mpath_status poll(mpath_instance* instance, mpath_tunnel_id tunnel, const mpath_leg_views* views,
                  std::uint64_t now_us, mpath_events* out) noexcept {
  if (instance == nullptr || out == nullptr || out->reserved != 0 ||
      (out->items == nullptr && out->capacity > 0)) {
    return MPATH_E_ARGUMENT;
  }
  if (!fits_stride<mpath_event>(out->stride)) return MPATH_E_SIZE;
  LegViews leg_views;
  if (const mpath_status status = to_views(views, leg_views); status != MPATH_OK) return status;
  if (!is_instant(now_us)) return MPATH_E_ARGUMENT;
  TunnelSlot* slot = instance->impl.tunnels().find(tunnel);
  const auto told = [&](Tunnel& it) {
    std::array<Event, MPATH_EVENTS_MAX> storage;
    EventSink sink({storage.data(), std::min<std::size_t>(out->capacity, storage.size())});
    const Outcome outcome = it.poll(leg_views, to_instant(now_us), sink);
    if (outcome == Outcome::kBuffer) out->count = static_cast<std::uint32_t>(it.events_needed());
    if (outcome != Outcome::kOk) return to_status(outcome);
    out->count = static_cast<std::uint32_t>(sink.count());
    const std::uint64_t metrics_due =
        instance->impl.settle_metrics(tunnel, *slot, {storage.data(), sink.count()}, leg_views);
    for (std::size_t i = 0; i < sink.count(); ++i) {
      write_element(from_event(storage[i]), out->items, out->stride, i);
      // A LINK carries the nonce, which must not stay behind on the stack (attack A8).
      if (storage[i].kind == EventKind::kSendCell) wipe(storage[i].cell.body);
    }
    out->next_deadline_us = std::min({to_us(it.next_deadline(leg_views)),
                                      next_expiry(it.legs(), leg_views, now_us), metrics_due});
    return MPATH_OK;
  };
  if (slot != nullptr && slot->is_poisoned()) return guarded([&] { return told(*slot->tunnel); });
  return on_tunnel(instance, tunnel, told);
}

}  // namespace shim
}  // namespace conflux
