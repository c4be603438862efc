#include "plugin/region/catalogue.h"

#include <gtest/gtest.h>

#include <set>

namespace conflux::region {
namespace {

std::size_t series(const MetricSpec& metric) {
  // Prometheus counts each bucket, the sum and the count.
  return metric.kind == MetricKind::kHistogram ? word_count(metric) + 1 : word_count(metric);
}

TEST(Catalogue, HasFewerThanAHundredSeriesSoThatTheExportersOwnFitBelow120) {
  std::size_t total = 0;
  for (const MetricSpec& metric : catalogue()) total += series(metric);
  EXPECT_LT(total, 100U);
}

TEST(Catalogue, SaysOfEveryMetricWhatItTellsAndWhyThatIsSafe) {
  for (const MetricSpec& metric : catalogue()) {
    EXPECT_FALSE(metric.help.empty()) << metric.name;
    EXPECT_FALSE(metric.reveals.empty()) << metric.name;
    EXPECT_FALSE(metric.safe.empty()) << metric.name;
  }
}

// Privacy rule 4: what tells of traffic is binned.
TEST(Catalogue, BinsEverythingThatTellsOfTraffic) {
  const std::set<std::string_view> exact = {
      "conflux_reorder_limit",         "conflux_reorder_peak",
      "conflux_leg_handshake_rtt",     "conflux_protocol_violation_seen",
      "conflux_internal_errors",       "conflux_config_last_reload_successful",
      "conflux_config_reloads_failed",
  };
  for (const MetricSpec& metric : catalogue()) {
    EXPECT_EQ(metric.bin == 1, exact.contains(metric.name)) << metric.name;
  }
  EXPECT_GE(spec(Metric::kCellsSent).bin, 1024U);
  EXPECT_GE(spec(Metric::kTunnels).bin, 8U);
}

// Privacy rule 3 and 8: no label could hold anything that identifies.
TEST(Catalogue, HasLabelsOfAClosedSetOnly) {
  for (const MetricSpec& metric : catalogue()) {
    EXPECT_EQ(metric.label.empty(), metric.values.empty()) << metric.name;
    EXPECT_LE(metric.values.size(), 8U) << metric.name;
  }
}

TEST(Catalogue, GivesEveryWordToExactlyOneMetric) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < catalogue().size(); ++i) {
    EXPECT_EQ(word_of(static_cast<Metric>(i)), next);
    next += word_count(catalogue()[i]);
  }
  EXPECT_EQ(aggregate_words(), next);
  EXPECT_EQ(catalogue().size(), static_cast<std::size_t>(Metric::kCount));
}

}  // namespace
}  // namespace conflux::region
