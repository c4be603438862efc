#include "plugin/sidecar/exporters/prometheus_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "test/sidecar/exporters/support.h"

namespace conflux::sidecar::test {
namespace {

using region::Description;
using region::MetricKind;
using testing::HasSubstr;
using testing::Not;

Snapshot small_snapshot() {
  Description sent = counter("conflux_cells_sent");
  sent.unit = "{cell}";
  sent.help = "Cells.";
  sent.label = "rank";
  sent.values = {"best", "other"};
  sent.words = 2;
  Description rtt = gauge("conflux_leg_handshake_rtt");
  rtt.kind = MetricKind::kHistogram;
  rtt.unit = "s";
  rtt.scale = 1'000'000;
  rtt.bounds = {50'000, 1'000'000};
  rtt.words = 4;
  return snapshot_of({region_of("relay", {gauge("conflux_tunnels"), sent, rtt},
                                {8, 2048, 1024, 16, 4, 2, 7'500'000})});
}

std::size_t count_series(const std::string& text) {
  std::istringstream lines(text);
  std::size_t series = 0;
  for (std::string line; std::getline(lines, line);) series += !line.starts_with("#");
  return series;
}

std::string text_of(const Snapshot& snapshot) {
  return prometheus_text(snapshot, facts(), TextFormat::kPrometheus);
}

TEST(PrometheusText, IsWrittenAsTheFormatSays) {
  EXPECT_THAT(text_of(small_snapshot()), HasSubstr(R"(# HELP conflux_tunnels Help.
# TYPE conflux_tunnels gauge
conflux_tunnels{proxy="relay"} 8
# HELP conflux_cells_sent_total Cells.
# TYPE conflux_cells_sent_total counter
conflux_cells_sent_total{proxy="relay",rank="best"} 2048
conflux_cells_sent_total{proxy="relay",rank="other"} 1024
# HELP conflux_leg_handshake_rtt_seconds Help.
# TYPE conflux_leg_handshake_rtt_seconds histogram
conflux_leg_handshake_rtt_seconds_bucket{proxy="relay",le="0.05"} 16
conflux_leg_handshake_rtt_seconds_bucket{proxy="relay",le="1.0"} 20
conflux_leg_handshake_rtt_seconds_bucket{proxy="relay",le="+Inf"} 22
conflux_leg_handshake_rtt_seconds_sum{proxy="relay"} 7.5
conflux_leg_handshake_rtt_seconds_count{proxy="relay"} 22
)"));
}

TEST(PrometheusText, TellsOfTheRegionAndOfTheSidecar) {
  const std::string text = text_of(small_snapshot());
  for (const char* line :
       {"conflux_build_info{version=\"1.2.3\"} 1\n", "process_start_time_seconds 1750000000\n",
        "conflux_scrapes_total 5\n", "conflux_region_up{proxy=\"relay\"} 1\n",
        "conflux_region_info{proxy=\"relay\",format=\"1.0\",fine_grained=\"false\","
        "debug_build=\"false\"} 1\n",
        "conflux_aggregation_ratio{proxy=\"relay\",direction=\"sent\"} 1.5\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("direction=\"received\""))) << "no cells, no ratio";
}

TEST(OpenMetricsText, NamesCountersWithoutSuffixTellsUnitsAndEnds) {
  const std::string text = prometheus_text(small_snapshot(), facts(), TextFormat::kOpenMetrics);
  EXPECT_THAT(text, HasSubstr("# TYPE conflux_cells_sent counter\n"
                              "conflux_cells_sent_total{proxy=\"relay\",rank=\"best\"} 2048\n"));
  EXPECT_THAT(text, HasSubstr("# UNIT conflux_leg_handshake_rtt_seconds seconds\n"));
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
}

TEST(PrometheusText, PleasesPromtoolForTheWholeCatalogueOfTwoProxies) {
  Proxies proxies;
  for (const char* name : {"one", "two"}) {
    proxies.start(name);
    proxies.publish(name, distinct_words());
  }
  SidecarFacts it = facts();
  it.otlp.emplace();
  const std::string path = proxies.directory().path() / "metrics.txt";
  std::ofstream(path) << prometheus_text(*proxies.collect(), it, TextFormat::kPrometheus);
  const std::string command = "promtool check metrics < " + path;
  EXPECT_EQ(std::system(command.c_str()), 0) << "promtool comes with Debian's prometheus";
}

TEST(PrometheusText, HasAtMost120SeriesForAProxy) {
  Proxies proxies;
  proxies.start("one");
  proxies.publish("one", distinct_words());
  SidecarFacts it = facts();
  it.otlp.emplace();
  const std::string text = prometheus_text(*proxies.collect(), it, TextFormat::kPrometheus);
  EXPECT_LE(count_series(text), kSeriesPerProxyMax);
  EXPECT_THAT(text, HasSubstr("conflux_region_series_untold{proxy=\"one\"} 0\n"));
}

TEST(PrometheusText, HasAtMost120SeriesEvenIfARegionBringsAThousand) {
  std::vector<Description> metrics;
  for (int i = 0; i < 1000; ++i) metrics.push_back(gauge("conflux_x" + std::to_string(i)));
  SidecarFacts it = facts();
  it.otlp.emplace();
  const std::string text =
      prometheus_text(snapshot_of({region_of("relay", metrics, std::vector<Word>(1000, 1))}), it,
                      TextFormat::kPrometheus);
  EXPECT_LE(count_series(text), kSeriesPerProxyMax);
  EXPECT_THAT(text, HasSubstr("conflux_x0{"));
  EXPECT_THAT(text, HasSubstr("conflux_region_series_untold{proxy=\"relay\"} 900\n"));
}

TEST(PrometheusText, ExportsWhatANewerPluginDescribes) {
  const std::string text =
      text_of(snapshot_of({region_of("relay", {counter("conflux_news")}, {8})}));
  EXPECT_THAT(text, HasSubstr("conflux_news_total{proxy=\"relay\"} 8\n"));
}

TEST(PrometheusText, LeavesOutWhatARegionCallsByANameOfOurs) {
  for (const char* name : {"conflux_region_up", "conflux_scrapes", "conflux_scrapes_total"}) {
    const std::string text = text_of(snapshot_of({region_of("relay", {gauge(name)}, {77})}));
    EXPECT_THAT(text, Not(HasSubstr(" 77\n"))) << name;
    EXPECT_THAT(text, HasSubstr("conflux_region_series_untold{proxy=\"relay\"} 1\n"));
  }
}

TEST(PrometheusText, LeavesOutWhatIsNotOursByName) {
  const std::string text = text_of(snapshot_of({region_of("relay", {gauge("up")}, {77})}));
  EXPECT_THAT(text, Not(HasSubstr(" 77\n")));
}

TEST(PrometheusText, LeavesOutALabelThatTheExporterSets) {
  for (const char* label : {"proxy", "le", "instance", "__name__"}) {
    Description it = gauge("conflux_news");
    it.label = label;
    it.values = {"x"};
    EXPECT_THAT(text_of(snapshot_of({region_of("relay", {it}, {77})})), Not(HasSubstr(" 77\n")));
  }
}

TEST(PrometheusText, NamesAFamilyOnceHoweverManyRegionsHaveIt) {
  const std::string text =
      text_of(snapshot_of({region_of("one", {gauge("conflux_tunnels")}, {8}),
                           region_of("two", {gauge("conflux_tunnels")}, {16})}));
  EXPECT_THAT(text, HasSubstr("# TYPE conflux_tunnels gauge\nconflux_tunnels{proxy=\"one\"} 8\n"
                              "conflux_tunnels{proxy=\"two\"} 16\n"));
}

TEST(PrometheusText, LetsTheFirstOfTwoRegionsThatContradictEachOtherHaveTheName) {
  const std::string text = text_of(
      snapshot_of({region_of("one", {counter("conflux_x")}, {8}),
                   region_of("two", {gauge("conflux_x"), gauge("conflux_x_total")}, {16, 24})}));
  EXPECT_THAT(text, HasSubstr("conflux_x_total{proxy=\"one\"} 8\n"));
  EXPECT_THAT(text, Not(HasSubstr("conflux_x{proxy=\"two\"}")));
  EXPECT_THAT(text, Not(HasSubstr("conflux_x_total{proxy=\"two\"}")));
  EXPECT_THAT(text, HasSubstr("conflux_region_series_untold{proxy=\"two\"} 2\n"));
}

TEST(PrometheusText, SaysOfARegionThatIsNotLiveOnlyThatItIsDown) {
  RegionSnapshot region;
  region.instance = "relay";
  region.health = region::Health::kUnsupported;
  const std::string text = text_of(snapshot_of({region}));
  EXPECT_THAT(text, HasSubstr("conflux_region_up{proxy=\"relay\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("conflux_tunnels")));
  EXPECT_THAT(text, Not(HasSubstr("heartbeat_age")));
}

TEST(PrometheusText, FloorsHowManyTunnelsHadNoSlot) {
  Snapshot snapshot = small_snapshot();
  snapshot.regions[0].slots_rejected = 15;
  EXPECT_THAT(text_of(snapshot),
              HasSubstr("conflux_region_slots_rejected_total{proxy=\"relay\"} 8\n"));
}

TEST(ChooseFormat, PrefersOpenMetricsOnlyForWhoeverPrefersIt) {
  EXPECT_EQ(choose_format(""), TextFormat::kPrometheus);
  EXPECT_EQ(choose_format("*/*"), TextFormat::kPrometheus);
  EXPECT_EQ(choose_format("text/html,application/xhtml+xml"), TextFormat::kPrometheus);
  EXPECT_EQ(choose_format("application/openmetrics-text"), TextFormat::kOpenMetrics);
  EXPECT_EQ(choose_format("text/plain;q=0.9, Application/OpenMetrics-Text ;q=0.5"),
            TextFormat::kPrometheus);
  EXPECT_EQ(choose_format("application/openmetrics-text;q=0"), TextFormat::kPrometheus);
  // What Prometheus 2.42 sends.
  EXPECT_EQ(choose_format("application/openmetrics-text;version=1.0.0,"
                          "application/openmetrics-text;version=0.0.1;q=0.75,"
                          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            TextFormat::kOpenMetrics);
}

TEST(ChooseFormat, SurvivesWhateverAHeaderHolds) {
  for (const char* accept : {",,,", ";;;", "q=", "a;q=x", "application/openmetrics-text;q=", " "}) {
    static_cast<void>(choose_format(accept));
  }
  EXPECT_EQ(choose_format("application/openmetrics-text;q=rubbish"), TextFormat::kOpenMetrics);
}

TEST(OwnMetrics, AreSafeAndHaveTheNamesThatPrometheusWants) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < own_catalogue().size(); ++i) {
    EXPECT_FALSE(own_catalogue()[i].reveals.empty()) << own_catalogue()[i].name;
    EXPECT_FALSE(own_catalogue()[i].safe.empty()) << own_catalogue()[i].name;
    names.insert(prometheus_name(describe(static_cast<OwnMetric>(i))));
  }
  for (const char* name :
       {"conflux_build_info", "conflux_region_up", "conflux_region_heartbeat_age_seconds",
        "conflux_region_slots", "conflux_region_slots_rejected_total",
        "conflux_region_read_retries_total", "conflux_region_attachments_total",
        "process_start_time_seconds", "conflux_scrapes_total", "conflux_aggregation_ratio"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

}  // namespace
}  // namespace conflux::sidecar::test
