#include "plugin/abi/instance.h"

#include <algorithm>
#include <vector>

#include "plugin/abi/convert.h"

namespace conflux {

void Instance::log_instance(LogEvent event, LogLevel level, std::uint64_t value,
                            std::uint64_t tunnel_ordinal) noexcept {
  log_.push({.time_us = 0,
             .tunnel_ordinal = tunnel_ordinal,
             .value = value,
             .leg_ordinal = 0,
             .event = static_cast<std::uint32_t>(event),
             .level = static_cast<std::uint32_t>(level),
             .reason = MPATH_REASON_NONE});
}

std::uint64_t Instance::held_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (std::uint32_t index = 0; index < tunnels_.high_mark(); ++index) {
    sum += tunnels_.at(index)->held_bytes.load(std::memory_order_relaxed);
  }
  return sum;
}

void Instance::commit_oldest(TunnelSlot& slot) noexcept {
  slot.oldest_arrival_us.store(
      slot.tunnel->receiver().queue().oldest_arrival().time_since_epoch().count(),
      std::memory_order_relaxed);
}

void Instance::settle_counted(TunnelSlot& slot, std::uint64_t held) noexcept {
  const std::uint64_t before = slot.counted_bytes;
  slot.counted_bytes = (held + kHeldStep - 1) / kHeldStep * kHeldStep;
  // Unsigned arithmetic wraps, so that adding a negative difference subtracts.
  const std::uint64_t change = slot.counted_bytes - before;
  const std::uint64_t total = counted_bytes_.fetch_add(change, std::memory_order_relaxed) + change;
  if (slot.counted_bytes > before) relieve(slot, total);
  if (held == 0 && slot.is_marked()) {
    const std::lock_guard lock(shed_mutex_);
    forget_mark(slot);
  }
}

// The process as a whole holds too much: the oldest data goes, and if owners are slow to let go,
// whoever still adds to it goes as well, so that the bound holds (attack A16, R45). What is already
// on its way out is not searched for again: a cell must not cost a walk over all tunnels.
void Instance::relieve(TunnelSlot& slot, std::uint64_t total) noexcept {
  const std::uint64_t limit = process_limit_.load(std::memory_order_relaxed);
  if (total <= limit) return;
  const auto mark_own = [&] {
    mark(slot, slot.gate.generation(), slot.held_bytes.load(std::memory_order_relaxed));
  };
  if (total - limit > limit / 8) mark_own();
  const std::uint64_t leaving = marked_bytes_.load(std::memory_order_relaxed);
  if (total - limit <= leaving) return;
  try {
    shed(total - limit, {});
  } catch (const std::bad_alloc&) {
    mark_own();
  }
}

void Instance::mark(TunnelSlot& slot, std::uint32_t generation, std::uint64_t held) noexcept {
  const std::lock_guard lock(shed_mutex_);
  if (!slot.mark(generation)) return;
  slot.marked_bytes.store(held, std::memory_order_relaxed);
  marked_bytes_.fetch_add(held, std::memory_order_relaxed);
  log_instance(LogEvent::kShed, LogLevel::kWarn, held,
               slot.ordinal.load(std::memory_order_relaxed));
}

void Instance::forget_mark(TunnelSlot& slot) noexcept {
  marked_bytes_.fetch_sub(slot.marked_bytes.exchange(0, std::memory_order_relaxed),
                          std::memory_order_relaxed);
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
  clock_steps_back_.fetch_add(tunnel.clock_steps_back() - slot.published_steps_back,
                              std::memory_order_relaxed);
  slot.published_steps_back = tunnel.clock_steps_back();
  if (tunnel.version() == slot.published_version) return;
  try {
    const std::lock_guard lock(slot.snapshot_mutex);
    slot.snapshot.resize(tunnel.legs().size());
    for (std::size_t i = 0; i < tunnel.legs().size(); ++i) {
      slot.snapshot[i] = summarize(tunnel.legs()[i], tunnel.sender().primary());
    }
    slot.published_version = tunnel.version();
    slot.commit_untold(false);
  } catch (const std::bad_alloc&) {
    // The old snapshot stays; the next call tries again.
    tunnel.commit_change_untold();
    slot.commit_untold(true);
  }
}

namespace {

TunnelPlace place_of(mpath_tunnel_id id) noexcept {
  return {.index = static_cast<std::uint32_t>(id),
          .generation = static_cast<std::uint32_t>(id >> 32U)};
}

}  // namespace

std::uint64_t Instance::settle_metrics(mpath_tunnel_id id, TunnelSlot& slot,
                                       std::span<const Event> events,
                                       const LegViews& views) noexcept {
  if (metrics_ == nullptr) return MPATH_NEVER;
  for (const Event& event : events) metrics_->observe(event);
  const Tunnel& tunnel = *slot.tunnel;
  if (slot.account.epoch != metrics_->epoch()) {
    metrics_->publish(place_of(id), tunnel, views, slot.account);
    return MPATH_NEVER;
  }
  return slot.account.has_news(tunnel) ? metrics_->next_tick_after(to_us(tunnel.now()))
                                       : MPATH_NEVER;
}

std::uint64_t Instance::tick(std::uint64_t now_us) noexcept {
  // Soon, not now: whoever waits for owners on other threads must not spin.
  constexpr std::uint64_t kAskAgainUs = 10'000;
  std::uint64_t next = has_marked() ? now_us + kAskAgainUs : MPATH_NEVER;
  if (metrics_ == nullptr) return next;
  const InstanceGauges gauges{.tunnels = tunnels_.count(),
                              .held_bytes = counted_bytes_.load(std::memory_order_relaxed),
                              .held_limit = process_limit_.load(std::memory_order_relaxed),
                              .clock_steps_back = clock_steps_back()};
  return std::min(next, metrics_->tick(now_us, gauges));
}

void Instance::retire(mpath_tunnel_id id, TunnelSlot& slot) noexcept {
  if (metrics_ != nullptr) {
    metrics_->retire(place_of(id), *slot.tunnel, slot.is_poisoned(), slot.account);
  }
  counted_bytes_.fetch_sub(slot.counted_bytes, std::memory_order_relaxed);
  const std::lock_guard lock(shed_mutex_);
  forget_mark(slot);
  tunnels_.retire(id);
}

std::uint32_t Instance::shed(std::uint64_t bytes, std::span<mpath_tunnel_id> victims) {
  struct Holder {
    std::int64_t oldest_us;
    mpath_tunnel_id id;
    std::uint64_t held;
  };
  std::vector<Holder> holders;
  std::uint64_t leaving = 0;
  std::uint32_t named = 0;
  const auto name = [&](mpath_tunnel_id id) {
    if (named < victims.size()) victims[named] = id;
    ++named;
  };
  for (std::uint32_t index = 0; index < tunnels_.high_mark(); ++index) {
    const TunnelSlot& slot = *tunnels_.at(index);
    // The generation first: if another tunnel moves in meanwhile, it is this one that is marked.
    const std::uint32_t generation = slot.gate.generation();
    const std::uint64_t held = slot.held_bytes.load(std::memory_order_relaxed);
    if ((generation & 1U) == 0 || held == 0) continue;
    const mpath_tunnel_id id = std::uint64_t{generation} << 32U | index;
    if (slot.is_marked()) {
      leaving += held;
      name(id);
    } else {
      holders.push_back({.oldest_us = slot.oldest_arrival_us.load(std::memory_order_relaxed),
                         .id = id,
                         .held = held});
    }
  }
  std::ranges::sort(holders, {}, &Holder::oldest_us);
  for (const Holder& holder : holders) {
    if (leaving >= bytes) break;
    mark(*tunnels_.at(static_cast<std::uint32_t>(holder.id)),
         static_cast<std::uint32_t>(holder.id >> 32U), holder.held);
    leaving += holder.held;
    name(holder.id);
  }
  return named;
}

}  // namespace conflux
