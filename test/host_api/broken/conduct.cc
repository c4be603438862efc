// Breakages of what no call may do: P-22..P-24, P-28..P-31.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "test/host_api/broken/broken.h"

namespace conflux::broken {
namespace {

mpath_status create_with(mpath_instance* instance, const mpath_tunnel_params* params,
                         const std::uint8_t* seed, mpath_tunnel_id* out, mpath_leg_id* leg) {
  mpath_tunnel_params changed{};
  std::memcpy(&changed, params, sizeof changed);
  changed.struct_size = sizeof changed;
  changed.seed = seed;
  return real().tunnel_create(instance, &changed, out, leg);
}

bool is_whole(const mpath_tunnel_params* params) {
  return params != nullptr && params->struct_size >= sizeof *params;
}

mpath_status stir_the_seed(mpath_instance* instance, const mpath_tunnel_params* params,
                           mpath_tunnel_id* out, mpath_leg_id* leg) {
  static std::uint8_t counter = 0;
  if (!is_whole(params) || params->seed == nullptr) {
    return real().tunnel_create(instance, params, out, leg);
  }
  std::uint8_t seed[MPATH_SEED_LEN];
  std::memcpy(seed, params->seed, sizeof seed);
  seed[0] = static_cast<std::uint8_t>(seed[0] + ++counter);
  return create_with(instance, params, seed, out, leg);
}

mpath_status guess_the_seed(mpath_instance* instance, const mpath_tunnel_params* params,
                            mpath_tunnel_id* out, mpath_leg_id* leg) {
  static constexpr std::uint8_t kGuess[MPATH_SEED_LEN] = {1, 2, 3};
  if (!is_whole(params) || params->seed != nullptr) {
    return real().tunnel_create(instance, params, out, leg);
  }
  return create_with(instance, params, kGuess, out, leg);
}

constinit std::uint64_t last_cookie = 0;

mpath_status remember_the_cookie(mpath_instance* instance, const mpath_tunnel_params* params,
                                 mpath_tunnel_id* out, mpath_leg_id* leg) {
  if (is_whole(params)) last_cookie = params->cookie;
  return real().tunnel_create(instance, params, out, leg);
}

mpath_status log_the_cookie(mpath_instance* instance, mpath_log_records* out) {
  const mpath_status status = real().instance_drain_log(instance, out);
  if (status == MPATH_OK && out->count > 0) out->items->value = last_cookie;
  return status;
}

// As if the instance had one owner, not each tunnel its own.
mpath_status one_at_a_time(mpath_instance* instance, mpath_tunnel_id tunnel, const mpath_cell* cell,
                           std::uint64_t now, mpath_receipt* out) {
  static std::atomic<bool> busy{false};
  if (busy.exchange(true)) return MPATH_E_STATE;
  static std::atomic<int> turns{0};
  for (int i = 0; i < 20'000; ++i) turns.fetch_add(1, std::memory_order_relaxed);
  const mpath_status status = real().receive(instance, tunnel, cell, now, out);
  busy.store(false);
  return status;
}

constinit const mpath_leg_views* kept_views = nullptr;

mpath_status keep_the_views(mpath_instance* instance, mpath_tunnel_id tunnel,
                            const mpath_leg_views* views, std::uint64_t now, mpath_events* out) {
  const mpath_status status = real().poll(instance, tunnel, views, now, out);
  kept_views = status == MPATH_OK ? views : nullptr;
  return status;
}

mpath_status use_the_kept_views(mpath_instance* instance, mpath_tunnel_id tunnel,
                                mpath_tokens* out) {
  const volatile std::uint32_t* backlog = kept_views == nullptr ? nullptr : &kept_views->backlog;
  if (backlog != nullptr && *backlog > 1'000'000) return MPATH_E_STATE;
  return real().drain(instance, tunnel, out);
}

enum class End : unsigned char { kThrow, kAbort, kHang };

template <End kEnd>
mpath_status lose_its_nerve(mpath_instance* instance, mpath_tunnel_id tunnel,
                            const mpath_cell* cell, std::uint64_t now, mpath_receipt* out) {
  const mpath_status status = real().receive(instance, tunnel, cell, now, out);
  if (status != MPATH_E_PROTOCOL) return status;
  if constexpr (kEnd == End::kThrow) throw std::runtime_error("a peer did wrong");
  if constexpr (kEnd == End::kAbort) std::abort();
  static std::atomic<bool> waits{true};
  while (waits.load()) {
  }
  return status;
}

mpath_status leak(mpath_instance* instance, mpath_tunnel_id tunnel) {
  const mpath_status status = real().tunnel_destroy(instance, tunnel);
  if (status == MPATH_OK) {
    static void* volatile lost = nullptr;
    lost = std::malloc(100);
    static_cast<void>(lost);
  }
  return status;
}

mpath_status ask_the_clock(mpath_instance* instance, mpath_tunnel_id tunnel, const mpath_cell* cell,
                           std::uint64_t now, mpath_receipt* out) {
  timespec time{};
  (void)::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
  return real().receive(instance, tunnel, cell, now, out);
}

constexpr Breakage kAll[] = {
    {"more_than_the_seed", [](auto& t) { t.tunnel_create = stir_the_seed; }},
    {"guessable_without_a_seed", [](auto& t) { t.tunnel_create = guess_the_seed; }},
    {"cookie_in_the_log",
     [](auto& t) {
       t.tunnel_create = remember_the_cookie;
       t.instance_drain_log = log_the_cookie;
     }},
    {"one_thread_for_all_tunnels", [](auto& t) { t.receive = one_at_a_time; }},
    {"pointer_kept",
     [](auto& t) {
       t.poll = keep_the_views;
       t.drain = use_the_kept_views;
     }},
    {"exception_let_out", [](auto& t) { t.receive = lose_its_nerve<End::kThrow>; }},
    {"process_aborted", [](auto& t) { t.receive = lose_its_nerve<End::kAbort>; }},
    {"never_returned", [](auto& t) { t.receive = lose_its_nerve<End::kHang>; }},
    {"memory_leaked", [](auto& t) { t.tunnel_destroy = leak; }},
    {"system_call_made", [](auto& t) { t.receive = ask_the_clock; }},
};

}  // namespace

std::span<const Breakage> breakages_of_conduct() noexcept { return kAll; }

}  // namespace conflux::broken
