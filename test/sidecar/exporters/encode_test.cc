#include "plugin/sidecar/exporters/otlp/encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "test/sidecar/exporters/otlp_totals.h"
#include "test/sidecar/exporters/support.h"

namespace conflux::sidecar::test {
namespace {

namespace otlp = opentelemetry::proto::metrics::v1;
using namespace std::chrono_literals;
using testing::ElementsAre;

std::vector<PendingRegion> pending_of(const Snapshot& snapshot) {
  PendingRegions pending;
  pending.merge(snapshot);
  return pending.take();
}

std::vector<EncodedRequest> encode_all(const Snapshot& snapshot, std::size_t bytes = 2U << 20U) {
  return encode(pending_of(snapshot), facts(), kNoon + 5s,
                {.sidecar_id = "0123", .request_bytes_max = bytes});
}

// Every metric of every resource, in order.
std::vector<otlp::Metric> metrics_in(const std::vector<EncodedRequest>& requests) {
  std::vector<otlp::Metric> all;
  for (const EncodedRequest& request : requests) {
    for (const auto& resource : request.message.resource_metrics()) {
      for (const auto& scope : resource.scope_metrics()) {
        all.insert(all.end(), scope.metrics().begin(), scope.metrics().end());
      }
    }
  }
  return all;
}

otlp::Metric metric_named(const std::vector<EncodedRequest>& requests, const std::string& name) {
  for (const otlp::Metric& metric : metrics_in(requests)) {
    if (metric.name() == name) return metric;
  }
  ADD_FAILURE() << name;
  return {};
}

// How the OpenTelemetry Collector makes a Prometheus name of a metric.
std::string translated(const otlp::Metric& metric) {
  std::string name = metric.name();
  const auto append = [&](const std::string& word) {
    if (!name.ends_with("_" + word)) name += "_" + word;
  };
  if (metric.unit() == "By") append("bytes");
  if (metric.unit() == "s") append("seconds");
  if (metric.has_sum() && metric.sum().is_monotonic()) append("total");
  if (metric.has_gauge() && metric.unit() == "1") append("ratio");
  return name;
}

TEST(OtlpEncoding, BecomesTheNamesOfTheScrapeWhenPrometheusReceivesIt) {
  Proxies proxies;
  proxies.start("relay");
  proxies.publish("relay", distinct_words());
  std::set<std::string> expected;
  for (const auto& metric : *proxies.collect()->regions.at(0).metrics) {
    expected.insert(prometheus_name(metric));
  }
  for (std::size_t i = 0; i < own_catalogue().size(); ++i) {
    expected.insert(prometheus_name(describe(static_cast<OwnMetric>(i))));
  }
  std::set<std::string> found;
  const auto snapshot = proxies.collect();
  SidecarFacts it = facts();
  it.otlp.emplace();
  for (const otlp::Metric& metric :
       metrics_in(encode(pending_of(*snapshot), it, kNoon, {.sidecar_id = "0123"}))) {
    found.insert(translated(metric));
  }
  EXPECT_EQ(found, expected);
}

TEST(OtlpEncoding, IsCumulativeFromTheStartOfTheRegion) {
  const auto requests =
      encode_all(snapshot_of({region_of("relay", {counter("conflux_x")}, {4096})}));
  const otlp::Metric metric = metric_named(requests, "conflux_x");
  EXPECT_EQ(metric.sum().aggregation_temporality(), otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
  EXPECT_TRUE(metric.sum().is_monotonic());
  EXPECT_EQ(metric.unit(), "{tunnel}");
  const auto& point = metric.sum().data_points(0);
  EXPECT_EQ(point.as_int(), 4096);
  EXPECT_EQ(point.start_time_unix_nano(), 1'749'999'000'000'000'000U);
  EXPECT_EQ(point.time_unix_nano(), 1'750'000'000'000'000'000U);
}

TEST(OtlpEncoding, TellsAnotherLifeOfAProxyByAnotherIdAndStart) {
  RegionSnapshot first = region_of("relay", {counter("conflux_x")}, {8});
  RegionSnapshot second = first;
  second.identity.region_id = 9;
  second.identity.started_at += 60;
  const auto one = encode_all(snapshot_of({first}));
  const auto two = encode_all(snapshot_of({second}));
  EXPECT_NE(resource_id(one[0].message.resource_metrics(1)),
            resource_id(two[0].message.resource_metrics(1)));
  EXPECT_NE(metric_named(one, "conflux_x").sum().data_points(0).start_time_unix_nano(),
            metric_named(two, "conflux_x").sum().data_points(0).start_time_unix_nano());
}

TEST(OtlpEncoding, GivesHistogramsTheirOwnBucketsAndBounds) {
  region::Description rtt = gauge("conflux_rtt");
  rtt.kind = region::MetricKind::kHistogram;
  rtt.unit = "s";
  rtt.scale = 1'000'000;
  rtt.bounds = {50'000, 1'000'000};
  rtt.words = 4;
  const otlp::Metric metric = metric_named(
      encode_all(snapshot_of({region_of("relay", {rtt}, {16, 4, 2, 7'500'000})})), "conflux_rtt");
  const auto& point = metric.histogram().data_points(0);
  EXPECT_THAT(point.bucket_counts(), ElementsAre(16, 4, 2));
  EXPECT_THAT(point.explicit_bounds(), ElementsAre(0.05, 1));
  EXPECT_EQ(point.count(), 22U);
  EXPECT_DOUBLE_EQ(point.sum(), 7.5);
}

TEST(OtlpEncoding, IsSplitIntoRequestsBelowTheLimitAndLosesNothing) {
  std::vector<RegionSnapshot> regions;
  for (const char* name : {"one", "two", "three"}) {
    std::vector<region::Description> metrics;
    for (int i = 0; i < 50; ++i) metrics.push_back(counter("conflux_x" + std::to_string(i)));
    regions.push_back(region_of(name, metrics, std::vector<Word>(50, 8)));
  }
  constexpr std::size_t kBytes = 8192;
  const auto split = encode_all(snapshot_of(regions), kBytes);
  const auto whole = encode_all(snapshot_of(regions));
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_GT(split.size(), 2U);
  std::size_t complete = 0;
  for (const EncodedRequest& request : split) {
    EXPECT_LE(request.message.ByteSizeLong(), kBytes);
    EXPECT_GE(request.complete, complete);
    complete = request.complete;
  }
  EXPECT_EQ(complete, 3U);
  EXPECT_EQ(metrics_in(split).size(), metrics_in(whole).size());
}

TEST(OtlpEncoding, GivesBackWhatWasTrueWhenItWasTrue) {
  PendingRegions pending;
  pending.merge(snapshot_of({region_of("relay", {counter("conflux_x")}, {8})}));
  RegionSnapshot dead = region_of("relay", {counter("conflux_x")}, {});
  dead.health = region::Health::kDead;
  Snapshot later = snapshot_of({dead});
  later.taken_at += 60s;
  pending.merge(later);
  const auto requests = encode(pending.take(), facts(), kNoon + 61s, {.sidecar_id = "0123"});
  EXPECT_EQ(metric_named(requests, "conflux_x").sum().data_points(0).time_unix_nano(),
            1'750'000'000'000'000'000U);
  const auto up = metric_named(requests, "conflux_region_up").gauge().data_points(0);
  EXPECT_EQ(up.as_int(), 0);
  EXPECT_EQ(up.time_unix_nano(), 1'750'000'060'000'000'000U);
}

TEST(OtlpEncoding, KeepsToTheLimitOfSeriesToo) {
  std::vector<region::Description> metrics;
  for (int i = 0; i < 500; ++i) metrics.push_back(gauge("conflux_x" + std::to_string(i)));
  const auto requests =
      encode_all(snapshot_of({region_of("relay", metrics, std::vector<Word>(500, 1))}));
  EXPECT_LE(metrics_in(requests).size(), kSeriesPerProxyMax);
}

TEST(OtlpEncoding, ClampsWhatIsTooLargeForTheProtocol) {
  const auto requests = encode_all(snapshot_of(
      {region_of("relay", {counter("conflux_x")}, {std::numeric_limits<Word>::max()})}));
  EXPECT_EQ(metric_named(requests, "conflux_x").sum().data_points(0).as_int(),
            std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace conflux::sidecar::test
