// What still has to be sent: of each region the newest, so that it never grows however long the
// receiver is away. Counters are cumulative, so what a newer snapshot overtakes is not lost.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

struct PendingRegion {
  RegionSnapshot region;
  std::chrono::system_clock::time_point seen_at;
  // When its aggregates were read: earlier, if the region has none any more.
  std::chrono::system_clock::time_point told_at;
};

class PendingRegions {
 public:
  // Proxies that were restarted while the receiver was away leave more than one region each.
  static constexpr std::size_t kMost = 256;

  // The last totals of a proxy that has died, or was replaced, stay until they are taken.
  void merge(const Snapshot& newer);
  // What was taken and could not be sent. What came in since then is newer.
  void put_back(std::vector<PendingRegion> older);
  [[nodiscard]] std::vector<PendingRegion> take();
  [[nodiscard]] bool empty() const noexcept { return regions_.empty(); }

 private:
  void overlay(PendingRegion newer);

  std::vector<PendingRegion> regions_;
};

}  // namespace conflux::sidecar
