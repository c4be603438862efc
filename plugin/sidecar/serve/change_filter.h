// Has anything changed that a watcher wants to know of?
#pragma once

#include <memory>
#include <set>
#include <string>

#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

class ChangeFilter {
 public:
  // Of one instance, or of all if `instance` is empty. With `metrics` only their samples count;
  // without, everything does but the passing of time.
  ChangeFilter(std::string instance, std::set<std::string> metrics);

  // Does it differ from the last snapshot that was accepted? If so it is now that one. The first
  // one is always accepted.
  [[nodiscard]] bool accept(const std::shared_ptr<const Snapshot>& snapshot);

 private:
  [[nodiscard]] bool differs(const Snapshot& now) const;
  [[nodiscard]] bool region_differs(const RegionSnapshot& before, const RegionSnapshot& now) const;
  [[nodiscard]] bool words_differ(const RegionSnapshot& before, const RegionSnapshot& now) const;
  [[nodiscard]] std::vector<const RegionSnapshot*> wanted(const Snapshot& snapshot) const;

  std::string instance_;
  std::set<std::string> metrics_;
  std::shared_ptr<const Snapshot> last_;
};

}  // namespace conflux::sidecar
