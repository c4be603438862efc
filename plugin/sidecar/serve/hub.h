// One thread looks at the regions, everybody else shares what it saw.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "plugin/sidecar/model/collector.h"

namespace conflux::sidecar {

struct TunnelList {
  std::chrono::system_clock::time_point taken_at;
  std::vector<TunnelSnapshot> tunnels;  // by instance and slot
};

// Thread-safe. What it hands out is immutable and at most kFresh old.
//
// Listeners are due on a common grid of time, so that any number of them costs one look per step of
// the grid at most. Without listeners it looks once per second, for the health service and to know
// how old heartbeats are.
class Hub {
 public:
  static constexpr std::chrono::milliseconds kFresh{20};
  static constexpr std::chrono::milliseconds kGrid{50};
  static constexpr std::chrono::milliseconds kIdle{1000};
  // Pages of one list are asked for one after the other; so long they share one reading.
  static constexpr std::chrono::milliseconds kTunnelsFresh{250};

  // Called by the hub's thread, one at a time; must not block, nor call add() or remove().
  class Listener {
   public:
    virtual void handle_snapshot(const std::shared_ptr<const Snapshot>& snapshot) = 0;
    // The last call: the sidecar stops.
    virtual void handle_stop() = 0;

   protected:
    ~Listener() = default;
  };
  // Told of every look, by the thread that looked and under the hub's lock: quick, and no way back.
  using Observer = std::function<void(const Snapshot&)>;

  Hub(CollectorOptions options, Observer observer);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot();
  // Of all regions.
  [[nodiscard]] std::shared_ptr<const TunnelList> tunnels();

  // The first call comes at once. False: the hub has stopped, and never calls.
  [[nodiscard]] bool add(Listener* listener, std::chrono::milliseconds interval);
  // After it returns there are no more calls. Unknown listeners are no error.
  void remove(Listener* listener);

  // From here on the regions are looked at by other rules.
  void reconfigure(CollectorOptions options);
  // Ends the thread and says so to all listeners. Once is enough.
  void stop();

  // Has the thread come round within `patience`? For the watchdog.
  [[nodiscard]] bool is_alive(std::chrono::milliseconds patience) const;

 private:
  using Instant = std::chrono::steady_clock::time_point;
  struct Entry {
    std::chrono::milliseconds interval{};
    Instant due;
  };

  void run();
  [[nodiscard]] Instant next_due(Instant now) const;
  void call_due(Instant now);
  [[nodiscard]] std::shared_ptr<const Snapshot> look(Instant now, std::chrono::milliseconds fresh);

  // Taken in this order, if both are.
  std::mutex listeners_lock_;
  std::mutex regions_lock_;

  std::condition_variable wake_;
  std::map<Listener*, Entry> listeners_;
  bool stopping_ = false;

  Observer observer_;
  std::unique_ptr<Collector> collector_;
  std::shared_ptr<const Snapshot> snapshot_;
  Instant looked_at_{};
  std::shared_ptr<const TunnelList> tunnels_;
  Instant listed_at_{};

  std::atomic<Instant> came_round_{};
  std::thread thread_;
};

}  // namespace conflux::sidecar
