#include "examples/onion_proxy/proxy/tunnel_manager.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "examples/onion_proxy/base/clock.h"
#include "test/onion_proxy/support/event_loop.h"
#include "test/onion_proxy/support/fake_application.h"
#include "test/onion_proxy/support/fake_authority.h"
#include "test/onion_proxy/support/fake_dir_server.h"
#include "test/onion_proxy/support/fake_leg.h"
#include "test/support/temporary_directory.h"

namespace onion_proxy {
namespace {

using test::FakeApplication;
using test::FakeLeg;
using test::kLoopback;
using test::kSocksReplySize;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr uint8_t kExitNumber = 99;
constexpr uint8_t kSpares = 6;

// A verified network of two legs to one exit, g1-m1-x and g2-m2-x, and some dead relays.
class TunnelManagerTest : public ::testing::Test {
 protected:
  TunnelManagerTest() {
    publish();
    Authority authority = authority_.configured();
    authority.dir_address = server_.endpoint();
    directory_.emplace(io_, log_, std::vector{authority}, DirectoryClient::Options{});
    options_.legs.legs = 1;
    options_.paths = {{"g1", "m1", "x"}, {"g2", "m2", "x"}};
  }
  ~TunnelManagerTest() override {
    manager_.reset();
    plugin_.reset();
    channels_.close_all("the test is over");
    test::run_ready(io_);
  }

  // What the next look at the directory finds.
  void publish(const std::string& params = "") {
    test::FakeConsensus consensus;
    consensus.valid_after = wall_clock() - std::chrono::seconds(30);
    consensus.fresh_until = wall_clock() + std::chrono::hours(1);
    consensus.valid_until = wall_clock() + std::chrono::hours(2);
    consensus.params += params;
    for (size_t number = 1; number <= 2; ++number) {
      const auto path = leg(number).path();
      const std::string suffix = std::to_string(number);
      consensus.routers.push_back({.nickname = "g" + suffix, .relay = path[0]});
      consensus.routers.push_back({.nickname = "m" + suffix, .relay = path[1]});
    }
    consensus.routers.push_back(
        {.nickname = "x", .exit_ports = "accept 1-65535", .relay = leg(1).path()[2]});
    // Relays that cannot be reached, enough for three legs.
    for (uint8_t number = 1; number <= kSpares; ++number) {
      RelayInfo dead;
      dead.rsa_id[0] = number;
      dead.ed_id[0] = number;
      dead.or_port = 1;
      consensus.routers.push_back({.nickname = "spare" + std::to_string(number), .relay = dead});
    }
    std::ranges::sort(consensus.routers, {},
                      [](const test::FakeRouter& router) { return router.relay->rsa_id; });
    server_.serve("/tor/keys/all",
                  authority_.certificate({.expires = wall_clock() + std::chrono::hours(9)}));
    server_.serve("/tor/status-vote/current/consensus-microdesc",
                  consensus.signed_by({&authority_}));
    std::string all;
    for (const test::FakeRouter& router : consensus.routers) all += test::microdescriptor(router);
    server_.serve("/tor/micro/d/", all);
  }

  // With the real plugin and two legs, and little room for cells that came too early.
  void use_plugin() {
    const conflux::test::TemporaryDirectory directory;
    const auto config = load_plugin_config(
        {.file =
             directory.write("conflux.yaml", "version: 1\nconflux:\n  profile: fast\n  reorder:\n" +
                                                 reorder_lines_)});
    ASSERT_TRUE(config.ok()) << config.error();
    auto opened = PluginHost::open(io_, log_, CONFLUX_PLUGIN, config.value());
    ASSERT_TRUE(opened.ok()) << opened.error();
    plugin_ = std::move(opened).value();
    options_.legs.legs = 2;
  }

  TunnelManager& manager() {
    if (!manager_) {
      manager_.emplace(TunnelEnvironment{io_, log_, channels_}, *directory_, plugin_.get(),
                       options_);
    }
    return *manager_;
  }

  template <class Predicate>
  bool run(Predicate done) {
    return test::run_until(io_, [&] {
      for (const auto& each : legs_) each->pump();
      return done();
    });
  }

  FakeLeg& leg(size_t number) { return *legs_[number - 1]; }

  void arrive(FakeApplication& application, const std::string& isolation = "") {
    SocksArrival arrival = application.connect_to("example.test", 80);
    arrival.request.isolation = isolation;
    manager().handle_arrival(std::move(arrival));
  }
  // Until the application has its connection over leg 1.
  void connect(FakeApplication& application, const std::string& isolation = "") {
    const size_t before = leg(1).count(RelayCommand::kBegin);
    arrive(application, isolation);
    ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kBegin) > before; }));
    leg(1).send({RelayCommand::kConnected, leg(1).cells().back().stream_id}, kLoopback);
    ASSERT_TRUE(run([&] { return application.received().size() == kSocksReplySize; }));
    ASSERT_EQ(application.received()[1], char(SocksReply::kSucceeded));
  }
  void expect_refused(FakeApplication& application, SocksReply reply) {
    ASSERT_TRUE(run([&] { return application.ended(); }));
    ASSERT_EQ(application.received().size(), kSocksReplySize);
    EXPECT_EQ(application.received()[1], char(reply));
  }

  // DATA of this stream that reached the exit over leg 1.
  size_t bytes_sent(uint16_t stream_id) {
    size_t sum = 0;
    for (const FakeLeg::Cell& cell : leg(1).cells()) {
      if (cell.command == RelayCommand::kData && cell.stream_id == stream_id) {
        sum += cell.body.size();
      }
    }
    return sum;
  }

  size_t open_tunnels() {
    const ProxyStats stats = manager().stats();
    return static_cast<size_t>(std::ranges::count(stats.tunnels, true, &TunnelStats::open));
  }

  static inline const test::FakeAuthority authority_{"auth0"};
  boost::asio::io_context io_;
  std::vector<std::string> lines_;
  Logger log_{LogLevel::kDebug,
              [this](LogLevel, std::string_view line) { lines_.emplace_back(line); }};
  ChannelPool channels_{io_, ChannelPool::Options{}};
  std::array<std::unique_ptr<FakeLeg>, 2> legs_ = {std::make_unique<FakeLeg>(io_, 1, kExitNumber),
                                                   std::make_unique<FakeLeg>(io_, 2, kExitNumber)};
  test::FakeDirServer server_{io_};
  std::optional<DirectoryClient> directory_;
  std::unique_ptr<PluginHost> plugin_;
  TunnelManager::Options options_;
  std::string reorder_lines_ =
      "    tunnel_limit: 64KiB\n    high_water: 32KiB\n    low_water: 8KiB\n";
  std::optional<TunnelManager> manager_;
  FakeApplication application_{io_};
};

TEST_F(TunnelManagerTest, ServesAStreamThatCameBeforeItsTunnelWasReady) {
  connect(application_);
  EXPECT_EQ(manager().stats().tunnels_built, 1u);
  EXPECT_EQ(leg(1).circuits(), 1u);
}

TEST_F(TunnelManagerTest, KeepsStreamsOfDifferentUsersOnDifferentTunnels) {
  FakeApplication second(io_);
  FakeApplication third(io_);
  connect(application_, "anna");
  connect(second, "anna");
  EXPECT_EQ(leg(1).circuits(), 1u);
  arrive(third, "bert");
  EXPECT_TRUE(run([&] { return leg(1).circuits() == 2; }));
}

TEST_F(TunnelManagerTest, R20_AnIdleProxyLaunchesNothing) {
  manager().prepare();
  ASSERT_TRUE(run([&] { return manager().stats().tunnels_built == 1; }));
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return manager().stats().tunnel_closes.size() == 1; }));
  test::run_ready(io_);
  leg(1).pump();
  EXPECT_EQ(open_tunnels(), 0u) << "nobody asks for another";
  EXPECT_EQ(leg(1).circuits(), 1u);
}

TEST_F(TunnelManagerTest, R25_ATunnelThatIsUsedUpIsFollowedByAnotherForTheNextStream) {
  FakeApplication next(io_);
  connect(application_);
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return application_.was_reset(); }));
  connect(next);
  EXPECT_EQ(leg(1).circuits(), 2u);
  EXPECT_EQ(manager().stats().tunnels_built, 2u);
}

TEST_F(TunnelManagerTest, R29_A25_AStreamIsRefusedAfterThreeTunnelsThatCouldNotBeBuilt) {
  leg(1).refuse_building();
  arrive(application_);
  expect_refused(application_, SocksReply::kGeneralFailure);
  EXPECT_EQ(leg(1).circuits(), 3u);
  test::run_ready(io_);
  leg(1).pump();
  EXPECT_EQ(leg(1).circuits(), 3u) << "and nothing is tried for nobody";
  EXPECT_EQ(manager().stats().tunnels_failed, 3u);
  EXPECT_THAT(manager().stats().stream_failures, ElementsAre(Pair("no tunnel could be built", 1u)));
}

TEST_F(TunnelManagerTest, A11_NoMoreTunnelsAreHalfOpenThanTheLimit) {
  options_.tunnels_max = 2;
  leg(1).stop_building();
  FakeApplication second(io_);
  FakeApplication third(io_);
  arrive(application_, "anna");
  arrive(second, "bert");
  arrive(third, "carl");
  expect_refused(third, SocksReply::kGeneralFailure);
  EXPECT_THAT(manager().stats().stream_failures, ElementsAre(Pair("too many tunnels", 1u)));
  EXPECT_FALSE(application_.ended()) << "those before it wait on";
  EXPECT_FALSE(second.ended());
}

TEST_F(TunnelManagerTest, AtTheLimitAnIdleTunnelMakesRoom) {
  options_.tunnels_max = 1;
  FakeApplication second(io_);
  connect(application_, "anna");
  leg(1).send({RelayCommand::kEnd, leg(1).find(RelayCommand::kBegin)->stream_id}, {6});
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  connect(second, "bert");
  EXPECT_THAT(manager().stats().tunnel_closes, ElementsAre(Pair("too many tunnels", 1u)));
}

TEST_F(TunnelManagerTest, ATunnelWithoutStreamsGoesAfterItsTime) {
  options_.idle_timeout = std::chrono::milliseconds(10);
  connect(application_);
  application_.leave();
  ASSERT_TRUE(run([&] { return open_tunnels() == 0 && leg(1).is_destroyed(); }));
  EXPECT_THAT(manager().stats().tunnel_closes, ElementsAre(Pair("unused", 1u)));
}

TEST_F(TunnelManagerTest, AStreamDoesNotWaitForATunnelForEver) {
  options_.stream_timeout = std::chrono::milliseconds(10);
  leg(1).stop_building();
  arrive(application_);
  expect_refused(application_, SocksReply::kTtlExpired);
}

TEST_F(TunnelManagerTest, WithoutADirectoryStreamsAreRefusedWithTheReason) {
  server_.serve_nothing();
  arrive(application_);
  expect_refused(application_, SocksReply::kNetworkUnreachable);
}

TEST_F(TunnelManagerTest, StoppingRefusesWhatWaitsAndResetsWhatRuns) {
  FakeApplication waiting(io_);
  FakeApplication late(io_);
  connect(application_, "anna");
  leg(1).stop_building();
  arrive(waiting, "bert");
  manager().stop("the proxy ends");
  arrive(late, "carl");
  expect_refused(waiting, SocksReply::kGeneralFailure);
  expect_refused(late, SocksReply::kGeneralFailure);
  EXPECT_TRUE(run([&] { return application_.was_reset(); }));
  EXPECT_EQ(open_tunnels(), 0u);
}

TEST_F(TunnelManagerTest, AnExitMayPauseAStreamWhenItsOwnBufferIsFullThoughOursIsLarger) {
  // Given a network in which exits hold 10 cells of a stream, and an application that sent 20,
  publish(" cc_xoff_exit=10");
  connect(application_);
  const uint16_t id = leg(1).cells().back().stream_id;
  const size_t twenty = 20 * kRelayBodyMax;
  application_.send(std::string(twenty, 'u'));
  ASSERT_TRUE(run([&] { return bytes_sent(id) == twenty; }));
  // when the exit pauses it,
  leg(1).send({RelayCommand::kXoff, id}, encode_xoff());
  leg(1).send({RelayCommand::kData, id}, {'p'});
  ASSERT_TRUE(run([&] { return application_.received().size() > kSocksReplySize; }))
      << "the XOFF came before";
  // then the tunnel stays, and of the stream nothing goes, whatever others send,
  application_.send(std::string(twenty, 'u'));
  FakeApplication second(io_);
  connect(second);
  const uint16_t second_id = leg(1).cells().back().stream_id;
  second.send("on its way");
  ASSERT_TRUE(run([&] { return bytes_sent(second_id) > 0; }));
  EXPECT_EQ(bytes_sent(id), twenty);
  EXPECT_EQ(open_tunnels(), 1u);
  // until the exit lets it go on.
  leg(1).send({RelayCommand::kXon, id}, encode_xon(0));
  EXPECT_TRUE(run([&] { return bytes_sent(id) == 2 * twenty; }));
}

// Two legs, one of which fails while it is built. How many were tried in all?
class TunnelManagerPressureTest : public TunnelManagerTest {
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

}  // namespace
}  // namespace onion_proxy
