#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "plugin/abi/convert.h"
#include "plugin/abi/guarded.h"
#include "plugin/abi/shim.h"

namespace conflux {

void poison(Instance& instance, TunnelSlot& slot) noexcept {
  slot.poison();
  slot.tunnel->close(Reason::INTERNAL);
  instance.log_instance(LogEvent::kTunnelPoisoned, LogLevel::kError,
                        slot.tunnel->identity().ordinal.raw());
  instance.settle(slot);
}

namespace {

mpath_status make_nonce(const std::uint8_t* seed, std::optional<Nonce>& out) noexcept {
  static_assert(Nonce::kSize == MPATH_SEED_LEN);
  if (seed != nullptr) {
    out.emplace(std::span<const std::uint8_t, Nonce::kSize>(seed, Nonce::kSize));
    return MPATH_OK;
  }
  std::array<std::uint8_t, Nonce::kSize> bytes;
  const bool drawn = RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1;
  if (drawn) out.emplace(std::span<const std::uint8_t, Nonce::kSize>(bytes));
  wipe(bytes);
  return drawn ? MPATH_OK : MPATH_E_RANDOM;
}

std::uint32_t state_of(const Tunnel& tunnel, bool poisoned) noexcept {
  if (poisoned) return MPATH_TUNNEL_POISONED;
  if (tunnel.close_reason() != Reason::NONE) return MPATH_TUNNEL_CLOSED;
  if (tunnel.multi_path() == nullptr) return MPATH_TUNNEL_SINGLE_PATH;
  const bool ready = std::ranges::any_of(tunnel.legs(), &Leg::is_linked);
  return ready ? MPATH_TUNNEL_READY : MPATH_TUNNEL_LINKING;
}

mpath_tunnel_info describe(const Tunnel& tunnel, bool poisoned) noexcept {
  const Receiver& receiver = tunnel.receiver();
  const OutOfOrderQueue& queue = receiver.queue();
  const auto count32 = [](auto count) { return static_cast<std::uint32_t>(count); };
  return {.struct_size = 0,
          .state = state_of(tunnel, poisoned),
          .close_reason = static_cast<std::uint32_t>(tunnel.close_reason()),
          .leg_count = count32(tunnel.legs().size()),
          .unlinked_count = count32(tunnel.count_unlinked()),
          .linked_count = count32(tunnel.legs().count_linked()),
          .join_hop = tunnel.multi_path() == nullptr ? MPATH_HOP_NONE
                                                     : tunnel.multi_path()->join_point.hop.raw(),
          .held_cells = count32(queue.cells().raw()),
          .peak_held_cells = count32(queue.peak_cells().raw()),
          .reserved = 0,
          .primary = tunnel.legs().empty() ? 0 : tunnel.sender().primary().raw(),
          .cookie = tunnel.identity().cookie.raw(),
          .ordinal = tunnel.identity().ordinal.raw(),
          .held_bytes = queue.bytes().raw(),
          .peak_held_bytes = queue.peak_bytes().raw(),
          .cells_sent = tunnel.sender().sent().raw(),
          .cells_received = receiver.received().raw(),
          .cells_delivered = receiver.last_delivered().raw(),
          .switches_sent = tunnel.sender().switches(),
          .switches_received = receiver.switches(),
          .next_deadline_us = to_us(tunnel.next_deadline())};
}

// Most active first: open streams, then the most recently disused, then never used.
mpath_activity activity_of(const LegView& view) noexcept {
  if (view.open_streams > 0) return {0, MPATH_ACTIVITY_IN_USE, view.open_streams};
  if (view.disused_since_us != MPATH_NEVER) {
    return {0, MPATH_ACTIVITY_DISUSED, view.disused_since_us};
  }
  return {0, MPATH_ACTIVITY_NEVER_USED, 0};
}

}  // namespace

namespace shim {

mpath_status tunnel_create(mpath_instance* instance, const mpath_tunnel_params* params,
                           mpath_tunnel_id* out, mpath_leg_id* first_leg) noexcept {
  if (instance == nullptr || out == nullptr || first_leg == nullptr) return MPATH_E_ARGUMENT;
  if (const mpath_status status = check_sized(params); status != MPATH_OK) return status;
  if (params->first_leg == nullptr) return MPATH_E_ARGUMENT;
  if (params->role != MPATH_ROLE_CLIENT) return MPATH_E_UNSUPPORTED;
  JoinRequest first;
  if (const mpath_status status = to_join_request(*params->first_leg, first); status != MPATH_OK) {
    return status;
  }
  if (first.founds_set && check_first_leg(first) != Reason::NONE) return MPATH_E_ARGUMENT;
  return guarded([&] {
    Instance& impl = instance->impl;
    std::optional<Nonce> nonce;
    if (const mpath_status status = make_nonce(params->seed, nonce); status != MPATH_OK) {
      return status;
    }
    const std::shared_ptr<const InstanceConfig> config = impl.config();
    const std::optional<std::uint32_t> index = impl.tunnels().acquire();
    if (!index) return MPATH_E_LIMIT;
    TunnelSlot& slot = *impl.tunnels().at(*index);
    try {
      slot.tunnel.emplace(TunnelIdentity{impl.next_ordinal(), Cookie{params->cookie}},
                          config->tunnel, *nonce, first);
    } catch (...) {
      impl.tunnels().release(*index);
      throw;
    }
    *first_leg = slot.tunnel->legs()[0].id().raw();
    slot.ordinal.store(slot.tunnel->identity().ordinal.raw(), std::memory_order_relaxed);
    *out = impl.tunnels().publish(*index);
    impl.settle(slot);
    return MPATH_OK;
  });
}

mpath_status tunnel_destroy(mpath_instance* instance, mpath_tunnel_id tunnel) noexcept {
  if (instance == nullptr) return MPATH_E_ARGUMENT;
  Instance& impl = instance->impl;
  TunnelSlot* slot = impl.tunnels().find(tunnel);
  if (slot == nullptr) return MPATH_E_STALE;
  if (!slot->tunnel->receiver().queue().empty()) return MPATH_E_TOKENS_HELD;
  impl.retire(tunnel, *slot);
  return MPATH_OK;
}

mpath_status tunnel_close(mpath_instance* instance, mpath_tunnel_id tunnel,
                          std::uint64_t now_us) noexcept {
  if (!is_instant(now_us)) return MPATH_E_ARGUMENT;
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    it.expire(to_instant(now_us));
    it.close(Reason::HOST_REQUEST);
    return MPATH_OK;
  });
}

mpath_status tunnel_info(mpath_instance* instance, mpath_tunnel_id tunnel,
                         mpath_tunnel_info* out) noexcept {
  if (instance == nullptr) return MPATH_E_ARGUMENT;
  if (const mpath_status status = check_sized(out); status != MPATH_OK) return status;
  const TunnelSlot* slot = instance->impl.tunnels().find(tunnel);
  if (slot == nullptr) return MPATH_E_STALE;
  write_sized(describe(*slot->tunnel, slot->is_poisoned()), out);
  return MPATH_OK;
}

mpath_status tunnel_detail(mpath_instance* instance, mpath_tunnel_id tunnel,
                           mpath_detail* out) noexcept {
  if (instance == nullptr) return MPATH_E_ARGUMENT;
  if (const mpath_status status = check_sized(out); status != MPATH_OK) return status;
  const TunnelSlot* slot = instance->impl.tunnels().find(tunnel);
  if (slot == nullptr) return MPATH_E_STALE;
  const Detail& detail = slot->tunnel->detail();
  write_sized(mpath_detail{.struct_size = 0,
                           .status = to_status(detail.outcome),
                           .reason = static_cast<std::uint32_t>(detail.reason),
                           .index = detail.index},
              out);
  return MPATH_OK;
}

mpath_status tunnel_snapshot(mpath_instance* instance, mpath_tunnel_id tunnel,
                             mpath_leg_summaries* out) noexcept {
  if (instance == nullptr || out == nullptr || out->reserved != 0 ||
      (out->items == nullptr && out->capacity > 0)) {
    return MPATH_E_ARGUMENT;
  }
  if (!fits_stride<mpath_leg_summary>(out->stride)) return MPATH_E_SIZE;
  TunnelSlot* slot = instance->impl.tunnels().find(tunnel);
  if (slot == nullptr) return MPATH_E_STALE;
  return guarded([&] {
    const std::lock_guard lock(slot->snapshot_mutex);
    // Its owner may have destroyed it since: then the slot has moved on to another generation.
    if (instance->impl.tunnels().find(tunnel) != slot) return MPATH_E_STALE;
    out->count = static_cast<std::uint32_t>(slot->snapshot.size());
    const std::size_t fits = std::min<std::size_t>(out->count, out->capacity);
    for (std::size_t i = 0; i < fits; ++i) {
      write_element(slot->snapshot[i], out->items, out->stride, i);
    }
    return MPATH_OK;
  });
}

mpath_status tunnel_activity(mpath_instance* instance, mpath_tunnel_id tunnel,
                             const mpath_leg_views* views, mpath_activity* out) noexcept {
  if (const mpath_status status = check_sized(out); status != MPATH_OK) return status;
  LegViews leg_views;
  if (const mpath_status status = to_views(views, leg_views); status != MPATH_OK) return status;
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    ViewOfLeg view_of;
    if (!it.legs().resolve(leg_views, view_of)) return MPATH_E_VIEWS;
    mpath_activity most{0, MPATH_ACTIVITY_NEVER_USED, 0};
    for (std::size_t i = 0; i < it.legs().size(); ++i) {
      const mpath_activity leg = activity_of(*view_of[i]);
      if (std::pair(leg.kind, leg.value) > std::pair(most.kind, most.value)) most = leg;
    }
    write_sized(most, out);
    return MPATH_OK;
  });
}

}  // namespace shim
}  // namespace conflux
