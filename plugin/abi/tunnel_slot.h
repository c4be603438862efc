// A place for one tunnel, and what other threads may see of it.
#pragma once

#include <mpath/plugin.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "plugin/core/tunnel.h"
#include "plugin/metrics/account.h"

namespace conflux {

struct TunnelSlot {
  // [any-thread] Odd while a tunnel lives here.
  std::atomic<std::uint32_t> generation{0};
  // [any-thread] The generation whose memory somebody wants back: its owner closes it at its next
  // call. A number and not a flag, so that it never hits a later tunnel in the same slot.
  std::atomic<std::uint32_t> shed_generation{0};
  // [any-thread] What it held when it was marked; 0 once that is drained.
  std::atomic<std::uint64_t> marked_bytes{0};
  // [any-thread]
  std::atomic<std::uint64_t> ordinal{0};
  // [any-thread] As of the owner's last call.
  std::atomic<std::uint64_t> held_bytes{0};
  std::atomic<std::int64_t> oldest_arrival_us{INT64_MAX};

  // [owner]
  std::optional<Tunnel> tunnel;
  std::uint64_t published_version = UINT64_MAX;
  std::uint64_t published_steps_back = 0;
  bool poisoned = false;
  TunnelAccount account;  // untouched while metrics are off

  // [any-thread] under the mutex.
  std::mutex snapshot_mutex;
  std::vector<mpath_leg_summary> snapshot;

  [[nodiscard]] bool is_to_be_shed() const noexcept {
    return shed_generation.load(std::memory_order_relaxed) ==
           generation.load(std::memory_order_relaxed);
  }
  // False if it was marked before.
  bool mark_for_shedding(std::uint32_t of_generation) noexcept {
    return shed_generation.exchange(of_generation, std::memory_order_relaxed) != of_generation;
  }

  // Back to an empty slot. The generation has already moved on.
  void reset() noexcept {
    tunnel.reset();
    held_bytes.store(0, std::memory_order_relaxed);
    oldest_arrival_us.store(INT64_MAX, std::memory_order_relaxed);
    published_version = UINT64_MAX;
    published_steps_back = 0;
    poisoned = false;
    account = {};
    const std::lock_guard lock(snapshot_mutex);
    snapshot.clear();
  }
};

}  // namespace conflux
