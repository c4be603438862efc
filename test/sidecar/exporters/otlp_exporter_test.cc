#include "plugin/sidecar/exporters/otlp/otlp_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "test/sidecar/exporters/otlp_receiver.h"
#include "test/sidecar/exporters/support.h"

namespace conflux::sidecar::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int kUnavailable = 14;
constexpr int kExhausted = 8;
constexpr int kInvalid = 3;

OtlpOptions options_for(const OtlpReceiver& receiver) {
  OtlpOptions options;
  options.endpoint = {.target = receiver.address(),
                      .plaintext = true,
                      .ca_file = {},
                      .certificate_file = {},
                      .key_file = {},
                      .headers = {}};
  options.interval = 20ms;
  options.retry = {.first = 10ms, .most = 50ms};
  return options;
}

std::unique_ptr<OtlpExporter> start(OtlpOptions options) {
  OtlpExporter::Result result = OtlpExporter::start(std::move(options), facts);
  if (result.exporter == nullptr) throw std::runtime_error(result.problem);
  return std::move(result.exporter);
}

Snapshot snapshot_with(Word value) {
  return snapshot_of({region_of("relay", {counter("conflux_x")}, {value})});
}
bool has(const OtlpTotals& totals, double value) { return totals.at("conflux_x") == value; }

// Until the exporter's counters are as they should be, for 20 s at most.
template <class Predicate>
bool wait_for(const OtlpExporter& exporter, Predicate predicate) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!predicate(exporter.counters())) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

void expect_totals(const OtlpTotals& totals, const std::vector<Word>& words) {
  std::size_t compared = 0;
  for (std::size_t i = 0; i < region::catalogue().size(); ++i) {
    const region::MetricSpec& metric = region::catalogue()[i];
    if (metric.kind == region::MetricKind::kHistogram) continue;
    const std::size_t first = region::word_of(static_cast<Metric>(i));
    for (std::size_t j = 0; j < std::max<std::size_t>(metric.values.size(), 1); ++j) {
      std::string series(metric.name);
      if (!metric.values.empty()) series += " " + std::string(metric.values[j]);
      EXPECT_EQ(totals.at(series), static_cast<double>(words[first + j])) << series;
      ++compared;
    }
  }
  EXPECT_GT(compared, 30U);
}

TEST(OtlpExporter, GivesAReceiverTheTotalsOfTheRegionThroughTwoOutages) {
  Proxies proxies;
  proxies.start("relay");
  OtlpReceiver receiver;
  const auto exporter = start(options_for(receiver));
  std::vector<Word> words = distinct_words();
  const auto publish = [&] {
    for (Word& word : words) word += 1024;
    proxies.publish("relay", words);
    exporter->offer(*proxies.collect());
  };
  const std::size_t first = region::word_of(Metric::kTunnels);
  const auto arrived = [&](const OtlpTotals& totals) {
    return totals.at("conflux_tunnels") == static_cast<double>(words[first]);
  };
  publish();
  ASSERT_TRUE(receiver.wait(arrived));
  for (std::uint64_t outage = 1; outage <= 2; ++outage) {
    receiver.stop();
    const std::uint64_t before = exporter->counters().retried;
    for (int i = 0; i < 5; ++i) publish();
    ASSERT_TRUE(wait_for(*exporter, [&](const OtlpCounters& it) {
      return it.retried >= before + 2;
    })) << "it tries and fails";
    publish();
    receiver.start();
    ASSERT_TRUE(receiver.wait(arrived)) << "outage " << outage;
  }
  expect_totals(receiver.totals(), words);
  EXPECT_GT(exporter->counters().superseded, 0U);
  EXPECT_EQ(exporter->counters().refused, 0U);
}

TEST(OtlpExporter, BringsTheLastTotalsOfAProxyThatWasRestartedDuringAnOutage) {
  Proxies proxies;
  proxies.start("relay");
  OtlpReceiver receiver;
  const auto exporter = start(options_for(receiver));
  exporter->offer(*proxies.collect());
  ASSERT_TRUE(receiver.wait_for_requests(1));
  receiver.stop();
  std::vector<Word> words = distinct_words();
  const std::size_t created = region::word_of(Metric::kTunnelsCreated);
  words[created] = 800;
  proxies.publish("relay", words);
  exporter->offer(*proxies.collect());
  proxies.stop("relay");
  proxies.start("relay");
  words[created] = 24;
  proxies.publish("relay", words);
  exporter->offer(*proxies.collect());
  receiver.start();
  EXPECT_TRUE(receiver.wait([](const OtlpTotals& totals) {
    return totals.sum("conflux_tunnels_created") == 824;
  })) << "both lives, told apart by the id of the resource";
}

TEST(OtlpExporter, ComesBackToAnExhaustedReceiverWhenItSaidSo) {
  OtlpReceiver receiver;
  receiver.script({{.code = kExhausted, .retry_after = 300ms}});
  const auto exporter = start(options_for(receiver));
  const auto began = std::chrono::steady_clock::now();
  exporter->offer(snapshot_with(8));
  ASSERT_TRUE(receiver.wait([](const OtlpTotals& totals) { return has(totals, 8); }));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 300ms) << "not earlier";
  EXPECT_EQ(exporter->counters().retried, 1U);
}

TEST(OtlpExporter, LeavesAnExhaustedReceiverAloneThatDidNotSayWhen) {
  OtlpReceiver receiver;
  receiver.script({{.code = kExhausted, .retry_after = {}}});
  OtlpOptions options = options_for(receiver);
  options.interval = 1h;
  const auto exporter = start(options);
  exporter->offer(snapshot_with(8));
  ASSERT_TRUE(wait_for(*exporter, [](const OtlpCounters& it) { return it.refused == 1; }));
  exporter->offer(snapshot_with(16));
  EXPECT_EQ(exporter->counters().retried, 0U);
  EXPECT_EQ(receiver.requests(), 1U);
  // The next regular export is one like any other.
  exporter->stop();
  EXPECT_EQ(receiver.totals().at("conflux_x"), 16);
}

TEST(OtlpExporter, NeverSendsAgainWhatWasAcceptedInPartButCountsIt) {
  OtlpReceiver receiver;
  receiver.script({{.points_rejected = 3}});
  OtlpOptions options = options_for(receiver);
  options.interval = 1h;
  const auto exporter = start(options);
  exporter->offer(snapshot_with(8));
  ASSERT_TRUE(wait_for(*exporter, [](const OtlpCounters& it) { return it.accepted == 1; }));
  EXPECT_EQ(exporter->counters().points_rejected, 3U);
  EXPECT_EQ(exporter->counters().retried, 0U);
  EXPECT_EQ(receiver.requests(), 1U);
}

TEST(OtlpExporter, DropsWhatTheReceiverCallsInvalidAndGoesOn) {
  OtlpReceiver receiver;
  receiver.script({{.code = kInvalid}});
  const auto exporter = start(options_for(receiver));
  exporter->offer(snapshot_with(8));
  ASSERT_TRUE(wait_for(*exporter, [](const OtlpCounters& it) { return it.refused == 1; }));
  exporter->offer(snapshot_with(16));
  EXPECT_TRUE(receiver.wait([](const OtlpTotals& totals) { return has(totals, 16); }));
}

TEST(OtlpExporter, SendsTheRestOnlyAfterOneOfManyRequestsFailed) {
  std::vector<RegionSnapshot> regions;
  for (const char* name : {"another", "relay"}) {
    std::vector<region::Description> metrics;
    for (int i = 0; i < 60; ++i) metrics.push_back(counter("conflux_x" + std::to_string(i)));
    regions.push_back(region_of(name, metrics, std::vector<Word>(60, 8)));
  }
  OtlpReceiver receiver;
  OtlpOptions options = options_for(receiver);
  options.request_bytes_max = 4096;
  options.interval = 1h;
  const std::size_t whole =
      encode({{.region = regions[0], .seen_at = kNoon, .told_at = kNoon},
              {.region = regions[1], .seen_at = kNoon, .told_at = kNoon}},
             facts(), kNoon, {.sidecar_id = "0123456789abcdef", .request_bytes_max = 4096})
          .size();
  ASSERT_GT(whole, 4U);
  std::deque<OtlpReceiver::Answer> script(whole - 1);
  script.push_back({.code = kUnavailable});
  receiver.script(script);
  const auto exporter = start(options);
  exporter->offer(snapshot_of(regions));
  ASSERT_TRUE(receiver.wait([](const OtlpTotals& totals) {
    return totals.at("conflux_x59") == 8 && totals.at("conflux_region_up") == 1;
  }));
  exporter->stop();
  EXPECT_LT(receiver.requests(), 2 * whole) << "and not everything again";
}

TEST(OtlpExporter, GivesUpARequestThatHangsAndTriesAgain) {
  OtlpReceiver receiver;
  receiver.script({{.hangs = true}});
  OtlpOptions options = options_for(receiver);
  options.timeout = 100ms;
  const auto exporter = start(options);
  exporter->offer(snapshot_with(8));
  EXPECT_TRUE(receiver.wait([](const OtlpTotals& totals) { return has(totals, 8); }));
  EXPECT_EQ(exporter->counters().retried, 1U);
}

TEST(OtlpExporter, SendsTheLastSnapshotBeforeItStops) {
  OtlpReceiver receiver;
  OtlpOptions options = options_for(receiver);
  options.interval = 1h;
  const auto exporter = start(options);
  exporter->offer(snapshot_with(8));
  ASSERT_TRUE(receiver.wait_for_requests(1));
  exporter->offer(snapshot_with(16));
  exporter->stop();
  EXPECT_EQ(receiver.totals().at("conflux_x"), 16);
}

TEST(OtlpExporter, StopsInTimeAlthoughTheReceiverHangs) {
  OtlpReceiver receiver;
  receiver.script({{.hangs = true}});
  OtlpOptions options = options_for(receiver);
  options.timeout = 1h;
  options.stop_timeout = 50ms;
  const auto exporter = start(options);
  exporter->offer(snapshot_with(8));
  ASSERT_TRUE(receiver.wait_for_requests(1));
  const auto began = std::chrono::steady_clock::now();
  exporter->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

TEST(OtlpExporter, LeavesAReceiverAloneThatAskedForItEvenWhenItStops) {
  OtlpReceiver receiver;
  receiver.script({{.code = kExhausted, .retry_after = 600s}});
  const auto exporter = start(options_for(receiver));
  exporter->offer(snapshot_with(8));
  ASSERT_TRUE(wait_for(*exporter, [](const OtlpCounters& it) { return it.retried == 1; }));
  exporter->stop();
  EXPECT_EQ(receiver.requests(), 1U);
}

TEST(OtlpExporter, SendsTheHeadersThatItIsTold) {
  OtlpReceiver receiver;
  OtlpOptions options = options_for(receiver);
  options.endpoint.headers = {{"authorization", "Bearer abc"}};
  options.endpoint.gzip = true;
  const auto exporter = start(options);
  exporter->offer(snapshot_with(8));
  ASSERT_TRUE(receiver.wait([](const OtlpTotals& totals) { return has(totals, 8); }));
  EXPECT_EQ(receiver.header("authorization"), "Bearer abc");
}

TEST(OtlpEndpoint, IsRefusedIfMetricsWouldLeaveTheMachineInTheClear) {
  for (const char* target :
       {"collector.example:4317", "192.0.2.1:4317", "[2001:db8::1]:4317", "127.example:4317"}) {
    OtlpEndpoint endpoint{.target = target, .plaintext = true};
    const OtlpChannel::Result result = OtlpChannel::create(endpoint);
    EXPECT_EQ(result.channel, nullptr) << target;
    EXPECT_THAT(result.problem, HasSubstr("TLS")) << target;
  }
  for (const char* target : {"127.0.0.1:4317", "[::1]:4317", "localhost:4317", "unix:/run/x"}) {
    EXPECT_NE(OtlpChannel::create({.target = target, .plaintext = true}).channel, nullptr);
  }
}

TEST(OtlpEndpoint, IsRefusedWithoutAPortAndWithHalfACertificate) {
  EXPECT_THAT(OtlpChannel::create({.target = "localhost", .plaintext = true}).problem,
              HasSubstr("host:4317"));
  EXPECT_THAT(OtlpChannel::create({.target = "a.example:1", .certificate_file = "/x"}).problem,
              HasSubstr("give both"));
  EXPECT_THAT(OtlpChannel::create({.target = "a.example:1", .ca_file = "/no/such.pem"}).problem,
              HasSubstr("/no/such.pem: No such file"));
}

}  // namespace
}  // namespace conflux::sidecar::test
