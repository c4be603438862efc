#include "plugin/sidecar/serve/change_filter.h"

#include <gtest/gtest.h>

#include "plugin/region/catalogue.h"

namespace conflux::sidecar {
namespace {

using region::Metric;

std::shared_ptr<Snapshot> snapshot_of(const std::vector<std::string>& instances) {
  static const auto kMetrics =
      std::make_shared<const std::vector<region::Description>>(*region::decode_schema(
          region::encode_schema(region::catalogue()), region::aggregate_words()));
  auto out = std::make_shared<Snapshot>();
  for (const std::string& instance : instances) {
    RegionSnapshot region;
    region.instance = instance;
    region.health = region::Health::kLive;
    region.metrics = kMetrics;
    region.aggregates.assign(region::aggregate_words(), 0);
    out->regions.push_back(region);
  }
  return out;
}

std::shared_ptr<Snapshot> with(const Snapshot& base, Metric metric, region::Word value,
                               std::size_t at = 0) {
  auto out = std::make_shared<Snapshot>(base);
  out->regions[at].aggregates[region::word_of(metric)] = value;
  return out;
}

TEST(ChangeFilter, AcceptsTheFirstAndThenWhatDiffers) {
  ChangeFilter filter({}, {});
  const auto first = snapshot_of({"a"});
  EXPECT_TRUE(filter.accept(first));
  EXPECT_FALSE(filter.accept(std::make_shared<Snapshot>(*first)));
  const auto second = with(*first, Metric::kLegs, 8);
  EXPECT_TRUE(filter.accept(second));
  EXPECT_FALSE(filter.accept(second));
  EXPECT_TRUE(filter.accept(first)) << "back is a change too";
}

TEST(ChangeFilter, DoesNotTakeThePassingOfTimeForAChange) {
  ChangeFilter filter({}, {});
  const auto first = snapshot_of({"a"});
  EXPECT_TRUE(filter.accept(first));
  auto later = std::make_shared<Snapshot>(*first);
  later->taken_at += std::chrono::seconds(5);
  later->regions[0].heartbeat_age = std::chrono::seconds(1);
  later->regions[0].read_retries = 7;
  EXPECT_FALSE(filter.accept(later));
}

TEST(ChangeFilter, SeesHealthProblemsAndRegionsThatComeAndGo) {
  ChangeFilter filter({}, {});
  const auto first = snapshot_of({"a"});
  EXPECT_TRUE(filter.accept(first));
  auto stalled = std::make_shared<Snapshot>(*first);
  stalled->regions[0].health = region::Health::kStalled;
  EXPECT_TRUE(filter.accept(stalled));
  EXPECT_TRUE(filter.accept(snapshot_of({"a", "b"})));
  EXPECT_TRUE(filter.accept(snapshot_of({"b"})));
  auto problem = snapshot_of({"b"});
  problem->problem = "x";
  EXPECT_TRUE(filter.accept(problem));
  auto restarted = std::make_shared<Snapshot>(*problem);
  restarted->regions[0].identity.region_id = 9;
  EXPECT_TRUE(filter.accept(restarted));
}

TEST(ChangeFilter, WithMetricsSeesNothingElse) {
  ChangeFilter filter({}, {"conflux_legs", "conflux_tunnels"});
  const auto first = snapshot_of({"a"});
  EXPECT_TRUE(filter.accept(first));
  EXPECT_FALSE(filter.accept(with(*first, Metric::kSwitches, 128)));
  auto stalled = std::make_shared<Snapshot>(*first);
  stalled->regions[0].health = region::Health::kStalled;
  EXPECT_FALSE(filter.accept(stalled));
  EXPECT_TRUE(filter.accept(with(*first, Metric::kTunnels, 8)));
  EXPECT_TRUE(filter.accept(first));
  auto silent = std::make_shared<Snapshot>(*first);
  silent->regions[0].aggregates.clear();
  EXPECT_TRUE(filter.accept(silent)) << "samples that vanish have changed";
}

TEST(ChangeFilter, OfAnInstanceDoesNotSeeOthers) {
  ChangeFilter filter("a", {});
  const auto first = snapshot_of({"a", "b"});
  EXPECT_TRUE(filter.accept(first));
  EXPECT_FALSE(filter.accept(with(*first, Metric::kLegs, 8, 1)));
  EXPECT_FALSE(filter.accept(snapshot_of({"a"})));
  EXPECT_TRUE(filter.accept(with(*first, Metric::kLegs, 8, 0)));
}

}  // namespace
}  // namespace conflux::sidecar
