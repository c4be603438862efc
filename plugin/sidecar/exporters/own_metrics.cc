#include "plugin/sidecar/exporters/own_metrics.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

namespace conflux::sidecar {

using region::Description;
using region::Health;
using region::MetricKind;
using region::MetricSpec;

namespace {

using std::string_view;

constexpr auto kExportResults = std::to_array<string_view>({"accepted", "retried", "refused"});
constexpr auto kDirections = std::to_array<string_view>({"sent", "received"});

constexpr string_view kNoTraffic = "it says nothing of traffic";
constexpr string_view kOfBinned = "made of numbers that are binned already";

constexpr std::array<MetricSpec, static_cast<std::size_t>(OwnMetric::kCount)> kOwn = {{
    {.kind = MetricKind::kGauge,
     .name = "conflux_build_info",
     .unit = "1",
     .help = "Always 1; the label version is that of conflux-sidecar.",
     .reveals = "which bugs the sidecar has",
     .safe = kNoTraffic},
    {.kind = MetricKind::kGauge,
     .name = "process_start_time",
     .unit = "s",
     .help = "When the sidecar was started, as Unix time.",
     .reveals = "when the sidecar was restarted",
     .safe = "the sidecar starts and stops apart from the proxy"},
    {.kind = MetricKind::kCounter,
     .name = "conflux_scrapes",
     .unit = "{scrape}",
     .help = "Requests for /metrics that were answered, this one included.",
     .reveals = "how often somebody looks",
     .safe = kNoTraffic},
    {.kind = MetricKind::kGauge,
     .name = "conflux_sidecar_config_last_reload_successful",
     .unit = "1",
     .help = "1 if the sidecar's last reload was accepted, or none was tried.",
     .reveals = "that somebody edits the configuration",
     .safe = kNoTraffic},
    {.kind = MetricKind::kCounter,
     .name = "conflux_otlp_exports",
     .unit = "{request}",
     .help = "Requests to the OTLP receiver, by how they ended. Told only if OTLP is configured.",
     .label = "result",
     .values = kExportResults,
     .reveals = "how well the receiver can be reached",
     .safe = kNoTraffic},
    {.kind = MetricKind::kCounter,
     .name = "conflux_otlp_points_rejected",
     .unit = "{point}",
     .help = "Data points that the OTLP receiver rejected for good.",
     .reveals = "a fault of the receiver",
     .safe = kNoTraffic},
    {.kind = MetricKind::kCounter,
     .name = "conflux_otlp_snapshots_superseded",
     .unit = "{snapshot}",
     .help = "Snapshots that a newer one overtook while the OTLP receiver was away. Totals are "
             "cumulative, so none is lost by it.",
     .reveals = "how well the receiver can be reached",
     .safe = kNoTraffic},
    {.kind = MetricKind::kGauge,
     .name = "conflux_otlp_last_success_timestamp",
     .unit = "s",
     .help = "When the OTLP receiver last accepted a request, as Unix time. 0: not yet.",
     .reveals = "how well the receiver can be reached",
     .safe = kNoTraffic},
    {.kind = MetricKind::kGauge,
     .name = "conflux_region_info",
     .unit = "1",
     .help = "Always 1; labels: version of the region's format, whether it is fine-grained (not "
             "binned, a laboratory's), and whether the plugin is a debug build.",
     .reveals = "which bugs the plugin may have",
     .safe = kNoTraffic},
    {.kind = MetricKind::kGauge,
     .name = "conflux_region_up",
     .unit = "1",
     .help = "1 while the proxy lives and ticks, 0 if it hangs, has died or cannot be read.",
     .reveals = "that a proxy runs here",
     .safe = "whoever may read this knows that"},
    {.kind = MetricKind::kGauge,
     .name = "conflux_region_heartbeat_age",
     .unit = "s",
     .help = "For how long the proxy has not ticked.",
     .reveals = "that the proxy hangs",
     .safe = "the heart beats with and without traffic"},
    {.kind = MetricKind::kGauge,
     .name = "conflux_region_slots",
     .unit = "{slot}",
     .help = "Tunnels that the region could show one by one, on this machine only. 0: detail off.",
     .reveals = "a setting",
     .safe = "it is the operator's own setting"},
    {.kind = MetricKind::kCounter,
     .name = "conflux_region_slots_rejected",
     .unit = "{tunnel}",
     .help =
         "Tunnels for which there was no slot; they are counted everywhere else, in steps of 8.",
     .bin = 8,
     .reveals = "that there were more tunnels than slots",
     .safe = "binned before it is told"},
    {.kind = MetricKind::kCounter,
     .name = "conflux_region_read_retries",
     .unit = "{read}",
     .help = "Reads of the region that met the writer at work and were repeated.",
     .reveals = "how often the region is read",
     .safe = kNoTraffic},
    {.kind = MetricKind::kCounter,
     .name = "conflux_region_attachments",
     .unit = "{attachment}",
     .help = "How often a region of this name was opened: 1, and 1 for each restart of the proxy.",
     .reveals = "that the proxy was restarted",
     .safe = "whoever may read this sees that by its heartbeat too"},
    {.kind = MetricKind::kGauge,
     .name = "conflux_region_series_untold",
     .unit = "{series}",
     .help = "Series of the region that are not exported: beyond 120, or in conflict with others.",
     .reveals = "a plugin that is newer than the sidecar, or broken",
     .safe = kNoTraffic},
    {.kind = MetricKind::kGauge,
     .name = "conflux_aggregation_ratio",
     .unit = "1",
     .help = "Cells of all legs over those of each tunnel's best one, since the proxy started: how "
             "many times faster than by its best leg alone. Not told before the first cells.",
     .label = "direction",
     .values = kDirections,
     .reveals = "how evenly legs are used on the whole",
     .safe = kOfBinned},
}};

const std::vector<Description>& own_descriptions() {
  static const std::vector<Description> kAll = [] {
    std::size_t words = 0;
    for (const MetricSpec& metric : kOwn) words += region::word_count(metric);
    auto decoded = region::decode_schema(region::encode_schema(kOwn), words);
    if (!decoded) throw std::logic_error("the sidecar's own catalogue contradicts itself");
    return *std::move(decoded);
  }();
  return kAll;
}

LabelledSample own(OwnMetric metric, double number, std::vector<Label> labels = {}) {
  return {.sample = {.metric = &describe(metric),
                     .label_value = {},
                     .number = number,
                     .buckets = {},
                     .sum = 0},
          .labels = std::move(labels)};
}

LabelledSample own(OwnMetric metric, std::size_t value, double number) {
  LabelledSample it = own(metric, number);
  it.sample.label_value = it.sample.metric->values[value];
  return it;
}

double unix_seconds(std::chrono::system_clock::time_point at) {
  return std::chrono::duration<double>(
             std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()))
      .count();
}

double floored(std::uint64_t count, OwnMetric metric) {
  return static_cast<double>(count - count % describe(metric).bin);
}

void add_otlp(const OtlpCounters& otlp, std::vector<LabelledSample>& out) {
  const std::array counts = {otlp.accepted, otlp.retried, otlp.refused};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    out.push_back(own(OwnMetric::kOtlpExports, i, static_cast<double>(counts[i])));
  }
  out.push_back(own(OwnMetric::kOtlpPointsRejected, static_cast<double>(otlp.points_rejected)));
  out.push_back(own(OwnMetric::kOtlpSuperseded, static_cast<double>(otlp.superseded)));
  out.push_back(own(OwnMetric::kOtlpLastSuccess, unix_seconds(otlp.last_success)));
}

void add_identity(const RegionSnapshot& region, std::vector<LabelledSample>& out) {
  const region::Identity& it = region.identity;
  const auto word = [](bool value) { return std::string(value ? "true" : "false"); };
  out.push_back(own(OwnMetric::kRegionInfo, 1,
                    {{"format", std::to_string(it.major) + "." + std::to_string(it.minor)},
                     {"fine_grained", word(it.fine_grained)},
                     {"debug_build", word(it.debug_build)}}));
  out.push_back(
      own(OwnMetric::kHeartbeatAge, std::chrono::duration<double>(region.heartbeat_age).count()));
  out.push_back(own(OwnMetric::kSlots, static_cast<double>(region.slots)));
}

// Names that an exporter, or whoever scrapes it, sets itself.
bool is_reserved_label(string_view label) {
  static constexpr auto kReserved =
      std::to_array<string_view>({"proxy", "le", "quantile", "job", "instance"});
  return label.starts_with("__") || std::ranges::find(kReserved, label) != kReserved.end();
}

bool is_ours(const Description& metric) {
  return metric.name.starts_with("conflux_") && !is_reserved_label(metric.label);
}

// Series of one proxy that do not come from its region's catalogue, at most: the sidecar's own and
// those of a region.
constexpr std::size_t kOwnSeriesMax = [] {
  std::size_t series = 0;
  for (const MetricSpec& metric : kOwn) series += std::max<std::size_t>(metric.values.size(), 1);
  return series;
}();

}  // namespace

std::span<const MetricSpec> own_catalogue() noexcept { return kOwn; }

const Description& describe(OwnMetric metric) {
  return own_descriptions()[static_cast<std::size_t>(metric)];
}

std::vector<LabelledSample> samples_of(const SidecarFacts& facts) {
  std::vector<LabelledSample> out;
  out.push_back(own(OwnMetric::kBuildInfo, 1, {{"version", facts.version}}));
  out.push_back(own(OwnMetric::kProcessStart, unix_seconds(facts.started_at)));
  out.push_back(own(OwnMetric::kScrapes, static_cast<double>(facts.scrapes)));
  out.push_back(own(OwnMetric::kReloadOk, facts.reload_ok ? 1 : 0));
  if (facts.otlp) add_otlp(*facts.otlp, out);
  return out;
}

std::vector<LabelledSample> own_samples_of(const RegionSnapshot& region, std::size_t untold) {
  std::vector<LabelledSample> out;
  out.push_back(own(OwnMetric::kRegionUp, region.health == Health::kLive ? 1 : 0));
  if (region.metrics != nullptr) add_identity(region, out);
  out.push_back(own(OwnMetric::kReadRetries, static_cast<double>(region.read_retries)));
  out.push_back(own(OwnMetric::kAttachments, static_cast<double>(region.attachments)));
  if (region.aggregates.empty()) return out;
  out.push_back(
      own(OwnMetric::kSlotsRejected, floored(region.slots_rejected, OwnMetric::kSlotsRejected)));
  out.push_back(own(OwnMetric::kSeriesUntold, static_cast<double>(untold)));
  const AggregationRatios ratios = aggregation_ratios(region);
  if (ratios.sent > 0) out.push_back(own(OwnMetric::kAggregationRatio, 0, ratios.sent));
  if (ratios.received > 0) out.push_back(own(OwnMetric::kAggregationRatio, 1, ratios.received));
  return out;
}

std::size_t series_of(const Sample& sample) noexcept {
  // A histogram has its buckets, a sum and a count.
  return sample.buckets.empty() ? 1 : sample.buckets.size() + 2;
}

BoundedSamples bounded_samples(const RegionSnapshot& region) {
  BoundedSamples out;
  std::size_t room = kSeriesPerProxyMax - kOwnSeriesMax;
  for (Sample& sample : samples_of(region)) {
    const std::size_t series = series_of(sample);
    if (series > room || !is_ours(*sample.metric)) {
      out.untold += series;
      continue;
    }
    room -= series;
    out.samples.push_back(std::move(sample));
  }
  return out;
}

}  // namespace conflux::sidecar
