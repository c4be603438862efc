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
#include "plugin/types/limits.h"

namespace conflux {

// What a call looks at first lies first: the gate, and the hot end of the tunnel right behind it.
struct alignas(64) TunnelSlot {
  // [any-thread] {generation, flags, index}. The generation is odd while a tunnel lives here. With
  // no flag set this is the tunnel's id, so that a call is let in by one comparison.
  std::atomic<std::uint64_t> gate{kVacant};
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

  // Flags: bits between the generation and the index, which are set in no id.
  // No tunnel lives here.
  static constexpr std::uint64_t kVacant = std::uint64_t{1} << 24U;
  // Somebody wants its memory back: its owner closes it at its next call.
  static constexpr std::uint64_t kMarked = std::uint64_t{1} << 25U;
  // A bug was found in it.
  static constexpr std::uint64_t kPoisoned = std::uint64_t{1} << 26U;
  // What changed could not be published for want of memory: the next call tries again.
  static constexpr std::uint64_t kUntold = std::uint64_t{1} << 27U;
  static constexpr std::uint64_t kOwnerLooksTwice = kMarked | kPoisoned | kUntold;
  static_assert(kTunnelsMax <= kVacant);

  [[nodiscard]] static constexpr std::uint64_t gate_of(std::uint32_t generation,
                                                       std::uint32_t index) noexcept {
    const bool lives = (generation & 1U) != 0;
    return std::uint64_t{generation} << 32U | (lives ? 0 : kVacant) | index;
  }
  // Does the tunnel of this id live here, whatever its owner has to look at? The id's index is
  // below the table's high mark.
  [[nodiscard]] bool is_home_of(mpath_tunnel_id id) const noexcept {
    return (gate.load(std::memory_order_acquire) & ~kOwnerLooksTwice) == id;
  }
  [[nodiscard]] std::uint32_t generation() const noexcept {
    return static_cast<std::uint32_t>(gate.load(std::memory_order_acquire) >> 32U);
  }
  [[nodiscard]] bool has_flags() const noexcept {
    return (gate.load(std::memory_order_relaxed) & kOwnerLooksTwice) != 0;
  }
  [[nodiscard]] bool is_marked() const noexcept {
    return (gate.load(std::memory_order_relaxed) & kMarked) != 0;
  }
  [[nodiscard]] bool is_poisoned() const noexcept {
    return (gate.load(std::memory_order_relaxed) & kPoisoned) != 0;
  }
  // False if it was marked before, or if another tunnel has moved in: a mark never hits a later
  // tunnel in the same slot.
  bool mark(std::uint32_t of_generation) noexcept {
    std::uint64_t seen = gate.load(std::memory_order_relaxed);
    do {
      if (seen >> 32U != of_generation || (seen & kMarked) != 0) return false;
    } while (!gate.compare_exchange_weak(seen, seen | kMarked, std::memory_order_relaxed));
    return true;
  }
  // [owner]
  void commit_untold(bool untold) noexcept {
    if (untold) {
      gate.fetch_or(kUntold, std::memory_order_relaxed);
    } else if ((gate.load(std::memory_order_relaxed) & kUntold) != 0) {
      gate.fetch_and(~kUntold, std::memory_order_relaxed);
    }
  }
  // [owner]
  void poison() noexcept { gate.fetch_or(kPoisoned, std::memory_order_relaxed); }

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
