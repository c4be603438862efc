#include "plugin/sidecar/client/follower.h"

#include <utility>

namespace conflux::sidecar {
namespace {

// Not that it cannot be reached, or that somebody ended the call.
bool is_refusal(grpc::StatusCode code) {
  return code == grpc::StatusCode::INVALID_ARGUMENT ||
         code == grpc::StatusCode::RESOURCE_EXHAUSTED ||
         code == grpc::StatusCode::PERMISSION_DENIED;
}

}  // namespace

Follower::Follower(const Client& client, Client::WatchOptions options, FollowerCallbacks callbacks)
    : client_(client), options_(std::move(options)), callbacks_(std::move(callbacks)) {
  snapshots_ = std::thread([this] { follow_snapshots(); });
  tunnels_ = std::thread([this] { follow_tunnels(); });
}

Follower::~Follower() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  cancellation_.cancel();
  snapshots_.join();
  tunnels_.join();
}

bool Follower::wait() {
  std::unique_lock lock(mutex_);
  return !stopping_.wait_for(lock, options_.interval, [this] { return stop_; });
}

void Follower::follow_snapshots() {
  do {
    const Answer<metrics::v1::Snapshot> answer = client_.snapshot(options_.instance, cancellation_);
    const std::lock_guard lock(told_);
    if (answer.ok()) {
      callbacks_.on_snapshot(answer.value);
    } else {
      callbacks_.on_lost(reason_of(answer.status));
    }
  } while (wait());
}

// Whether the sidecar is there is told by the snapshots.
void Follower::follow_tunnels() {
  do {
    const grpc::Status status = client_.watch_tunnels(
        options_, cancellation_, [this](const metrics::v1::ListTunnelsResponse& tunnels) {
          const std::lock_guard lock(told_);
          callbacks_.on_tunnels(tunnels);
          return true;
        });
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
      const std::lock_guard lock(told_);
      callbacks_.on_no_detail();
      return;
    }
    if (is_refusal(status.error_code())) {
      const std::lock_guard lock(told_);
      callbacks_.on_refused(reason_of(status));
    }
  } while (wait());
}

}  // namespace conflux::sidecar
