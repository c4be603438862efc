// Whoever must hear of each look at the regions: the log, the health service, OTLP.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

// Thread-safe.
class Monitor {
 public:
  // `some_proxy_lives` of the snapshot beside it.
  using Tell = std::function<void(const Snapshot&, bool some_proxy_lives)>;

  void observe(const Snapshot& snapshot);
  // From the next look on; null: nobody.
  void connect(Tell tell);

 private:
  std::mutex lock_;
  Tell tell_;
  std::map<std::string, region::Health> health_;  // as it was logged
  std::string problem_;
};

}  // namespace conflux::sidecar
