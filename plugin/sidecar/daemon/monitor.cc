#include "plugin/sidecar/daemon/monitor.h"

#include <algorithm>
#include <utility>

#include "plugin/sidecar/daemon/log.h"

namespace conflux::sidecar {
namespace {

using region::Health;

std::string describe(const RegionSnapshot& region) {
  std::string text = "region " + region.instance + ": " + word_for(region.health);
  if (!region.problem.empty()) text += ": " + region.problem;
  return text;
}

}  // namespace

void Monitor::observe(const Snapshot& snapshot) {
  const std::lock_guard lock(lock_);
  if (std::exchange(problem_, snapshot.problem) != snapshot.problem && !problem_.empty()) {
    log_line("directory", problem_);
  }
  std::map<std::string, Health> now;
  for (const RegionSnapshot& region : snapshot.regions) {
    now[region.instance] = region.health;
    const auto before = health_.find(region.instance);
    if (before == health_.end() || before->second != region.health) {
      log_line("region " + region.instance, describe(region));
    }
  }
  health_ = std::move(now);
  const bool lives = std::ranges::any_of(
      snapshot.regions, [](const RegionSnapshot& it) { return it.health == Health::kLive; });
  if (tell_) tell_(snapshot, lives);
}

void Monitor::connect(Tell tell) {
  const std::lock_guard lock(lock_);
  tell_ = std::move(tell);
}

}  // namespace conflux::sidecar
