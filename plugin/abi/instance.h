// What one host has open: its configuration, its tunnels, its log.
#pragma once

#include <mpath/plugin.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "plugin/abi/log_ring.h"
#include "plugin/abi/slot_table.h"
#include "plugin/adapters/settings.h"
#include "plugin/metrics/metrics.h"

namespace conflux {

class Instance {
 public:
  // `metrics` may be null: nothing is counted for anybody else.
  Instance(std::shared_ptr<const InstanceConfig> config, std::unique_ptr<Metrics> metrics)
      : config_(std::move(config)),
        process_limit_(config_->process_limit),
        metrics_(std::move(metrics)) {}

  [[nodiscard]] std::shared_ptr<const InstanceConfig> config() const {
    const std::lock_guard lock(config_mutex_);
    return config_;
  }
  void replace_config(std::shared_ptr<const InstanceConfig> config) {
    const std::lock_guard lock(config_mutex_);
    process_limit_.store(config->process_limit, std::memory_order_relaxed);
    config_ = std::move(config);
  }

  // Null while metrics are off; never changes.
  [[nodiscard]] Metrics* metrics() const noexcept { return metrics_.get(); }
  [[nodiscard]] SlotTable& tunnels() noexcept { return tunnels_; }
  [[nodiscard]] LogRing& log() noexcept { return log_; }
  [[nodiscard]] TunnelOrdinal next_ordinal() noexcept {
    return TunnelOrdinal{ordinals_.fetch_add(1, std::memory_order_relaxed) + 1};
  }
  // What all tunnels hold, to the byte. O(tunnels).
  [[nodiscard]] std::uint64_t held_bytes() const noexcept;
  [[nodiscard]] std::uint64_t clock_steps_back() const noexcept {
    return clock_steps_back_.load(std::memory_order_relaxed);
  }
  void log_instance(LogEvent event, LogLevel level, std::uint64_t value,
                    std::uint64_t tunnel_ordinal = 0) noexcept;

  // [owner] Makes visible to other threads what a call has changed. Cheap if that is nothing.
  [[gnu::always_inline]] void settle(TunnelSlot& slot) noexcept {
    if (slot.tunnel->news() != 0) [[unlikely]]
      settle_news(slot);
  }
  // [owner] The same if one more cell has been held back behind others, and nothing else. False if
  // settle_counted() must follow, which is rare: the caller decides where that call stands.
  [[gnu::always_inline]] bool settle_one_held(TunnelSlot& slot) noexcept {
    const std::uint64_t held = slot.tunnel->receiver().queue().footprint().raw();
    slot.held_bytes.store(held, std::memory_order_relaxed);
    return held <= slot.counted_bytes;
  }
  // [owner] Brings the sum over all tunnels up to date. `held`: what this one holds.
  void settle_counted(TunnelSlot& slot, std::uint64_t held) noexcept;
  // [owner] After a poll that told `events`: brings the tunnel's metrics up to date if they are
  // due. Answers when they will be, if there is something new to tell by then.
  std::uint64_t settle_metrics(mpath_tunnel_id id, TunnelSlot& slot, std::span<const Event> events,
                               const LegViews& views) noexcept;
  // [any-thread] Answers when the next tick is due.
  std::uint64_t tick(std::uint64_t now_us) noexcept;
  // [owner] The tunnel goes, and its share of the sums with it.
  void retire(mpath_tunnel_id id, TunnelSlot& slot) noexcept;

  // [owner] The tunnel was marked: closes it. Does nothing the second time.
  void close_if_marked(TunnelSlot& slot) noexcept {
    if (slot.is_marked()) slot.tunnel->close(Reason::SHED);
  }
  // [any-thread] Is there a marked tunnel that has not been drained yet?
  [[nodiscard]] bool has_marked() const noexcept {
    return marked_bytes_.load(std::memory_order_relaxed) > 0;
  }

  // [any-thread] Marks tunnels for closing until about `bytes` will be freed, oldest data first.
  // Ids of these and of those marked before go to `victims` as far as it reaches; answers how many
  // there are. Throws std::bad_alloc.
  std::uint32_t shed(std::uint64_t bytes, std::span<mpath_tunnel_id> victims);

 private:
  // Each tunnel that holds anything counts in whole steps, so the limit is kept, and may be felt up
  // to a step per such tunnel early.
  static constexpr std::uint64_t kHeldStep = 4096;

  void settle_news(TunnelSlot& slot) noexcept {
    const std::uint8_t news = slot.tunnel->news();
    slot.tunnel->commit_news_told();
    if ((news & Tunnel::kHeldNews) != 0) settle_held(slot);
    if ((news & Tunnel::kChangeNews) != 0) settle_changes(slot);
  }
  void settle_held(TunnelSlot& slot) noexcept {
    const std::uint64_t held = slot.tunnel->receiver().queue().footprint().raw();
    const std::uint64_t before = slot.held_bytes.load(std::memory_order_relaxed);
    // Of what is held, a cell more is never the oldest.
    if (before == 0 || held < before) commit_oldest(slot);
    slot.held_bytes.store(held, std::memory_order_relaxed);
    // Within a step nothing changes for other threads, and a cell that is held back needs no
    // instruction that they all wait for.
    if (held > slot.counted_bytes || held + 2 * kHeldStep <= slot.counted_bytes || held == 0) {
      settle_counted(slot, held);
    }
  }
  static void commit_oldest(TunnelSlot& slot) noexcept;
  void settle_changes(TunnelSlot& slot) noexcept;
  void relieve(TunnelSlot& slot, std::uint64_t total) noexcept;
  void mark(TunnelSlot& slot, std::uint32_t generation, std::uint64_t held) noexcept;
  void forget_mark(TunnelSlot& slot) noexcept;

  mutable std::mutex config_mutex_;
  std::shared_ptr<const InstanceConfig> config_;  // guarded by config_mutex_
  std::atomic<std::uint64_t> process_limit_;
  const std::unique_ptr<Metrics> metrics_;
  // Marking looks at a generation and then changes a sum: no tunnel may move out in between.
  std::mutex shed_mutex_;
  SlotTable tunnels_;
  LogRing log_;
  std::atomic<std::uint64_t> ordinals_{0};
  std::atomic<std::uint64_t> counted_bytes_{0};  // sum over tunnels
  std::atomic<std::uint64_t> marked_bytes_{0};   // of tunnels that are to be closed
  std::atomic<std::uint64_t> clock_steps_back_{0};
};

}  // namespace conflux
