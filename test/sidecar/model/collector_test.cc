#include "plugin/sidecar/model/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/region/support.h"

namespace conflux::sidecar {
namespace {

using namespace std::chrono_literals;
using region::Health;
using region::Writer;
using region::test::Directory;
using region::test::make_writer;
using region::test::overwrite;
using testing::HasSubstr;

class Watching : public testing::Test {
 protected:
  std::unique_ptr<Writer> start(const std::string& instance, std::size_t slots = 0) {
    return make_writer({.directory = directory_.path(), .instance = instance, .slots = slots});
  }
  std::shared_ptr<const Snapshot> look() {
    now_ += 1s;
    return collector_.collect(now_, {});
  }
  RegionSnapshot look_at_only() {
    const auto snapshot = look();
    EXPECT_EQ(snapshot->regions.size(), 1U);
    return snapshot->regions.empty() ? RegionSnapshot{} : snapshot->regions[0];
  }

  Directory directory_;
  Collector collector_{{.directory = directory_.path()}};
  std::chrono::steady_clock::time_point now_{};
};

TEST_F(Watching, FindsAProxyThatStartsLater) {
  EXPECT_TRUE(look()->regions.empty());
  const auto writer = start("proxy");
  EXPECT_EQ(look_at_only().health, Health::kLive);
}

TEST_F(Watching, FindsManyAndTellsThemByInstance) {
  const auto b = start("b");
  const auto a = start("a");
  const auto snapshot = look();
  ASSERT_EQ(snapshot->regions.size(), 2U);
  EXPECT_EQ(snapshot->regions[0].instance, "a");
  EXPECT_EQ(snapshot->regions[1].instance, "b");
}

TEST_F(Watching, FollowsAProxyThatRestarts) {
  auto writer = start("proxy");
  const auto first = look_at_only();
  writer.reset();
  writer = start("proxy");
  const auto second = look_at_only();
  EXPECT_EQ(second.health, Health::kLive);
  EXPECT_NE(second.identity.region_id, first.identity.region_id);
  EXPECT_EQ(second.attachments, 2U);
}

TEST_F(Watching, TellsOfAProxyThatEndedOnceMoreAndThenForgetsIt) {
  auto writer = start("proxy");
  EXPECT_EQ(look_at_only().health, Health::kLive);
  writer.reset();
  EXPECT_EQ(look_at_only().health, Health::kAbsent);
  EXPECT_TRUE(look()->regions.empty());
}

TEST_F(Watching, SaysStalledOfAProxyThatDoesNotTick) {
  const auto writer = start("proxy");
  for (int second = 0; second < 6; ++second) EXPECT_EQ(look_at_only().health, Health::kLive);
  const auto stalled = look_at_only();
  EXPECT_EQ(stalled.health, Health::kStalled);
  EXPECT_THAT(stalled.problem, HasSubstr("has not ticked"));
  EXPECT_FALSE(stalled.aggregates.empty()) << "what it last said still holds";
  writer->beat();
  EXPECT_EQ(look_at_only().health, Health::kLive);
}

TEST_F(Watching, TellsTheLastWordsOfADeadProxyForAWhile) {
  const auto writer = start("proxy");
  const std::string copy = directory_.path() / "left-behind.cfxm";
  overwrite(copy, region::test::contents(directory_.region()));  // nobody holds its lock
  const auto dead = [&] { return look()->regions.at(0); };
  for (int second = 0; second < 60; ++second) {
    const auto told = dead();
    EXPECT_EQ(told.health, Health::kDead);
    EXPECT_FALSE(told.aggregates.empty()) << "whoever asks once a minute must hear it too";
  }
  const auto again = dead();
  EXPECT_EQ(again.health, Health::kDead);
  EXPECT_TRUE(again.aggregates.empty()) << "gauges of the dead are no news";
}

TEST_F(Watching, TellsNoTunnelsOfAProxyThatDied) {
  const auto writer = start("proxy", 4);
  region::Slot slot{};
  slot[region::kSlotState] = 3;
  writer->publish_slot(1, slot);
  overwrite(directory_.path() / "left-behind.cfxm",
            region::test::contents(directory_.region()));  // nobody holds its lock
  const auto snapshot = look();
  ASSERT_EQ(snapshot->regions.at(0).health, Health::kDead);
  ASSERT_EQ(snapshot->regions.at(1).health, Health::kLive);
  const auto tunnels = collector_.tunnels();
  ASSERT_EQ(tunnels.size(), 1U);
  EXPECT_EQ(tunnels[0].instance, "proxy");
  EXPECT_TRUE(collector_.tunnels("left-behind").empty());
}

TEST_F(Watching, TellsTunnelsOfAsManySlotsAsItsLimitAndSaysOfWhomNot) {
  std::vector<std::unique_ptr<Writer>> writers;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    writers.push_back(start(name, region::kSlotsMax));
    writers.back()->publish_slot(0, {});
  }
  const auto snapshot = look();
  EXPECT_EQ(collector_.tunnels().size(), 4U);
  EXPECT_TRUE(collector_.tunnels("e").empty());
  EXPECT_THAT(snapshot->problem, HasSubstr("single tunnels of e are not told"));
  EXPECT_FALSE(snapshot->regions.at(4).aggregates.empty()) << "its sums are told all the same";
}

TEST_F(Watching, LooksAtNothingButRegions) {
  overwrite(directory_.path() / ".proxy.draft", "x");
  overwrite(directory_.path() / "Bad Name.cfxm", "x");
  overwrite(directory_.path() / "notes.txt", "x");
  overwrite(directory_.path() / "proxy_old.cfxm", "x");
  EXPECT_TRUE(look()->regions.empty());
}

TEST_F(Watching, SaysWhatIsWrongWithAFileThatIsNoRegion) {
  overwrite(directory_.path() / "odd.cfxm", "not a region at all");
  const auto odd = look_at_only();
  EXPECT_EQ(odd.health, Health::kUnsupported);
  EXPECT_THAT(odd.problem, HasSubstr("not a metrics region"));
}

TEST_F(Watching, TakesARegionThatWasCutAndGoesOnWithTheNextOne) {
  auto writer = start("proxy");
  EXPECT_EQ(look_at_only().health, Health::kLive);
  std::filesystem::resize_file(directory_.region(), 64);
  EXPECT_EQ(look_at_only().health, Health::kCorrupt);
  writer.reset();
  writer = start("proxy");
  EXPECT_EQ(look_at_only().health, Health::kLive);
}

TEST_F(Watching, StopsAtSixtyFourRegionsAndSaysSo) {
  std::vector<std::unique_ptr<Writer>> writers;
  for (int i = 0; i < 70; ++i) writers.push_back(start("p" + std::to_string(i)));
  const auto snapshot = look();
  EXPECT_EQ(snapshot->regions.size(), kRegionsMax);
  EXPECT_THAT(snapshot->problem, HasSubstr("more than 64"));
}

TEST(InstanceOf, TakesNoNameThatCouldSteerATerminal) {
  EXPECT_EQ(instance_of("/run/x/relay-1.cfxm"), "relay-1");
  EXPECT_EQ(instance_of("/run/x/\x1b[2J\nok  all.cfxm"), std::nullopt);
  EXPECT_EQ(instance_of("/run/x/relay-1.txt"), std::nullopt);
  EXPECT_EQ(instance_of("/run/x/.cfxm"), std::nullopt);
}

TEST(WatchingNothing, SaysThatTheDirectoryIsNotThereYet) {
  Collector collector({.directory = "/dev/shm/no-such-directory"});
  const auto snapshot = collector.collect({}, {});
  EXPECT_TRUE(snapshot->regions.empty());
  EXPECT_THAT(snapshot->problem, HasSubstr("when the first proxy with metrics starts"));
}

}  // namespace
}  // namespace conflux::sidecar
