#include "plugin/abi/instance.h"

#include <algorithm>
#include <vector>

#include "plugin/abi/convert.h"

namespace conflux {

void Instance::log_instance(LogEvent event, LogLevel level, std::uint64_t value) noexcept {
  log_.push({.time_us = 0,
             .tunnel_ordinal = 0,
             .value = value,
             .leg_ordinal = 0,
             .event = static_cast<std::uint32_t>(event),
             .level = static_cast<std::uint32_t>(level),
             .reason = MPATH_REASON_NONE});
}

void Instance::settle_held(TunnelSlot& slot, std::uint64_t held) noexcept {
  const std::uint64_t before = slot.held_bytes.exchange(held, std::memory_order_relaxed);
  slot.oldest_arrival_us.store(
      slot.tunnel->receiver().queue().oldest_arrival().time_since_epoch().count(),
      std::memory_order_relaxed);
  // Unsigned arithmetic wraps, so that adding a negative difference subtracts.
  const std::uint64_t total =
      held_bytes_.fetch_add(held - before, std::memory_order_relaxed) + (held - before);
  if (held > before) relieve(slot, total);
}

// The process as a whole holds too much: the oldest data goes, and if owners are slow to let go,
// whoever still adds to it goes as well, so that the bound holds (attack A16, R45).
void Instance::relieve(TunnelSlot& slot, std::uint64_t total) noexcept {
  const std::uint64_t limit = process_limit_.load(std::memory_order_relaxed);
  if (total <= limit) return;
  const std::uint32_t own = slot.generation.load(std::memory_order_relaxed);
  if (total - limit > limit / 8) slot.mark_for_shedding(own);
  try {
    shed(total - limit, {});
  } catch (const std::bad_alloc&) {
    slot.mark_for_shedding(own);
  }
}

void Instance::settle_changes(TunnelSlot& slot) noexcept {
  Tunnel& tunnel = *slot.tunnel;
  for (const LogEntry& entry : tunnel.log()) {
    log_.push({.time_us = to_us(tunnel.now()),
               .tunnel_ordinal = tunnel.identity().ordinal.raw(),
               .value = entry.value,
               .leg_ordinal = entry.leg.raw(),
               .event = static_cast<std::uint32_t>(entry.event),
               .level = static_cast<std::uint32_t>(entry.level),
               .reason = static_cast<std::uint32_t>(entry.reason)});
  }
  tunnel.log().clear();
  if (tunnel.version() == slot.published_version) return;
  try {
    const std::lock_guard lock(slot.snapshot_mutex);
    slot.snapshot.resize(tunnel.legs().size());
    for (std::size_t i = 0; i < tunnel.legs().size(); ++i) {
      slot.snapshot[i] = summarize(tunnel.legs()[i], tunnel.sender().primary());
    }
    slot.published_version = tunnel.version();
  } catch (const std::bad_alloc&) {
    // The old snapshot stays; the next call tries again.
  }
}

void Instance::forget(TunnelSlot& slot) noexcept {
  held_bytes_.fetch_sub(slot.held_bytes.exchange(0, std::memory_order_relaxed),
                        std::memory_order_relaxed);
  clock_steps_back_.fetch_add(slot.tunnel->clock_steps_back(), std::memory_order_relaxed);
}

std::uint32_t Instance::shed(std::uint64_t bytes, std::span<mpath_tunnel_id> victims) {
  struct Holder {
    std::int64_t oldest_us;
    std::uint32_t index;
    std::uint32_t generation;
    std::uint64_t held;
  };
  std::vector<Holder> holders;
  std::uint64_t leaving = 0;
  for (std::uint32_t index = 0; index < tunnels_.high_mark(); ++index) {
    const TunnelSlot& slot = *tunnels_.at(index);
    const std::uint64_t held = slot.held_bytes.load(std::memory_order_relaxed);
    if (held == 0) continue;
    if (slot.is_to_be_shed()) {
      leaving += held;
    } else {
      holders.push_back({.oldest_us = slot.oldest_arrival_us.load(std::memory_order_relaxed),
                         .index = index,
                         .generation = slot.generation.load(std::memory_order_acquire),
                         .held = held});
    }
  }
  std::ranges::sort(holders, {}, &Holder::oldest_us);
  std::uint32_t marked = 0;
  for (const Holder& holder : holders) {
    if (leaving >= bytes) break;
    tunnels_.at(holder.index)->mark_for_shedding(holder.generation);
    leaving += holder.held;
    if (marked < victims.size()) {
      victims[marked] = std::uint64_t{holder.generation} << 32U | holder.index;
    }
    ++marked;
    log_instance(LogEvent::kShed, LogLevel::kWarn, holder.held);
  }
  return marked;
}

}  // namespace conflux
