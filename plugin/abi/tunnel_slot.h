// A place for one tunnel, and what other threads may see of it.
#pragma once

#include <mpath/plugin.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "plugin/abi/gate.h"
#include "plugin/core/tunnel.h"
#include "plugin/metrics/account.h"
#include "plugin/types/limits.h"

namespace conflux {

// What a call looks at first lies first: the gate, and the hot end of the tunnel right behind it.
struct alignas(64) TunnelSlot {
  // Not defaulted: the slot would then be zeroed before it begins, and its gate not atomically.
  explicit TunnelSlot(std::uint32_t index) noexcept : gate(index) {}

  Gate gate;
  // [any-thread] As of the owner's last call.
  std::atomic<std::uint64_t> held_bytes{0};
  // [owner] What of it counts in the sum over all tunnels: the same, in steps.
  std::uint64_t counted_bytes = 0;

  // [owner]
  std::optional<Tunnel> tunnel;
  std::uint64_t published_version = UINT64_MAX;
  std::uint64_t published_steps_back = 0;
  TunnelAccount account;  // untouched while metrics are off

  // [any-thread]
  std::atomic<std::int64_t> oldest_arrival_us{INT64_MAX};
  // [any-thread] What it held when it was marked; 0 once that is drained.
  std::atomic<std::uint64_t> marked_bytes{0};
  // [any-thread]
  std::atomic<std::uint64_t> ordinal{0};

  // [any-thread] under the mutex.
  std::mutex snapshot_mutex;
  std::vector<mpath_leg_summary> snapshot;

  [[nodiscard]] bool has_flags() const noexcept { return gate.has(Gate::kOwnerLooksTwice); }
  [[nodiscard]] bool is_marked() const noexcept { return gate.has(Gate::kMarked); }
  [[nodiscard]] bool is_poisoned() const noexcept { return gate.has(Gate::kPoisoned); }
  // [any-thread] False if it was marked before, or if another tunnel has moved in: a mark never
  // hits a later tunnel in the same slot.
  bool mark(std::uint32_t of_generation) noexcept {
    return gate.raise(Gate::kMarked, of_generation);
  }
  // [owner]
  void commit_untold(bool untold) noexcept {
    if (untold) {
      gate.raise(Gate::kUntold, gate.generation());
    } else if (gate.has(Gate::kUntold)) {
      gate.lower(Gate::kUntold);
    }
  }
  // [owner]
  void poison() noexcept { gate.raise(Gate::kPoisoned, gate.generation()); }

  // Back to an empty slot. The generation has already moved on.
  void reset() noexcept {
    tunnel.reset();
    held_bytes.store(0, std::memory_order_relaxed);
    counted_bytes = 0;
    oldest_arrival_us.store(INT64_MAX, std::memory_order_relaxed);
    published_version = UINT64_MAX;
    published_steps_back = 0;
    account = {};
    const std::lock_guard lock(snapshot_mutex);
    snapshot.clear();
  }
};

}  // namespace conflux
