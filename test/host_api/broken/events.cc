// Breakages of poll and of time: P-15..P-17, P-21, P-32, P-34.
#include <array>
#include <cstdint>
#include <cstring>
#include <set>
#include <utility>

#include "test/host_api/broken/broken.h"

namespace conflux::broken {
namespace {

using Poll = mpath_status(mpath_instance*, mpath_tunnel_id, const mpath_leg_views*, std::uint64_t,
                          mpath_events*);

mpath_event& at(const mpath_events* out, std::uint32_t i) {
  return *reinterpret_cast<mpath_event*>(reinterpret_cast<char*>(out->items) +
                                         std::size_t{i} * out->stride);
}

void drop(mpath_events* out, std::uint32_t i) {
  for (std::uint32_t k = i + 1; k < out->count; ++k) at(out, k - 1) = at(out, k);
  --out->count;
}

template <class Match>
void drop_if(mpath_events* out, Match&& match) {
  for (std::uint32_t i = out->count; i > 0; --i) {
    if (match(at(out, i - 1))) drop(out, i - 1);
  }
}

mpath_status tell_ready_twice(mpath_instance* instance, mpath_tunnel_id tunnel,
                              const mpath_leg_views* views, std::uint64_t now, mpath_events* out) {
  const mpath_status status = real().poll(instance, tunnel, views, now, out);
  if (status != MPATH_OK) return status;
  for (std::uint32_t i = 0; i < out->count; ++i) {
    if (at(out, i).kind != MPATH_EVENT_READY || out->count >= out->capacity) continue;
    for (std::uint32_t k = out->count; k > i; --k) at(out, k) = at(out, k - 1);
    ++out->count;
    break;
  }
  return status;
}

mpath_status never_tell_gone(mpath_instance* instance, mpath_tunnel_id tunnel,
                             const mpath_leg_views* views, std::uint64_t now, mpath_events* out) {
  const mpath_status status = real().poll(instance, tunnel, views, now, out);
  if (status == MPATH_OK) {
    drop_if(out, [](const mpath_event& event) { return event.kind == MPATH_EVENT_LEG_GONE; });
  }
  return status;
}

// LEG_GONE before the LINK_RESULT of the same leg.
mpath_status tell_gone_too_early(mpath_instance* instance, mpath_tunnel_id tunnel,
                                 const mpath_leg_views* views, std::uint64_t now,
                                 mpath_events* out) {
  const mpath_status status = real().poll(instance, tunnel, views, now, out);
  for (std::uint32_t i = 1; status == MPATH_OK && i < out->count; ++i) {
    if (at(out, i).kind == MPATH_EVENT_LEG_GONE && at(out, i - 1).leg == at(out, i).leg) {
      std::swap(at(out, i), at(out, i - 1));
    }
  }
  return status;
}

mpath_status tell_levels_once(mpath_instance* instance, mpath_tunnel_id tunnel,
                              const mpath_leg_views* views, std::uint64_t now, mpath_events* out) {
  static std::set<std::pair<mpath_tunnel_id, mpath_leg_id>> told;
  const mpath_status status = real().poll(instance, tunnel, views, now, out);
  if (status == MPATH_OK) {
    drop_if(out, [&](const mpath_event& event) {
      return event.kind == MPATH_EVENT_HANDLE_CELL && !told.emplace(tunnel, event.leg).second;
    });
  }
  return status;
}

mpath_status consume_at_short_buffers(mpath_instance* instance, mpath_tunnel_id tunnel,
                                      const mpath_leg_views* views, std::uint64_t now,
                                      mpath_events* out) {
  const mpath_status status = real().poll(instance, tunnel, views, now, out);
  if (status == MPATH_E_BUFFER) {
    std::array<mpath_event, MPATH_EVENTS_MAX> items;
    mpath_events lost{items.data(), items.size(), sizeof items[0], 0, 0, 0};
    (void)real().poll(instance, tunnel, views, now, &lost);
  }
  return status;
}

mpath_status name_no_deadline(mpath_instance* instance, mpath_tunnel_id tunnel,
                              const mpath_leg_views* views, std::uint64_t now, mpath_events* out) {
  const mpath_status status = real().poll(instance, tunnel, views, now, out);
  if (status == MPATH_OK) out->next_deadline_us = MPATH_NEVER;
  return status;
}

mpath_status tell_no_pressure(mpath_instance* instance, mpath_tunnel_id tunnel,
                              const mpath_leg_views* views, std::uint64_t now, mpath_events* out) {
  const mpath_status status = real().poll(instance, tunnel, views, now, out);
  if (status == MPATH_OK) {
    drop_if(out, [](const mpath_event& event) { return event.kind == MPATH_EVENT_PRESSURE; });
  }
  return status;
}

mpath_status take_any_time(mpath_instance* instance, mpath_tunnel_id tunnel, std::uint64_t now) {
  return real().tunnel_close(instance, tunnel, now > MPATH_TIME_MAX ? MPATH_TIME_MAX : now);
}

mpath_status count_no_steps(mpath_instance* instance, mpath_instance_info* out) {
  const mpath_status status = real().instance_info(instance, out);
  if (status == MPATH_OK) out->clock_steps_back = 0;
  return status;
}

constexpr Breakage kAll[] = {
    {"ready_told_twice", [](auto& t) { t.poll = tell_ready_twice; }},
    {"leg_gone_never_told", [](auto& t) { t.poll = never_tell_gone; }},
    {"leg_gone_told_too_early", [](auto& t) { t.poll = tell_gone_too_early; }},
    {"level_told_once", [](auto& t) { t.poll = tell_levels_once; }},
    {"short_buffer_consumes", [](auto& t) { t.poll = consume_at_short_buffers; }},
    {"deadline_not_named", [](auto& t) { t.poll = name_no_deadline; }},
    {"water_marks_not_told", [](auto& t) { t.poll = tell_no_pressure; }},
    {"any_time_taken", [](auto& t) { t.tunnel_close = take_any_time; }},
    {"steps_back_not_counted", [](auto& t) { t.instance_info = count_no_steps; }},
};

}  // namespace

std::span<const Breakage> breakages_of_events() noexcept { return kAll; }

}  // namespace conflux::broken
