#include "plugin/metrics/totals.h"

#include <algorithm>

namespace conflux {

using region::Metric;
using region::MetricKind;
using region::MetricSpec;

Totals::Totals(bool exact)
    : exact_(exact),
      words_(std::make_unique<std::atomic<std::uint64_t>[]>(region::aggregate_words())),
      told_(region::aggregate_words(), 0) {}

void Totals::observe(Metric histogram, std::uint64_t value) noexcept {
  const MetricSpec& spec = region::spec(histogram);
  const auto bucket =
      static_cast<std::size_t>(std::ranges::lower_bound(spec.bounds, value) - spec.bounds.begin());
  add(histogram, bucket, 1);
  add(histogram, spec.bounds.size() + 1, value);
}

std::span<const std::uint64_t> Totals::tell() noexcept {
  std::size_t at = 0;
  for (const MetricSpec& spec : region::catalogue()) {
    const std::size_t words = region::word_count(spec);
    const std::uint64_t bin = exact_ ? 1 : spec.bin;
    if (spec.kind == MetricKind::kHistogram) {
      tell_histogram(spec, at);
    } else {
      const std::uint64_t up = spec.kind == MetricKind::kGauge ? bin - 1 : 0;
      for (std::size_t i = at; i < at + words; ++i) {
        told_[i] = (word(i).load(std::memory_order_relaxed) + up) / bin * bin;
      }
    }
    at += words;
  }
  return told_;
}

void Totals::tell_histogram(const MetricSpec& spec, std::size_t first) noexcept {
  const std::size_t buckets = spec.bounds.size() + 1;
  std::uint64_t observed = 0;
  for (std::size_t i = first; i < first + buckets; ++i) {
    observed += word(i).load(std::memory_order_relaxed) - told_[i];
  }
  if (observed < (exact_ ? 1 : region::kHistogramFloor)) return;
  for (std::size_t i = first; i <= first + buckets; ++i) {
    told_[i] = word(i).load(std::memory_order_relaxed);
  }
}

}  // namespace conflux
