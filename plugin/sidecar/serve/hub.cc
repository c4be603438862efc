#include "plugin/sidecar/serve/hub.h"

#include <malloc.h>

#include <algorithm>
#include <utility>

namespace conflux::sidecar {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// The first point of the grid that is not before `at`.
steady_clock::time_point on_grid(steady_clock::time_point at) {
  const auto since = at.time_since_epoch();
  const auto late = since % Hub::kGrid;
  return late.count() == 0 ? at : at + (Hub::kGrid - late);
}

}  // namespace

Hub::Hub(CollectorOptions options, Observer observer)
    : observer_(std::move(observer)),
      collector_(std::make_unique<Collector>(std::move(options))),
      came_round_(steady_clock::now()),
      thread_([this] { run(); }) {}

Hub::~Hub() { stop(); }

std::shared_ptr<const Snapshot> Hub::look(Instant now, milliseconds fresh) {
  const std::lock_guard lock(regions_lock_);
  if (snapshot_ == nullptr || now - looked_at_ > fresh) {
    snapshot_ = collector_->collect(now, system_clock::now());
    looked_at_ = now;
    if (observer_) observer_(*snapshot_);
  }
  return snapshot_;
}

std::shared_ptr<const Snapshot> Hub::snapshot() { return look(steady_clock::now(), kFresh); }

std::shared_ptr<const TunnelList> Hub::tunnels() {
  const Instant now = steady_clock::now();
  static_cast<void>(look(now, kFresh));  // finds regions that are new
  const std::lock_guard lock(regions_lock_);
  if (tunnels_ == nullptr || now - listed_at_ > kTunnelsFresh) {
    tunnels_.reset();  // before the next one is made: never two of them for nobody
    auto list = std::make_shared<TunnelList>();
    list->taken_at = system_clock::now();
    list->tunnels = collector_->tunnels();
    tunnels_ = std::move(list);
    listed_at_ = now;
  }
  return tunnels_;
}

bool Hub::add(Listener* listener, milliseconds interval) {
  const std::lock_guard lock(listeners_lock_);
  if (stopping_) return false;
  listeners_[listener] = {.interval = interval, .due = steady_clock::now()};
  wake_.notify_all();
  return true;
}

void Hub::remove(Listener* listener) {
  const std::lock_guard lock(listeners_lock_);
  listeners_.erase(listener);
}

void Hub::reconfigure(CollectorOptions options) {
  auto next = std::make_unique<Collector>(std::move(options));
  const std::lock_guard lock(regions_lock_);
  collector_ = std::move(next);
  snapshot_.reset();
  tunnels_.reset();
}

void Hub::stop() {
  {
    const std::lock_guard lock(listeners_lock_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Hub::is_alive(milliseconds patience) const {
  return steady_clock::now() - came_round_.load() <= patience;
}

Hub::Instant Hub::next_due(Instant now) const {
  Instant next = now + kIdle;
  for (const auto& [listener, entry] : listeners_) next = std::min(next, entry.due);
  return next;
}

void Hub::call_due(Instant now) {
  const std::shared_ptr<const Snapshot> snapshot = look(now, kFresh);
  for (auto& [listener, entry] : listeners_) {
    if (entry.due > now) continue;
    listener->handle_snapshot(snapshot);
    entry.due = std::max(on_grid(entry.due) + entry.interval, on_grid(now));
  }
}

void Hub::run() {
  std::unique_lock lock(listeners_lock_);
  while (!stopping_) {
    const Instant now = steady_clock::now();
    came_round_ = now;
    call_due(now);
    {
      const std::lock_guard regions(regions_lock_);
      if (tunnels_ != nullptr && now - listed_at_ > kIdle) {
        tunnels_.reset();
        malloc_trim(0);  // megabytes in small pieces, which nobody may ask for again
      }
    }
    wake_.wait_until(lock, next_due(steady_clock::now()));
  }
  for (const auto& [listener, entry] : listeners_) listener->handle_stop();
  listeners_.clear();
}

}  // namespace conflux::sidecar
