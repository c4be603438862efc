#include "plugin/sidecar/exporters/otlp/encode.h"

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace conflux::sidecar {

namespace common = opentelemetry::proto::common::v1;
namespace otlp = opentelemetry::proto::metrics::v1;
namespace resource = opentelemetry::proto::resource::v1;

using region::Description;
using region::MetricKind;
using TimePoint = std::chrono::system_clock::time_point;

namespace {

// What a request holds beside its metrics, generously.
constexpr std::size_t kOverhead = 1024;

std::uint64_t unix_nanoseconds(TimePoint at) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
}

common::KeyValue attribute(std::string_view key, std::string_view value) {
  common::KeyValue it;
  it.set_key(std::string(key));
  it.mutable_value()->set_string_value(std::string(value));
  return it;
}

std::string hex(std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[value >> shift & 0xFU];
  return text;
}

bool is_ratio(const Description& metric) { return metric.name.ends_with("_ratio"); }

// Prometheus takes a gauge of unit "1" for a ratio and says so in its name; ours are yes and no.
std::string unit_of(const Description& metric) {
  return metric.unit == "1" && !is_ratio(metric) ? "" : metric.unit;
}

bool is_whole(const Description& metric) {
  return metric.scale == 1 && metric.unit != "s" && !is_ratio(metric);
}

std::int64_t whole(double number) {
  constexpr double kMost = 9.2e18;
  return number >= kMost ? std::numeric_limits<std::int64_t>::max()
                         : static_cast<std::int64_t>(number);
}

struct Span {
  TimePoint start;  // of counting
  TimePoint end;
};

template <class Point>
void fill_point(const LabelledSample& it, const Span& span, Point& point) {
  point.set_start_time_unix_nano(unix_nanoseconds(span.start));
  point.set_time_unix_nano(unix_nanoseconds(span.end));
  for (const auto& [key, value] : it.labels) *point.add_attributes() = attribute(key, value);
  if (!it.sample.label_value.empty()) {
    *point.add_attributes() = attribute(it.sample.metric->label, it.sample.label_value);
  }
}

void fill_histogram(const LabelledSample& it, otlp::HistogramDataPoint& point) {
  std::uint64_t before = 0;
  for (const std::uint64_t bucket : it.sample.buckets) {
    point.add_bucket_counts(bucket - before);
    before = bucket;
  }
  for (const double bound : bounds_in_unit(*it.sample.metric)) point.add_explicit_bounds(bound);
  point.set_count(before);
  point.set_sum(it.sample.sum);
}

void fill_number(const LabelledSample& it, otlp::NumberDataPoint& point) {
  if (is_whole(*it.sample.metric)) {
    point.set_as_int(whole(it.sample.number));
  } else {
    point.set_as_double(it.sample.number);
  }
}

void add_point(const LabelledSample& it, const Span& span, otlp::Metric& metric) {
  constexpr auto kCumulative = otlp::AGGREGATION_TEMPORALITY_CUMULATIVE;
  switch (it.sample.metric->kind) {
    case MetricKind::kHistogram: {
      metric.mutable_histogram()->set_aggregation_temporality(kCumulative);
      auto& point = *metric.mutable_histogram()->add_data_points();
      fill_point(it, span, point);
      fill_histogram(it, point);
      return;
    }
    case MetricKind::kCounter: {
      metric.mutable_sum()->set_aggregation_temporality(kCumulative);
      metric.mutable_sum()->set_is_monotonic(true);
      auto& point = *metric.mutable_sum()->add_data_points();
      fill_point(it, span, point);
      fill_number(it, point);
      return;
    }
    case MetricKind::kGauge:
      break;
  }
  auto& point = *metric.mutable_gauge()->add_data_points();
  fill_point(it, span, point);
  point.clear_start_time_unix_nano();  // a gauge counts from nowhere
  fill_number(it, point);
}

class Packer {
 public:
  Packer(const EncodeOptions& options, std::string version)
      : options_(options), version_(std::move(version)) {}

  void begin(resource::Resource it) {
    flush_metric();
    resource_ = std::move(it);
    metrics_ = nullptr;
  }
  void add(const LabelledSample& it, const Span& span) {
    if (metric_ && metric_->name() != it.sample.metric->name) flush_metric();
    if (!metric_) {
      metric_.emplace();
      metric_->set_name(it.sample.metric->name);
      metric_->set_description(it.sample.metric->help);
      metric_->set_unit(unit_of(*it.sample.metric));
    }
    add_point(it, span, *metric_);
  }
  // All of one region is in.
  void complete_region() {
    flush_metric();
    if (!requests_.empty()) ++requests_.back().complete;
  }
  [[nodiscard]] std::vector<EncodedRequest> take() {
    flush_metric();
    return std::move(requests_);
  }

 private:
  void flush_metric() {
    if (!metric_) return;
    const std::size_t bytes = metric_->ByteSizeLong() + 8;
    if (requests_.empty() || bytes_ + bytes > options_.request_bytes_max) begin_request();
    if (metrics_ == nullptr) begin_resource();
    bytes_ += bytes;
    *metrics_->add_metrics() = std::move(*metric_);
    metric_.reset();
  }
  void begin_request() {
    requests_.push_back(
        {.message = {}, .complete = requests_.empty() ? 0 : requests_.back().complete});
    bytes_ = 0;
    metrics_ = nullptr;
  }
  void begin_resource() {
    auto& part = *requests_.back().message.add_resource_metrics();
    *part.mutable_resource() = resource_;
    metrics_ = part.add_scope_metrics();
    metrics_->mutable_scope()->set_name("conflux-sidecar");
    metrics_->mutable_scope()->set_version(version_);
    bytes_ += kOverhead;
  }

  const EncodeOptions& options_;
  std::string version_;
  resource::Resource resource_;
  std::optional<otlp::Metric> metric_;     // not in a request yet
  otlp::ScopeMetrics* metrics_ = nullptr;  // where it will go; null: to be made
  std::size_t bytes_ = 0;                  // of the last request
  std::vector<EncodedRequest> requests_;
};

resource::Resource resource_of(std::string_view name, const std::string& id) {
  resource::Resource it;
  *it.add_attributes() = attribute("service.name", name);
  if (!id.empty()) *it.add_attributes() = attribute("service.instance.id", id);
  return it;
}

void add_sidecar(const SidecarFacts& facts, TimePoint now, const EncodeOptions& options,
                 Packer& packer) {
  resource::Resource it = resource_of("conflux-sidecar", options.sidecar_id);
  *it.add_attributes() = attribute("service.version", facts.version);
  packer.begin(std::move(it));
  for (const LabelledSample& sample : samples_of(facts)) {
    packer.add(sample, {.start = facts.started_at, .end = now});
  }
}

void add_region(const PendingRegion& pending, const SidecarFacts& facts, Packer& packer) {
  const RegionSnapshot& region = pending.region;
  const std::uint64_t id = region.identity.region_id;
  packer.begin(resource_of("conflux", id == 0 ? "" : hex(id)));
  const std::vector<Label> labels = {{"proxy", region.instance}};
  const TimePoint born{std::chrono::seconds(region.identity.started_at)};
  BoundedSamples bounded = bounded_samples(region);
  for (Sample& sample : bounded.samples) {
    packer.add({.sample = std::move(sample), .labels = labels},
               {.start = born, .end = pending.told_at});
  }
  for (LabelledSample& own : own_samples_of(region, bounded.untold)) {
    own.labels.insert(own.labels.begin(), labels.front());
    // What the region counts began with it, what the sidecar counts of it with the sidecar.
    const bool is_regions = own.sample.metric == &describe(OwnMetric::kSlotsRejected);
    packer.add(own, {.start = is_regions ? born : facts.started_at, .end = pending.seen_at});
  }
  packer.complete_region();
}

}  // namespace

std::vector<EncodedRequest> encode(const std::vector<PendingRegion>& regions,
                                   const SidecarFacts& facts, TimePoint now,
                                   const EncodeOptions& options) {
  Packer packer(options, facts.version);
  add_sidecar(facts, now, options, packer);
  for (const PendingRegion& region : regions) add_region(region, facts, packer);
  return packer.take();
}

}  // namespace conflux::sidecar
