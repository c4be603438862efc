#include "plugin/sidecar/exporters/otlp/pending_regions.h"

#include <gtest/gtest.h>

#include "test/sidecar/exporters/support.h"

namespace conflux::sidecar::test {
namespace {

using namespace std::chrono_literals;
using region::Health;

// One region with one counter, in its n-th life.
RegionSnapshot life(std::uint64_t id, Word value) {
  RegionSnapshot region = region_of("relay", {counter("conflux_x")}, {value});
  region.identity.region_id = id;
  return region;
}
RegionSnapshot silent(std::uint64_t id, Health health) {
  RegionSnapshot region = life(id, 0);
  region.health = health;
  region.aggregates.clear();
  return region;
}
Snapshot at(std::chrono::seconds second, std::vector<RegionSnapshot> regions) {
  Snapshot snapshot = snapshot_of(std::move(regions));
  snapshot.taken_at += second;
  return snapshot;
}

TEST(PendingRegions, KeepTheNewestOnly) {
  PendingRegions pending;
  for (int i = 1; i <= 1000; ++i) pending.merge(at(1s * i, {life(1, static_cast<Word>(i))}));
  const std::vector<PendingRegion> taken = pending.take();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].region.aggregates, std::vector<Word>{1000});
  EXPECT_EQ(taken[0].told_at, kNoon + 1000s);
  EXPECT_TRUE(pending.empty());
}

TEST(PendingRegions, KeepTheLastTotalsOfAProxyThatDied) {
  PendingRegions pending;
  pending.merge(at(1s, {life(1, 8)}));
  pending.merge(at(2s, {silent(1, Health::kDead)}));
  const std::vector<PendingRegion> taken = pending.take();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].region.health, Health::kDead);
  EXPECT_EQ(taken[0].region.aggregates, std::vector<Word>{8});
  EXPECT_EQ(taken[0].told_at, kNoon + 1s) << "when they were true";
  EXPECT_EQ(taken[0].seen_at, kNoon + 2s);
}

TEST(PendingRegions, KeepTheTotalsOfALifeThatTheNextOneReplaced) {
  PendingRegions pending;
  pending.merge(at(1s, {life(1, 8)}));
  pending.merge(at(2s, {life(2, 1)}));
  const std::vector<PendingRegion> taken = pending.take();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].region.aggregates, std::vector<Word>{8});
  EXPECT_EQ(taken[0].region.health, Health::kDead);
  EXPECT_EQ(taken[1].region.aggregates, std::vector<Word>{1});
  EXPECT_EQ(taken[1].region.health, Health::kLive);
}

TEST(PendingRegions, KeepNothingOfARegionThatHadNothingToTell) {
  PendingRegions pending;
  pending.merge(at(1s, {silent(0, Health::kUnreadable)}));
  pending.merge(at(2s, {life(1, 8)}));
  EXPECT_EQ(pending.take().size(), 1U);
}

TEST(PendingRegions, PreferWhatCameWhileTheOldWasBeingSent) {
  PendingRegions pending;
  pending.merge(at(1s, {life(1, 8)}));
  std::vector<PendingRegion> sending = pending.take();
  pending.merge(at(2s, {life(1, 16)}));
  pending.put_back(std::move(sending));
  const std::vector<PendingRegion> taken = pending.take();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].region.aggregates, std::vector<Word>{16});
}

TEST(PendingRegions, TakeBackWhatWasTheLastWord) {
  PendingRegions pending;
  pending.merge(at(1s, {life(1, 8)}));
  std::vector<PendingRegion> sending = pending.take();
  pending.merge(at(2s, {silent(1, Health::kDead)}));
  pending.put_back(std::move(sending));
  const std::vector<PendingRegion> taken = pending.take();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].region.aggregates, std::vector<Word>{8});
}

TEST(PendingRegions, StayBoundedHoweverOftenAProxyRestarts) {
  PendingRegions pending;
  for (std::uint64_t id = 1; id <= 2000; ++id) pending.merge(at(1s, {life(id, id)}));
  const std::vector<PendingRegion> taken = pending.take();
  EXPECT_EQ(taken.size(), PendingRegions::kMost);
  EXPECT_EQ(taken.back().region.identity.region_id, 2000U) << "the oldest go first";
}

}  // namespace
}  // namespace conflux::sidecar::test
