#include "plugin/sidecar/serve/messages.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "plugin/region/catalogue.h"
#include "plugin/sidecar/model/samples.h"

namespace conflux::sidecar {
namespace {

using region::Description;
using region::Health;
using region::MetricKind;

static_assert(static_cast<int>(Health::kAbsent) == pb::Region::HEALTH_ABSENT);
static_assert(static_cast<int>(Health::kCorrupt) == pb::Region::HEALTH_CORRUPT);
static_assert(static_cast<int>(Health::kClosed) == pb::Region::HEALTH_CLOSED);
static_assert(static_cast<int>(MetricKind::kHistogram) == pb::MetricDescription::KIND_HISTOGRAM);
static_assert(static_cast<int>(region::SlotState::kClosed) == pb::Tunnel::STATE_CLOSED);
static_assert(static_cast<int>(region::AgeClass::kHours) == pb::Tunnel::AGE_HOURS);

void fill_duration(std::chrono::milliseconds duration, google::protobuf::Duration& out) {
  out.set_seconds(duration.count() / 1000);
  out.set_nanos(static_cast<std::int32_t>(duration.count() % 1000 * 1'000'000));
}

// A region is a stranger's: numbers that this sidecar has no name for are told as unspecified.
template <class E>
E known(std::uint32_t number, E most) {
  return number <= static_cast<std::uint32_t>(most) ? static_cast<E>(number) : E{};
}

void fill_sample(const Sample& sample, pb::Sample& out) {
  out.set_metric(sample.metric->name);
  out.set_label_value(std::string(sample.label_value));
  if (sample.metric->kind != MetricKind::kHistogram) {
    out.set_number(sample.number);
    return;
  }
  pb::Histogram& histogram = *out.mutable_histogram();
  histogram.mutable_buckets()->Add(sample.buckets.begin(), sample.buckets.end());
  histogram.set_sum(sample.sum);
}

void fill_region(const RegionSnapshot& region, pb::Region& out) {
  out.set_instance(region.instance);
  out.set_health(known(static_cast<std::uint32_t>(region.health), pb::Region::HEALTH_CLOSED));
  out.set_problem(region.problem);
  out.set_format_major(region.identity.major);
  out.set_format_minor(region.identity.minor);
  if (region.metrics != nullptr) {
    out.mutable_started_at()->set_seconds(static_cast<std::int64_t>(region.identity.started_at));
    fill_duration(region.heartbeat_age, *out.mutable_heartbeat_age());
  }
  out.set_fine_grained(region.identity.fine_grained);
  for (const Sample& sample : samples_of(region)) fill_sample(sample, *out.add_samples());
  out.set_slots(static_cast<std::uint32_t>(region.slots));
  out.set_slots_rejected(region.slots_rejected);
  const AggregationRatios ratios = aggregation_ratios(region);
  out.set_aggregation_ratio_received(ratios.received);
  out.set_aggregation_ratio_sent(ratios.sent);
}

void fill_leg(const LegSnapshot& leg, pb::Leg& out) {
  out.set_ordinal(leg.ordinal);
  out.set_state(known(leg.state, pb::Leg::STATE_TIMED_OUT));
  if (leg.rtt_ms > 0) fill_duration(std::chrono::milliseconds(leg.rtt_ms), *out.mutable_rtt());
  out.set_cwnd(leg.cwnd);
  out.set_inflight(leg.inflight);
  out.set_cells_sent(leg.cells_sent);
  out.set_cells_received(leg.cells_received);
}

// What our own catalogue says of privacy.
const region::MetricSpec* find_spec(const std::string& name) {
  const std::span<const region::MetricSpec> specs = region::catalogue();
  const auto found = std::ranges::find(specs, name, &region::MetricSpec::name);
  return found == specs.end() ? nullptr : &*found;
}

void fill_description(const Description& metric, pb::MetricDescription& out) {
  out.set_name(metric.name);
  out.set_kind(static_cast<pb::MetricDescription::Kind>(metric.kind));
  out.set_unit(metric.unit);
  out.set_help(metric.help);
  out.set_label(metric.label);
  for (const std::string& value : metric.values) out.add_label_values(value);
  out.set_bin(bin_in_unit(metric));
  for (const double bound : bounds_in_unit(metric)) out.add_bounds(bound);
  out.set_prometheus_name(prometheus_name(metric));
  if (const region::MetricSpec* spec = find_spec(metric.name)) {
    out.set_reveals(std::string(spec->reveals));
    out.set_safe_because(std::string(spec->safe));
  }
}

const std::vector<Description>& own_catalogue() {
  static const std::vector<Description> kOwn =
      region::decode_schema(region::encode_schema(region::catalogue()), region::aggregate_words())
          .value_or(std::vector<Description>());
  return kOwn;
}

// Catalogues that describe() is made from.
std::vector<const std::vector<Description>*> catalogues(const Snapshot& snapshot,
                                                        const std::string& instance) {
  std::vector<const std::vector<Description>*> out;
  for (const RegionSnapshot& region : snapshot.regions) {
    const bool wanted =
        instance.empty() ? region.health == Health::kLive : region.instance == instance;
    if (wanted && region.metrics != nullptr) out.push_back(region.metrics.get());
  }
  if (out.empty() && instance.empty()) out.push_back(&own_catalogue());
  return out;
}

}  // namespace

void fill_timestamp(std::chrono::system_clock::time_point time, google::protobuf::Timestamp& out) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  out.set_seconds(seconds.count());
  out.set_nanos(static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count()));
}

pb::Snapshot to_message(const Snapshot& snapshot, const std::string& instance) {
  pb::Snapshot out;
  fill_timestamp(snapshot.taken_at, *out.mutable_taken_at());
  out.set_sidecar_version(CONFLUX_VERSION);
  out.set_problem(snapshot.problem);
  for (const RegionSnapshot& region : snapshot.regions) {
    if (instance.empty() || region.instance == instance) fill_region(region, *out.add_regions());
  }
  return out;
}

void fill_tunnel(const TunnelSnapshot& tunnel, pb::Tunnel& out) {
  out.set_instance(tunnel.instance);
  out.set_display_id(tunnel.display_id);
  out.set_state(known(static_cast<std::uint32_t>(tunnel.state), pb::Tunnel::STATE_CLOSED));
  out.set_age(known(static_cast<std::uint32_t>(tunnel.age), pb::Tunnel::AGE_HOURS));
  out.set_cells_sent(tunnel.cells_sent);
  out.set_cells_received(tunnel.cells_received);
  out.set_switches_sent(tunnel.switches_sent);
  out.set_switches_received(tunnel.switches_received);
  out.set_reorder_cells(tunnel.reorder_cells);
  out.set_reorder_bytes(tunnel.reorder_bytes);
  out.set_reorder_peak_bytes(tunnel.reorder_peak_bytes);
  out.set_primary(tunnel.primary);
  for (const LegSnapshot& leg : tunnel.legs) fill_leg(leg, *out.add_legs());
  out.set_legs_untold(tunnel.legs_untold);
}

pb::DescribeResponse describe(const Snapshot& snapshot, const std::string& instance) {
  pb::DescribeResponse out;
  std::set<std::string> told;
  for (const std::vector<Description>* catalogue : catalogues(snapshot, instance)) {
    for (const Description& metric : *catalogue) {
      if (told.insert(metric.name).second) fill_description(metric, *out.add_metrics());
    }
  }
  return out;
}

bool is_metric(const Snapshot& snapshot, const std::string& name) {
  return std::ranges::any_of(catalogues(snapshot, {}), [&](const auto* catalogue) {
    return std::ranges::find(*catalogue, name, &Description::name) != catalogue->end();
  });
}

}  // namespace conflux::sidecar
