// Breakages of the cell path: P-13, P-14, P-18, P-34, P-36, P-37.
#include <array>
#include <cstdint>
#include <utility>

#include "test/host_api/broken/broken.h"

namespace conflux::broken {
namespace {

bool is_plain(const mpath_tokens* out) {
  return out != nullptr && out->stride == sizeof(mpath_token) && out->items != nullptr;
}

// The last one of each call comes again, as if the count had been off by one.
mpath_status return_twice(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_tokens* out) {
  const mpath_status status = real().drain(instance, tunnel, out);
  if (status == MPATH_OK && is_plain(out) && out->count > 0 && out->count < out->capacity) {
    out->items[out->count] = out->items[out->count - 1];
    ++out->count;
  }
  return status;
}

mpath_status lose_one(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_tokens* out) {
  const mpath_status status = real().drain(instance, tunnel, out);
  if (status == MPATH_OK && out->count > 0) --out->count;
  return status;
}

mpath_status swap_two(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_tokens* out) {
  const mpath_status status = real().drain(instance, tunnel, out);
  if (status == MPATH_OK && is_plain(out) && out->count > 1) {
    std::swap(out->items[0], out->items[1]);
  }
  return status;
}

mpath_status deliver_always(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_tokens* out) {
  const mpath_status status = real().drain(instance, tunnel, out);
  if (status == MPATH_OK && is_plain(out)) {
    for (std::uint32_t i = 0; i < out->count; ++i) out->items[i].verdict = MPATH_DELIVER;
  }
  return status;
}

mpath_status destroy_with_tokens(mpath_instance* instance, mpath_tunnel_id tunnel) {
  const mpath_status status = real().tunnel_destroy(instance, tunnel);
  if (status != MPATH_E_TOKENS_HELD) return status;
  (void)real().tunnel_close(instance, tunnel, 0);
  std::array<mpath_token, 64> items;
  mpath_tokens tokens{items.data(), items.size(), sizeof items[0], 0, 1};
  while (tokens.left > 0) {
    if (real().drain(instance, tunnel, &tokens) != MPATH_OK) break;
  }
  return real().tunnel_destroy(instance, tunnel);
}

// One more than it commits.
mpath_status grant_too_much(mpath_instance* instance, mpath_tunnel_id tunnel,
                            const mpath_route_request* request, const mpath_leg_views* views,
                            std::uint64_t now, mpath_grant* out) {
  if (request == nullptr || request->struct_size < sizeof *request || request->want < 2) {
    return real().route(instance, tunnel, request, views, now, out);
  }
  mpath_route_request less = *request;
  less.struct_size = sizeof less;
  --less.want;
  const mpath_status status = real().route(instance, tunnel, &less, views, now, out);
  if (status == MPATH_OK) ++out->granted;
  return status;
}

mpath_status forget_the_switch(mpath_instance* instance, mpath_tunnel_id tunnel,
                               const mpath_route_request* request, const mpath_leg_views* views,
                               std::uint64_t now, mpath_grant* out) {
  const mpath_status status = real().route(instance, tunnel, request, views, now, out);
  if (status == MPATH_OK) out->has_first = 0;
  return status;
}

mpath_status never_shed(mpath_instance* instance, std::uint64_t, mpath_tunnel_id* victims,
                        std::uint32_t capacity, std::uint32_t* count) {
  return real().instance_shed(instance, 0, victims, capacity, count);
}

mpath_status close_on_any_loss(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                               std::uint32_t reason, const mpath_leg_views* views,
                               std::uint64_t now) {
  const mpath_status status = real().leg_remove(instance, tunnel, leg, reason, views, now);
  if (status == MPATH_OK) (void)real().tunnel_close(instance, tunnel, now);
  return status;
}

mpath_status forgive_violations(mpath_instance* instance, mpath_tunnel_id tunnel,
                                const mpath_cell* cell, std::uint64_t now, mpath_receipt* out) {
  const mpath_status status = real().receive(instance, tunnel, cell, now, out);
  return status == MPATH_E_PROTOCOL ? MPATH_CONSUMED : status;
}

// As if all DATA came from the join point.
mpath_status ignore_the_hop(mpath_instance* instance, mpath_tunnel_id tunnel,
                            const mpath_cell* cell, std::uint64_t now, mpath_receipt* out) {
  constexpr std::uint8_t kData = 2;
  const bool is_whole = cell != nullptr && cell->struct_size >= sizeof *cell;
  if (!is_whole || cell->command != kData || cell->hop >= MPATH_HOPS_MAX) {
    return real().receive(instance, tunnel, cell, now, out);
  }
  mpath_cell other = *cell;
  other.struct_size = sizeof other;
  other.hop = 2;
  return real().receive(instance, tunnel, &other, now, out);
}

constexpr Breakage kAll[] = {
    {"token_returned_twice", [](auto& t) { t.drain = return_twice; }},
    {"token_lost", [](auto& t) { t.drain = lose_one; }},
    {"tokens_out_of_order", [](auto& t) { t.drain = swap_two; }},
    {"delivered_after_a_close", [](auto& t) { t.drain = deliver_always; }},
    {"destroyed_with_tokens", [](auto& t) { t.tunnel_destroy = destroy_with_tokens; }},
    {"granted_more_than_committed", [](auto& t) { t.route = grant_too_much; }},
    {"switch_forgotten", [](auto& t) { t.route = forget_the_switch; }},
    {"never_shed", [](auto& t) { t.instance_shed = never_shed; }},
    {"closed_on_any_loss", [](auto& t) { t.leg_remove = close_on_any_loss; }},
    {"violations_forgiven", [](auto& t) { t.receive = forgive_violations; }},
    {"hop_ignored", [](auto& t) { t.receive = ignore_the_hop; }},
};

}  // namespace

std::span<const Breakage> breakages_of_cells() noexcept { return kAll; }

}  // namespace conflux::broken
