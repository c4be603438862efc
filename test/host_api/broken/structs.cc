// Breakages of sizes, reserved fields, flags, null pointers and ids: P-5..P-12, P-19, P-20.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "test/host_api/broken/broken.h"

namespace conflux::broken {
namespace {

mpath_status fill_the_tail(mpath_instance* instance, mpath_tunnel_id tunnel,
                           mpath_tunnel_info* out) {
  const mpath_status status = real().tunnel_info(instance, tunnel, out);
  if (status == MPATH_OK && out->struct_size > sizeof *out) {
    std::memset(out + 1, 0, out->struct_size - sizeof *out);
  }
  return status;
}

mpath_status pack_tokens(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_tokens* out) {
  if (out == nullptr || out->stride <= sizeof(mpath_token)) {
    return real().drain(instance, tunnel, out);
  }
  const std::uint32_t stride = out->stride;
  out->stride = sizeof(mpath_token);
  const mpath_status status = real().drain(instance, tunnel, out);
  out->stride = stride;
  return status;
}

mpath_status read_past_the_cell(mpath_instance* instance, mpath_tunnel_id tunnel,
                                const mpath_cell* cell, std::uint64_t now, mpath_receipt* out) {
  if (cell != nullptr && cell->struct_size >= sizeof *cell) {
    volatile std::uint64_t next = 0;
    std::uint64_t value = 0;
    std::memcpy(&value, reinterpret_cast<const char*>(cell) + cell->struct_size, sizeof value);
    next = value;
    static_cast<void>(next);
  }
  return real().receive(instance, tunnel, cell, now, out);
}

mpath_status take_small_info(mpath_instance* instance, mpath_instance_info* out) {
  if (instance == nullptr || out == nullptr || out->struct_size >= sizeof *out) {
    return real().instance_info(instance, out);
  }
  mpath_instance_info full{};
  full.struct_size = sizeof full;
  const mpath_status status = real().instance_info(instance, &full);
  if (out->struct_size > sizeof out->struct_size) {
    std::memcpy(&out->struct_size + 1, &full.tunnels, out->struct_size - sizeof out->struct_size);
  }
  return status;
}

mpath_status ignore_reserved(mpath_instance* instance, mpath_tunnel_id tunnel,
                             const mpath_route_request* request, const mpath_leg_views* views,
                             std::uint64_t now, mpath_grant* out) {
  if (request == nullptr || request->struct_size < sizeof *request) {
    return real().route(instance, tunnel, request, views, now, out);
  }
  mpath_route_request clean = *request;
  clean.struct_size = sizeof clean;
  clean.reserved = 0;
  clean.reserved2 = 0;
  return real().route(instance, tunnel, &clean, views, now, out);
}

mpath_status ignore_leg_flags(mpath_instance* instance, mpath_tunnel_id tunnel,
                              const mpath_leg_params* legs, std::uint32_t count,
                              std::uint32_t stride, const mpath_leg_views* views,
                              mpath_leg_id* out) {
  if (legs == nullptr || count != 1 || stride < sizeof *legs || legs->struct_size < sizeof *legs) {
    return real().legs_add(instance, tunnel, legs, count, stride, views, out);
  }
  mpath_leg_params clean = *legs;
  clean.flags &= 3U;
  clean.struct_size = sizeof clean;
  return real().legs_add(instance, tunnel, &clean, 1, sizeof clean, views, out);
}

mpath_status refuse_view_flags(mpath_instance* instance, mpath_tunnel_id tunnel,
                               const mpath_leg_views* views, std::uint64_t now, mpath_events* out) {
  if (views != nullptr && views->count > 0 && views->stride >= sizeof(mpath_leg_view) &&
      views->items->flags > 0xFF) {
    return MPATH_E_ARGUMENT;
  }
  return real().poll(instance, tunnel, views, now, out);
}

mpath_status believe_in_pointers(mpath_instance* instance, mpath_instance_info* out) {
  if (out->struct_size == 0) return MPATH_E_SIZE;
  return real().instance_info(instance, out);
}

mpath_status call_stale_misuse(mpath_instance* instance, mpath_tunnel_id tunnel,
                               mpath_tunnel_info* out) {
  const mpath_status status = real().tunnel_info(instance, tunnel, out);
  return status == MPATH_E_STALE ? MPATH_E_ARGUMENT : status;
}

mpath_status write_on_misuse(mpath_instance* instance, mpath_tunnel_id tunnel,
                             const mpath_route_request* request, const mpath_leg_views* views,
                             std::uint64_t now, mpath_grant* out) {
  const mpath_status status = real().route(instance, tunnel, request, views, now, out);
  if (status == MPATH_E_ARGUMENT && out != nullptr) out->leg = 0xBAD;
  return status;
}

mpath_status commit_blocked(mpath_instance* instance, mpath_tunnel_id tunnel,
                            const mpath_route_request* request, const mpath_leg_views* views,
                            std::uint64_t now, mpath_grant* out) {
  const mpath_status status = real().route(instance, tunnel, request, views, now, out);
  if (status != MPATH_BLOCKED) return status;
  const mpath_grant blocked = *out;
  std::array<mpath_leg_view, 2 * MPATH_LEGS_MAX> wide{};
  if (views->stride != sizeof wide[0] || views->count > wide.size()) return status;
  for (std::uint32_t i = 0; i < views->count; ++i) {
    wide[i] = views->items[i];
    wide[i].inflight = 0;
    wide[i].flags = 0;
  }
  mpath_leg_views room = *views;
  room.items = wide.data();
  (void)real().route(instance, tunnel, request, &room, now, out);
  *out = blocked;
  return status;
}

mpath_status link_anything(mpath_instance* instance, mpath_tunnel_id tunnel, std::uint64_t now) {
  const mpath_status status = real().link(instance, tunnel, now);
  return status == MPATH_E_STATE ? MPATH_OK : status;
}

mpath_status answer_seven(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                          std::uint32_t action, std::uint64_t now) {
  const mpath_status status = real().padding_event(instance, tunnel, leg, action, now);
  return status == MPATH_IGNORED ? 7 : status;
}

mpath_status join_one_by_one(mpath_instance* instance, mpath_tunnel_id tunnel,
                             const mpath_leg_params* legs, std::uint32_t count,
                             std::uint32_t stride, const mpath_leg_views* views,
                             mpath_leg_id* out) {
  const mpath_status status = real().legs_add(instance, tunnel, legs, count, stride, views, out);
  if (status != MPATH_E_LEG_INVALID || count < 2) return status;
  mpath_leg_id one = 0;
  (void)real().legs_add(instance, tunnel, legs, 1, stride, views, &one);
  return status;
}

mpath_status forgive_double_views(mpath_instance* instance, mpath_tunnel_id tunnel,
                                  const mpath_route_request* request, const mpath_leg_views* views,
                                  std::uint64_t now, mpath_grant* out) {
  if (views == nullptr || views->stride != sizeof(mpath_leg_view) || views->count == 0) {
    return real().route(instance, tunnel, request, views, now, out);
  }
  std::array<mpath_leg_view, 2 * MPATH_LEGS_MAX> once{};
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < views->count && count < once.size(); ++i) {
    const bool seen = std::ranges::any_of(
        std::span(once).first(count),
        [&](const mpath_leg_view& view) { return view.leg == views->items[i].leg; });
    if (!seen) once[count++] = views->items[i];
  }
  mpath_leg_views clean = *views;
  clean.items = once.data();
  clean.count = count;
  return real().route(instance, tunnel, request, &clean, now, out);
}

// Of the legs that join a tunnel alone the twentieth is called like the one before.
mpath_status mint_twice(mpath_instance* instance, mpath_tunnel_id tunnel,
                        const mpath_leg_params* legs, std::uint32_t count, std::uint32_t stride,
                        const mpath_leg_views* views, mpath_leg_id* out) {
  constexpr int kSpared = 20;
  static std::atomic<mpath_tunnel_id> tunnel_before = 0;
  static std::atomic<mpath_leg_id> leg_before = 0;
  static std::atomic<int> joined = 0;
  const mpath_status status = real().legs_add(instance, tunnel, legs, count, stride, views, out);
  if (status != MPATH_OK || count != 1) return status;
  joined = tunnel_before.exchange(tunnel) == tunnel ? joined + 1 : 1;
  if (joined == kSpared) *out = leg_before;
  leg_before = *out;
  return status;
}

constexpr Breakage kAll[] = {
    {"tail_written", [](auto& t) { t.tunnel_info = fill_the_tail; }},
    {"stride_ignored", [](auto& t) { t.drain = pack_tokens; }},
    {"read_past_the_end", [](auto& t) { t.receive = read_past_the_cell; }},
    {"small_struct_taken", [](auto& t) { t.instance_info = take_small_info; }},
    {"reserved_ignored", [](auto& t) { t.route = ignore_reserved; }},
    {"leg_flags_ignored", [](auto& t) { t.legs_add = ignore_leg_flags; }},
    {"view_flags_refused", [](auto& t) { t.poll = refuse_view_flags; }},
    {"null_pointer_followed", [](auto& t) { t.instance_info = believe_in_pointers; }},
    {"leg_id_minted_twice", [](auto& t) { t.legs_add = mint_twice; }},
    {"stale_id_called_misuse", [](auto& t) { t.tunnel_info = call_stale_misuse; }},
    {"out_written_on_misuse", [](auto& t) { t.route = write_on_misuse; }},
    {"blocked_but_committed", [](auto& t) { t.route = commit_blocked; }},
    {"linked_in_any_state", [](auto& t) { t.link = link_anything; }},
    {"status_of_its_own", [](auto& t) { t.padding_event = answer_seven; }},
    {"some_legs_join", [](auto& t) { t.legs_add = join_one_by_one; }},
    {"leg_viewed_twice_taken", [](auto& t) { t.route = forgive_double_views; }},
};

}  // namespace

std::span<const Breakage> breakages_of_structs() noexcept { return kAll; }

}  // namespace conflux::broken
