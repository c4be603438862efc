#include "plugin/sidecar/exporters/otlp/pending_regions.h"

#include <algorithm>
#include <utility>

namespace conflux::sidecar {
namespace {

bool is_same_life(const RegionSnapshot& a, const RegionSnapshot& b) {
  return a.instance == b.instance && a.identity.region_id == b.identity.region_id;
}

// The newer one as it stands, with the last totals if it has none itself.
void replace(PendingRegion& older, PendingRegion newer) {
  if (newer.region.aggregates.empty() && !older.region.aggregates.empty()) {
    newer.region.metrics = std::move(older.region.metrics);
    newer.region.aggregates = std::move(older.region.aggregates);
    newer.region.slots_rejected = older.region.slots_rejected;
    newer.told_at = older.told_at;
  }
  older = std::move(newer);
}

}  // namespace

void PendingRegions::merge(const Snapshot& newer) {
  for (const RegionSnapshot& region : newer.regions) {
    overlay({.region = region, .seen_at = newer.taken_at, .told_at = newer.taken_at});
  }
}

void PendingRegions::overlay(PendingRegion newer) {
  bool is_known = false;
  std::erase_if(regions_, [&](PendingRegion& older) {
    if (older.region.instance != newer.region.instance || is_known) return false;
    if (is_same_life(older.region, newer.region)) {
      replace(older, newer);
      is_known = true;
      return false;
    }
    // An earlier life of the proxy: only its last totals matter.
    older.region.health = region::Health::kDead;
    return older.region.aggregates.empty();
  });
  if (is_known) return;
  if (regions_.size() >= kMost) regions_.erase(regions_.begin());
  regions_.push_back(std::move(newer));
}

void PendingRegions::put_back(std::vector<PendingRegion> older) {
  std::vector<PendingRegion> newer = std::exchange(regions_, std::move(older));
  for (PendingRegion& region : newer) overlay(std::move(region));
}

std::vector<PendingRegion> PendingRegions::take() { return std::exchange(regions_, {}); }

}  // namespace conflux::sidecar
