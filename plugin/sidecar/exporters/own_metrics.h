// What the sidecar tells of itself and of how each region stands, beside what the regions say. A
// catalogue like that of a region, so that exporters and documentation treat both alike.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plugin/region/catalogue.h"
#include "plugin/region/schema.h"
#include "plugin/sidecar/model/samples.h"
#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

// The order of own_catalogue().
enum class OwnMetric : std::size_t {
  // Of the sidecar.
  kBuildInfo,
  kProcessStart,
  kScrapes,
  kReloadOk,
  kOtlpExports,
  kOtlpPointsRejected,
  kOtlpSuperseded,
  kOtlpLastSuccess,
  // Of each region.
  kRegionInfo,
  kRegionUp,
  kHeartbeatAge,
  kSlots,
  kSlotsRejected,
  kReadRetries,
  kAttachments,
  kSeriesUntold,
  kAggregationRatio,
  kCount,
};
[[nodiscard]] std::span<const region::MetricSpec> own_catalogue() noexcept;
[[nodiscard]] const region::Description& describe(OwnMetric metric);

// Of pushing by OTLP, since the sidecar started.
struct OtlpCounters {
  std::uint64_t accepted = 0;         // requests
  std::uint64_t retried = 0;          // requests that will be sent again
  std::uint64_t refused = 0;          // requests that the receiver does not want again
  std::uint64_t points_rejected = 0;  // of requests that were accepted in part
  std::uint64_t superseded = 0;       // snapshots that a newer one overtook before they were sent
  std::chrono::system_clock::time_point last_success{};  // zero: none yet

  friend bool operator==(const OtlpCounters&, const OtlpCounters&) = default;
};

struct SidecarFacts {
  std::string version;
  std::chrono::system_clock::time_point started_at{};
  std::uint64_t scrapes = 0;
  bool reload_ok = true;             // of the sidecar's own configuration
  std::optional<OtlpCounters> otlp;  // none: not configured
};

using Label = std::pair<std::string, std::string>;

// A sample with labels beside the one of its metric.
struct LabelledSample {
  Sample sample;
  std::vector<Label> labels;
};
// Both point into own_catalogue() and live as long as the process.
[[nodiscard]] std::vector<LabelledSample> samples_of(const SidecarFacts& facts);
// `untold`: series that bounded_samples() and an exporter left out.
[[nodiscard]] std::vector<LabelledSample> own_samples_of(const RegionSnapshot& region,
                                                         std::size_t untold);

// What Prometheus may be given of one proxy, with everything of the sidecar's own.
inline constexpr std::size_t kSeriesPerProxyMax = 120;
// Lines that a sample takes in an exposition.
[[nodiscard]] std::size_t series_of(const Sample& sample) noexcept;

// The samples of a region that may leave: as many as the limit allows, of metrics that are ours by
// name and whose label is not one that an exporter sets. `untold`: series left out.
struct BoundedSamples {
  std::vector<Sample> samples;
  std::size_t untold = 0;
};
[[nodiscard]] BoundedSamples bounded_samples(const RegionSnapshot& region);

}  // namespace conflux::sidecar
