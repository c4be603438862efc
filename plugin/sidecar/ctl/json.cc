#include "plugin/sidecar/ctl/json.h"

#include <fmt/format.h>

#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/ctl/top/model.h"

namespace conflux::ctl {
namespace {

using metrics::v1::Histogram;
using metrics::v1::Leg;
using metrics::v1::MetricDescription;
using metrics::v1::Region;
using metrics::v1::Sample;
using metrics::v1::Tunnel;

Json as_json(const Sample& sample) {
  Json out = {{"metric", sample.metric()}};
  if (!sample.label_value().empty()) out["label_value"] = sample.label_value();
  if (sample.has_histogram()) {
    const Histogram& histogram = sample.histogram();
    out["buckets"] = Json(histogram.buckets());
    out["sum"] = histogram.sum();
  } else {
    out["value"] = sample.number();
  }
  return out;
}

Json as_json(const Region& region) {
  Json out = {
      {"instance", region.instance()},
      {"health", word_for(region.health())},
      {"problem", region.problem()},
      {"format_version", fmt::format("{}.{}", region.format_major(), region.format_minor())},
      {"fine_grained", region.fine_grained()},
      {"heartbeat_age_seconds", seconds_of(region.heartbeat_age())},
      {"slots", region.slots()},
      {"slots_rejected", region.slots_rejected()},
      {"aggregation_ratio_received", region.aggregation_ratio_received()},
      {"aggregation_ratio_sent", region.aggregation_ratio_sent()},
      {"samples", Json::array()}};
  if (region.has_started_at()) out["started_at"] = region.started_at().seconds();
  for (const Sample& sample : region.samples()) out["samples"].push_back(as_json(sample));
  return out;
}

Json as_json(const Leg& leg) {
  Json out = {{"leg", leg.ordinal()},
              {"state", word_for(leg.state())},
              {"rtt_ms", rtt_of(leg)},
              {"cwnd", leg.cwnd()},
              {"inflight", leg.inflight()},
              {"cells_sent", leg.cells_sent()},
              {"cells_received", leg.cells_received()}};
  if (!leg.has_rtt()) out["rtt_ms"] = nullptr;
  return out;
}

Json as_json(const MetricDescription& metric) {
  Json out = {{"name", metric.name()},
              {"prometheus_name", metric.prometheus_name()},
              {"kind", word_for(metric.kind())},
              {"unit", metric.unit()},
              {"bin", metric.bin()},
              {"help", metric.help()},
              {"reveals", metric.reveals()},
              {"safe_because", metric.safe_because()}};
  if (!metric.label().empty()) {
    out["label"] = metric.label();
    out["label_values"] = Json(metric.label_values());
  }
  if (metric.bounds_size() > 0) out["bounds"] = Json(metric.bounds());
  return out;
}

}  // namespace

Json as_json(const metrics::v1::Snapshot& snapshot) {
  Json out = {{"taken_at", seconds_of(snapshot.taken_at())},
              {"sidecar_version", snapshot.sidecar_version()},
              {"problem", snapshot.problem()},
              {"regions", Json::array()}};
  for (const Region& region : snapshot.regions()) out["regions"].push_back(as_json(region));
  return out;
}

Json as_json(const Tunnel& tunnel) {
  Json out = {{"tunnel", tunnel_name(tunnel.display_id())},
              {"instance", tunnel.instance()},
              {"state", word_for(tunnel.state())},
              {"age", word_for(tunnel.age())},
              {"cells_sent", tunnel.cells_sent()},
              {"cells_received", tunnel.cells_received()},
              {"aggregation_ratio", top::ratio_of(tunnel).value},
              {"switches_sent", tunnel.switches_sent()},
              {"switches_received", tunnel.switches_received()},
              {"reorder_cells", tunnel.reorder_cells()},
              {"reorder_bytes", tunnel.reorder_bytes()},
              {"reorder_peak_bytes", tunnel.reorder_peak_bytes()},
              {"primary_leg", tunnel.primary()},
              {"legs_untold", tunnel.legs_untold()},
              {"legs", Json::array()}};
  for (const Leg& leg : tunnel.legs()) out["legs"].push_back(as_json(leg));
  return out;
}

Json as_json(const metrics::v1::DescribeResponse& description) {
  Json out = {{"metrics", Json::array()}};
  for (const MetricDescription& metric : description.metrics()) {
    out["metrics"].push_back(as_json(metric));
  }
  return out;
}

std::string to_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace conflux::ctl
