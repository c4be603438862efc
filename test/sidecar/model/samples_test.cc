#include "plugin/sidecar/model/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace conflux::sidecar {
namespace {

using region::Description;
using region::MetricKind;
using testing::ElementsAre;

Description counter_by_rank(std::string name) {
  return {.kind = MetricKind::kCounter,
          .name = std::move(name),
          .unit = "{cell}",
          .help = "Help.",
          .label = "rank",
          .values = {"best", "other"},
          .bin = 1024,
          .scale = 1,
          .bounds = {},
          .first_word = 0,
          .words = 2};
}

Description round_trip() {
  return {.kind = MetricKind::kHistogram,
          .name = "conflux_rtt",
          .unit = "s",
          .help = "Help.",
          .label = {},
          .values = {},
          .bin = 1,
          .scale = 1'000'000,
          .bounds = {50'000, 100'000},
          .first_word = 0,
          .words = 4};
}

RegionSnapshot region_of(Description metric, std::vector<region::Word> words) {
  RegionSnapshot region;
  region.metrics = std::make_shared<const std::vector<Description>>(1, std::move(metric));
  region.aggregates = std::move(words);
  return region;
}

TEST(Samples, HaveOneForEachLabelValueInItsOrder) {
  const RegionSnapshot region = region_of(counter_by_rank("conflux_cells_sent"), {2048, 1024});
  const std::vector<Sample> samples = samples_of(region);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].label_value, "best");
  EXPECT_EQ(samples[0].number, 2048);
  EXPECT_EQ(samples[1].label_value, "other");
  EXPECT_EQ(samples[1].number, 1024);
}

TEST(Samples, AddUpTheBucketsOfAHistogramAndScaleItsSum) {
  const RegionSnapshot region = region_of(round_trip(), {3, 4, 5, 2'500'000});
  const std::vector<Sample> samples = samples_of(region);
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_THAT(samples[0].buckets, ElementsAre(3, 7, 12));
  EXPECT_DOUBLE_EQ(samples[0].sum, 2.5);
  EXPECT_THAT(bounds_in_unit(round_trip()), ElementsAre(0.05, 0.1));
}

TEST(Samples, NeverLetABucketGoBackHoweverLargeTheWordsAre) {
  constexpr auto kMost = std::numeric_limits<region::Word>::max();
  const RegionSnapshot region = region_of(round_trip(), {kMost, 1, kMost, 0});
  EXPECT_THAT(samples_of(region).at(0).buckets, ElementsAre(kMost, kMost, kMost));
}

TEST(Samples, AreNoneWithoutWordsOrWithoutACatalogue) {
  EXPECT_TRUE(samples_of(region_of(round_trip(), {})).empty());
  EXPECT_TRUE(samples_of(region_of(round_trip(), {1})).empty()) << "fewer than it describes";
  RegionSnapshot unknown;
  unknown.aggregates = {1};
  EXPECT_TRUE(samples_of(unknown).empty());
}

TEST(PrometheusName, EndsInTheUnitAndACounterInTotal) {
  EXPECT_EQ(prometheus_name(counter_by_rank("conflux_cells_sent")), "conflux_cells_sent_total");
  EXPECT_EQ(prometheus_name(round_trip()), "conflux_rtt_seconds");
  Description bytes = counter_by_rank("conflux_payload");
  bytes.unit = "By";
  EXPECT_EQ(prometheus_name(bytes), "conflux_payload_bytes_total");
}

TEST(PrometheusName, SaysNothingTwice) {
  Description it = counter_by_rank("conflux_payload_bytes");
  it.unit = "By";
  EXPECT_EQ(prometheus_name(it), "conflux_payload_bytes_total");
}

TEST(AggregationRatios, AreAllCellsOverThoseOfTheBestLeg) {
  const AggregationRatios ratios =
      aggregation_ratios(region_of(counter_by_rank("conflux_cells_sent"), {4096, 2048}));
  EXPECT_DOUBLE_EQ(ratios.sent, 1.5);
  EXPECT_EQ(ratios.received, 0) << "this region does not tell";
}

}  // namespace
}  // namespace conflux::sidecar
