// How many legs a tunnel gets, and what becomes of those that fail.
#include <gmock/gmock.h>

#include <algorithm>

#include "examples/onion_proxy/proxy/tunnel_manager.h"
#include "test/onion_proxy/support/tunnel_manager_fixture.h"

namespace onion_proxy {
namespace {

using test::FakeApplication;
using test::FakeLeg;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// Two legs, one of which fails while it is built. How many were tried in all?
class TunnelManagerPressureTest : public test::TunnelManagerFixture {
 protected:
  void SetUp() override { use_plugin(); }

  // The exit answers the LINK of the tunnel that this is in the leg's life.
  void link(size_t number, size_t tunnel = 1) {
    ASSERT_TRUE(run([&] { return leg(number).count(RelayCommand::kConfluxLink) == tunnel; }));
    const auto& cells = leg(number).cells();
    const auto last = std::find_if(cells.rbegin(), cells.rend(), [](const FakeLeg::Cell& cell) {
      return cell.command == RelayCommand::kConfluxLink;
    });
    Bytes linked = last->body;
    linked.back() = 1;
    leg(number).send({RelayCommand::kConfluxLinked}, linked);
    ASSERT_TRUE(run([&] { return leg(number).count(RelayCommand::kConfluxLinkedAck) == tunnel; }));
  }
  // The exit sends far ahead on leg 2 until the limit is reached.
  void fill_memory() {
    leg(2).send({RelayCommand::kConfluxSwitch}, {0, 0, 0, 1});
    for (int i = 0; i < 200; ++i) leg(2).send({RelayCommand::kXoff, 1}, {0});
    ASSERT_TRUE(run([&] { return manager().stats().tunnel_closes.size() == 1; }));
    EXPECT_THAT(manager().stats().tunnel_closes,
                ElementsAre(Pair(HasSubstr("holds back more than its limit"), 1u)));
  }
  // Of the tunnel that is this one in the life of leg 1.
  size_t legs_of_tunnel(size_t tunnel) {
    leg(2).refuse_building();
    FakeApplication next(io_);
    arrive(next, "bert");
    link(1, tunnel);
    EXPECT_TRUE(run([&] {
      const ProxyStats stats = manager().stats();
      if (stats.tunnels.empty() || !stats.tunnels.back().open) return false;
      const auto& legs = stats.tunnels.back().legs;
      return legs.front().state == "linked" &&
             std::all_of(legs.begin() + 1, legs.end(),
                         [](const LegStats& leg) { return leg.state == "closed"; });
    }));
    return manager().stats().tunnels.back().legs.size();
  }
};

// A user who has not chosen a number of legs, and what the consensus says of it.
class ConsensusLegsTest : public TunnelManagerPressureTest {
 protected:
  size_t legs_with(const std::string& params) {
    publish(params);
    options_.legs.by_consensus = true;
    arrive(application_);
    EXPECT_TRUE(run([&] { return leg(1).is_built(); }));
    return manager().stats().tunnels.back().legs.size();
  }
};

TEST_F(ConsensusLegsTest, ASilentConsensusMeansStocksNumber) { EXPECT_EQ(legs_with(""), 2u); }

TEST_F(ConsensusLegsTest, ASetOfOneLegIsLinkedToo) {
  EXPECT_EQ(legs_with(" cfx_num_legs_set=1"), 1u);
  link(1);
}

TEST_F(ConsensusLegsTest, ASetOfNoLegsIsAPlainCircuit) {
  EXPECT_EQ(legs_with(" cfx_num_legs_set=0"), 1u);
  ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kBegin) == 1; }));
  EXPECT_EQ(leg(1).count(RelayCommand::kConfluxLink), 0u);
}

TEST_F(ConsensusLegsTest, MoreLegsAreBuiltIfItSaysSo) {
  // The third one cannot be reached and is replaced.
  EXPECT_GE(legs_with(" cfx_num_legs_set=3"), 3u);
}

TEST_F(ConsensusLegsTest, NeverMoreThanThePluginTakes) {
  options_.legs.most = 2;
  EXPECT_EQ(legs_with(" cfx_num_legs_set=255"), 2u);
}

TEST_F(ConsensusLegsTest, FewerThanNoneAreNone) {
  EXPECT_EQ(legs_with(" cfx_num_legs_set=-5"), 1u);
  ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kBegin) == 1; }));
  EXPECT_EQ(leg(1).count(RelayCommand::kConfluxLink), 0u);
}

TEST_F(ConsensusLegsTest, WithoutConfluxAChosenNumberMeansAPlainCircuitToo) {
  publish(" cfx_enabled=0");
  arrive(application_);
  ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kBegin) == 1; }));
  EXPECT_EQ(leg(1).count(RelayCommand::kConfluxLink), 0u);
  EXPECT_EQ(manager().stats().tunnels.back().legs.size(), 1u);
}

TEST_F(ConsensusLegsTest, AChosenNumberStands) {
  publish(" cfx_num_legs_set=1");
  arrive(application_);
  ASSERT_TRUE(run([&] { return leg(1).is_built(); }));
  EXPECT_EQ(manager().stats().tunnels.back().legs.size(), 2u);
}

TEST_F(ConsensusLegsTest, ANetworkWithoutConfluxGetsPlainCircuits) {
  EXPECT_EQ(legs_with(" cfx_enabled=0"), 1u);
  ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kBegin) == 1; }));
  EXPECT_EQ(leg(1).count(RelayCommand::kConfluxLink), 0u);
  EXPECT_THAT(lines_, Contains(HasSubstr("a plain circuit, as the consensus wants no Conflux")));
}

TEST_F(TunnelManagerPressureTest, ALegThatFailsWhileBuildingIsReplaced) {
  EXPECT_EQ(legs_of_tunnel(1), 5u) << "three times";
}

TEST_F(TunnelManagerPressureTest, R11_A28_RightAfterMemoryWasShortNoLegIsReplaced) {
  arrive(application_, "anna");
  link(1);
  link(2);
  fill_memory();
  EXPECT_EQ(legs_of_tunnel(2), 2u);
  EXPECT_THAT(lines_, Contains(HasSubstr("no other path: memory was short")));
}

// What all tunnels together may hold back is little more than what one may.
class ProcessLimitTest : public TunnelManagerPressureTest {
 protected:
  static constexpr uint64_t kLimit = 1 << 20;

  ProcessLimitTest() {
    reorder_lines_ =
        "    tunnel_limit: 1MiB\n    process_limit: 1MiB\n    high_water: 1020KiB\n"
        "    low_water: 8KiB\n    stall_timeout: 60s\n";
    options_.stall_timeout = std::chrono::hours(1);  // nobody asks whether the exit lives
  }

  // The exit of the tunnel that is this one in the legs' life will send ahead of what is delivered.
  void open_tunnel(FakeApplication& application, const std::string& user, size_t number) {
    arrive(application, user);
    link(1, number);
    link(2, number);
    ASSERT_TRUE(run([&] {
      return leg(1).count(RelayCommand::kBegin) + leg(2).count(RelayCommand::kBegin) == number;
    }));
    leg(2).send({RelayCommand::kConfluxSwitch}, {0, 0, 0, 1});
  }
  const TunnelStats& tunnel(size_t number) {
    stats_ = manager().stats();
    return stats_.tunnels.at(number - 1);
  }
  // The newest tunnel has so many more to hold; true when it does.
  bool hold_more(size_t number, size_t cells) {
    const size_t held = tunnel(number).held_cells;
    leg(2).cork();
    for (size_t i = 0; i < cells; ++i) leg(2).send({RelayCommand::kXoff, 1}, {0});
    leg(2).uncork();
    return run([&] { return tunnel(number).held_cells == held + cells; });
  }
  uint64_t held_bytes() {
    mpath_instance_info info;
    EXPECT_EQ(plugin_->instance().info(&info), mpath::Status::kOk);
    return info.held_bytes;
  }

  ProxyStats stats_;
};

TEST_F(ProcessLimitTest, AQuietTunnelWithTheOldestCellsMakesRoomForThoseThatMove) {
  // Given a tunnel that holds cells back and falls silent,
  FakeApplication second(io_);
  open_tunnel(application_, "anna", 1);
  ASSERT_TRUE(hold_more(1, 400));
  // when another one holds so many that both together hold too much,
  open_tunnel(second, "bert", 2);
  while (open_tunnels() == 2 && held_bytes() <= kLimit) ASSERT_TRUE(hold_more(2, 64));
  // then the first one closes without another cell, and the second one keeps what it has.
  ASSERT_TRUE(run([&] { return !tunnel(1).open; }));
  EXPECT_THAT(tunnel(1).close_reason, HasSubstr("memory pressure in the process"));
  EXPECT_TRUE(run([&] { return application_.ended(); }));
  EXPECT_TRUE(tunnel(2).open);
  EXPECT_GT(tunnel(2).held_cells, 400u);
  EXPECT_LE(held_bytes(), kLimit);
}

// Whatever this machine is busy with, the second leg is far.
constexpr FarLegPolicy kAnyIsFar{.for_bulk = true, .percent = 0, .margin = -std::chrono::hours(1)};

class ManagedFarLegTest : public TunnelManagerPressureTest {
 protected:
  // Leg 1 serves before leg 2 is built.
  void serve_on_leg_1() {
    leg(2).pause();
    arrive(application_);
    link(1);
    ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kBegin) == 1; }));
    leg(2).resume();
  }
  std::string state_of_leg_2() { return manager().stats().tunnels.back().legs[1].state; }
};

TEST_F(ManagedFarLegTest, WaitsAsTheOptionsSay) {
  options_.far_legs = kAnyIsFar;
  serve_on_leg_1();
  EXPECT_TRUE(run([&] { return state_of_leg_2() == "waiting"; }));
}

TEST_F(ManagedFarLegTest, WaitsInTunnelsAfterAReloadThatSaysSo) {
  manager().set_legs(options_.legs, kAnyIsFar);
  serve_on_leg_1();
  EXPECT_TRUE(run([&] { return state_of_leg_2() == "waiting"; }));
}

TEST_F(ManagedFarLegTest, JoinsAtOnceInTunnelsAfterAReloadThatSaysSo) {
  options_.far_legs = kAnyIsFar;
  manager().set_legs(options_.legs, FarLegPolicy());
  serve_on_leg_1();
  link(2);
}

}  // namespace
}  // namespace onion_proxy
