// Words of a region as numbers in their unit: the one place that converts, for gRPC, Prometheus and
// OTLP alike. Table-driven: what a newer plugin's region describes is converted too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/region/schema.h"
#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

// One series. Points into the region's catalogue: lives as long as the RegionSnapshot.
struct Sample {
  const region::Description* metric = nullptr;
  std::string_view label_value;  // empty: the metric has no label
  double number = 0;             // of a counter or a gauge, in the unit
  // Of a histogram: cumulative, one for each bound and one for infinity, which is the count.
  std::vector<std::uint64_t> buckets;
  double sum = 0;  // in the unit
};

// In the order of the catalogue. Empty if the region has nothing to tell.
[[nodiscard]] std::vector<Sample> samples_of(const RegionSnapshot& region);

// A count of a word in the metric's unit.
[[nodiscard]] double in_unit(const region::Description& metric, std::uint64_t count) noexcept;
// How coarse the metric is, and the upper bounds of its buckets, both in its unit.
[[nodiscard]] double bin_in_unit(const region::Description& metric) noexcept;
[[nodiscard]] std::vector<double> bounds_in_unit(const region::Description& metric);

// The name with its unit and "_total", as Prometheus wants it, and the unit as Prometheus calls it
// ("bytes", "seconds", empty for "1" and "{...}"). An OTLP metric of the plain name and the UCUM
// unit becomes the same name in Prometheus.
[[nodiscard]] std::string prometheus_name(const region::Description& metric);
[[nodiscard]] std::string prometheus_unit(std::string_view ucum);

// By how much legs together outran each tunnel's best one, of all cells since the region began.
// 0: no cells yet, or the region does not tell.
struct AggregationRatios {
  double sent = 0;
  double received = 0;
};
[[nodiscard]] AggregationRatios aggregation_ratios(const RegionSnapshot& region);

}  // namespace conflux::sidecar
