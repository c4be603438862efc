// Follows a sidecar in the background, through its restarts: for views that stay open.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "plugin/sidecar/client/client.h"

namespace conflux::sidecar {

// What happened. Called from threads of the follower, one at a time.
struct FollowerCallbacks {
  std::function<void(const metrics::v1::Snapshot&)> on_snapshot;
  std::function<void(const metrics::v1::ListTunnelsResponse&)> on_tunnels;
  // The sidecar cannot be reached, and why. Told again at each attempt.
  std::function<void(const std::string& why)> on_lost;
  // It is reached, and tells of no single tunnels this way.
  std::function<void()> on_no_detail;
  // It refuses this request for single tunnels, and why. Told again at each attempt.
  std::function<void(const std::string& why)> on_refused;
};

class Follower {
 public:
  // Asks for a snapshot each interval, rather than for changes: time that passes without a change
  // is what makes a rate fall. `client` must outlive it.
  Follower(const Client& client, Client::WatchOptions options, FollowerCallbacks callbacks);
  // Ends both streams at once.
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

 private:
  void follow_snapshots();
  void follow_tunnels();
  // False: it is to stop.
  bool wait();

  const Client& client_;
  const Client::WatchOptions options_;
  const FollowerCallbacks callbacks_;
  Cancellation cancellation_;
  std::mutex told_;  // one callback at a time
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread snapshots_;
  std::thread tunnels_;
};

}  // namespace conflux::sidecar
