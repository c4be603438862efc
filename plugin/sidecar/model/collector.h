// Watches a directory of regions: finds new ones, notices when they are replaced, survives whatever
// they turn into.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugin/region/reader.h"
#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

struct CollectorOptions {
  std::string directory;
  // A region whose heartbeat stands still for this long is stalled.
  std::chrono::milliseconds patience{5000};
  // How long the last words of a proxy that died are told: an interval of whoever comes seldom.
  std::chrono::milliseconds last_words{60'000};
};

// Regions that one directory may have; more are not looked at.
inline constexpr std::size_t kRegionsMax = 64;

// Whose region a file is by its name; nothing for drafts, and for whatever else may lie there.
[[nodiscard]] std::optional<std::string> instance_of(const std::filesystem::path& file);

// Slots that are looked at for single tunnels, of all regions together. Each has its own limit, but
// a directory of many would make one answer as large as the memory that the sidecar may have.
inline constexpr std::size_t kSlotsInAllMax = 4 * region::kSlotsMax;

// One thread at a time. Its time is an argument.
//
// Aggregates are told for regions that are live or stalled. When a proxy dies they are told for a
// while, so that no exporter misses the last interval, and then dropped. Single tunnels end with
// their proxy.
class Collector {
 public:
  explicit Collector(CollectorOptions options);

  // Looks at everything once.
  [[nodiscard]] std::shared_ptr<const Snapshot> collect(
      std::chrono::steady_clock::time_point now, std::chrono::system_clock::time_point wall_clock);
  // Tunnels of the regions of the last collect(), by instance and slot; of one instance, or of all
  // if `instance` is empty.
  [[nodiscard]] std::vector<TunnelSnapshot> tunnels(const std::string& instance = {});

 private:
  struct Watched {
    std::unique_ptr<region::Reader> reader;
    std::shared_ptr<const std::vector<region::Description>> metrics;
    std::uint64_t attachments = 0;
    std::uint64_t retries = 0;
    std::optional<std::chrono::steady_clock::time_point> dead_since;
    bool tells_tunnels = false;
  };
  [[nodiscard]] std::vector<std::string> list_instances(std::string& problem) const;
  void attach(Watched& it, const std::string& instance, RegionSnapshot& out) const;
  [[nodiscard]] RegionSnapshot look(Watched& it, const std::string& instance,
                                    std::chrono::steady_clock::time_point now);
  // False: there are too many slots before it. `slots` counts those of all that tell.
  static bool choose_tunnels(Watched& it, const RegionSnapshot& seen, std::size_t& slots);

  CollectorOptions options_;
  std::map<std::string, Watched> regions_;  // by instance
};

}  // namespace conflux::sidecar
