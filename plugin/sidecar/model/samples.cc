#include "plugin/sidecar/model/samples.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace conflux::sidecar {

using region::Description;
using region::MetricKind;
using region::Word;

namespace {

// A hostile region must not make a cumulative count go back.
std::uint64_t add_saturated(std::uint64_t a, std::uint64_t b) noexcept {
  return a > std::numeric_limits<std::uint64_t>::max() - b
             ? std::numeric_limits<std::uint64_t>::max()
             : a + b;
}

Sample histogram_of(const Description& metric, const Word* words) {
  Sample sample{.metric = &metric, .label_value = {}, .number = 0, .buckets = {}, .sum = 0};
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= metric.bounds.size(); ++i) {
    total = add_saturated(total, words[i]);
    sample.buckets.push_back(total);
  }
  sample.sum = in_unit(metric, words[metric.bounds.size() + 1]);
  return sample;
}

void append(const Description& metric, const Word* words, std::vector<Sample>& out) {
  if (metric.kind == MetricKind::kHistogram) {
    out.push_back(histogram_of(metric, words));
    return;
  }
  for (std::size_t i = 0; i < metric.words; ++i) {
    out.push_back({.metric = &metric,
                   .label_value = metric.values.empty() ? std::string_view() : metric.values[i],
                   .number = in_unit(metric, words[i]),
                   .buckets = {},
                   .sum = 0});
  }
}

double ratio_of(const RegionSnapshot& region, std::string_view name) {
  const auto at = std::ranges::find(*region.metrics, name, &Description::name);
  if (at == region.metrics->end() || at->kind == MetricKind::kHistogram) return 0;
  Word best = 0;
  Word others = 0;
  for (std::size_t i = 0; i < at->values.size(); ++i) {
    Word& part = at->values[i] == "best" ? best : others;
    part = add_saturated(part, region.aggregates[at->first_word + i]);
  }
  return aggregation_ratio(best, others);
}

bool has_samples(const RegionSnapshot& region) {
  return region.metrics != nullptr && !region.aggregates.empty() &&
         std::ranges::all_of(*region.metrics, [&](const Description& metric) {
           return metric.first_word + metric.words <= region.aggregates.size();
         });
}

}  // namespace

std::vector<Sample> samples_of(const RegionSnapshot& region) {
  std::vector<Sample> samples;
  if (!has_samples(region)) return samples;
  for (const Description& metric : *region.metrics) {
    append(metric, &region.aggregates[metric.first_word], samples);
  }
  return samples;
}

double in_unit(const Description& metric, std::uint64_t count) noexcept {
  return static_cast<double>(count) / static_cast<double>(metric.scale);
}

double bin_in_unit(const Description& metric) noexcept { return in_unit(metric, metric.bin); }

std::vector<double> bounds_in_unit(const Description& metric) {
  std::vector<double> bounds;
  for (const std::uint64_t bound : metric.bounds) bounds.push_back(in_unit(metric, bound));
  return bounds;
}

std::string prometheus_unit(std::string_view ucum) {
  static constexpr auto kUnits = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"By", "bytes"}, {"s", "seconds"}});
  for (const auto& [theirs, ours] : kUnits) {
    if (theirs == ucum) return std::string(ours);
  }
  return {};
}

std::string prometheus_name(const Description& metric) {
  std::string name = metric.name;
  for (const std::string& suffix :
       {prometheus_unit(metric.unit),
        std::string(metric.kind == MetricKind::kCounter ? "total" : "")}) {
    if (!suffix.empty() && !name.ends_with("_" + suffix)) name += "_" + suffix;
  }
  return name;
}

AggregationRatios aggregation_ratios(const RegionSnapshot& region) {
  if (!has_samples(region)) return {};
  return {.sent = ratio_of(region, "conflux_cells_sent"),
          .received = ratio_of(region, "conflux_cells_received")};
}

}  // namespace conflux::sidecar
