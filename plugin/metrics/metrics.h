// What an instance counts, and when and where it is told. Nothing here is on the cell path: owners
// bring their tunnel's account up to date in poll(), at most once for each tick.
#pragma once

#include <mpath/plugin.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "config/settings.h"
#include "plugin/core/event.h"
#include "plugin/core/tunnel.h"
#include "plugin/metrics/account.h"
#include "plugin/metrics/totals.h"
#include "plugin/region/writer.h"

namespace conflux {

// What the instance itself knows at a tick.
struct InstanceGauges {
  std::uint64_t tunnels;
  std::uint64_t held_bytes;
  std::uint64_t held_limit;
  std::uint64_t clock_steps_back;
};

// Where a tunnel lives: its index there is that of its slot in the region.
struct TunnelPlace {
  std::uint32_t index;
  std::uint32_t generation;
};

class Metrics {
 public:
  // Null if metrics are off. Without a region (`problem` then says why) it still counts, for hosts
  // that ask by mpath.metrics/1. Opens files: only at instance_open. Throws std::bad_alloc.
  [[nodiscard]] static std::unique_ptr<Metrics> open(const config::ConfluxSettings& settings,
                                                     std::string& problem);
  explicit Metrics(const config::MetricsSettings& settings, std::unique_ptr<region::Writer> writer);

  // [any-thread] Moves on with each tick; an account of another epoch is due.
  [[nodiscard]] std::uint32_t epoch() const noexcept {
    return epoch_.load(std::memory_order_relaxed);
  }
  // [any-thread] When a tunnel with news has to be polled again, if it has no other reason. Whether
  // or not the tick before that has come yet: timers of tunnel and instance ring together, and a
  // host may poll first.
  [[nodiscard]] std::uint64_t next_tick_after(std::uint64_t now_us) const noexcept {
    return (now_us / tick_us_ + 1) * tick_us_;
  }
  // [any-thread] Beats, and tells the sums when their interval is over; answers when it wants to be
  // called next.
  std::uint64_t tick(std::uint64_t now_us, const InstanceGauges& gauges) noexcept;
  // [any-thread] What is told, as of the last interval; as many as fit. Answers how many there are.
  std::size_t snapshot(std::span<std::uint64_t> out) noexcept;

  // [owner] Brings an account up to date, and the tunnel's slot. `views` may lack legs.
  void publish(const TunnelPlace& place, const Tunnel& tunnel, const LegViews& views,
               TunnelAccount& account) noexcept;
  // [owner] The events that poll() tells of.
  void observe(const Event& event) noexcept;
  // [owner] The tunnel ends; `poisoned` by a bug of ours.
  void retire(const TunnelPlace& place, const Tunnel& tunnel, bool poisoned,
              TunnelAccount& account) noexcept;
  // [any-thread]
  void count_reload(bool accepted) noexcept;

 private:
  void settle(const Tunnel& tunnel, TunnelAccount& account) noexcept;
  void count_closed(Reason reason, bool poisoned) noexcept;

  const std::unique_ptr<region::Writer> writer_;  // null: there is no region
  const std::uint64_t tick_us_;
  const std::uint64_t interval_us_;
  std::atomic<std::uint32_t> epoch_{1};
  std::mutex tell_mutex_;
  std::uint64_t next_tick_us_ = 0;            // guarded by tell_mutex_
  std::uint64_t interval_told_ = UINT64_MAX;  // guarded by tell_mutex_
  Totals totals_;                             // tell() and told() guarded by tell_mutex_
  std::atomic<std::uint64_t> rejected_{0};    // tunnels without a slot
  const std::uint64_t rejected_bin_;
};

}  // namespace conflux
