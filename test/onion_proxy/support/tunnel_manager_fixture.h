#pragma once

#include <gmock/gmock.h>

#include <algorithm>

#include "examples/onion_proxy/base/clock.h"
#include "examples/onion_proxy/proxy/tunnel_manager.h"
#include "test/onion_proxy/support/event_loop.h"
#include "test/onion_proxy/support/fake_application.h"
#include "test/onion_proxy/support/fake_authority.h"
#include "test/onion_proxy/support/fake_dir_server.h"
#include "test/onion_proxy/support/fake_leg.h"
#include "test/support/temporary_directory.h"

namespace onion_proxy::test {

// A verified network of two legs to one exit, g1-m1-x and g2-m2-x, and some dead relays.
class TunnelManagerFixture : public ::testing::Test {
 protected:
  static constexpr uint8_t kExitNumber = 99;
  static constexpr uint8_t kSpares = 6;

  TunnelManagerFixture() {
    publish();
    Authority authority = authority_.configured();
    authority.dir_address = server_.endpoint();
    directory_.emplace(io_, log_, std::vector{authority}, DirectoryClient::Options{});
    options_.legs.legs = 1;
    options_.paths = {{"g1", "m1", "x"}, {"g2", "m2", "x"}};
  }
  ~TunnelManagerFixture() override {
    manager_.reset();
    plugin_.reset();
    channels_.close_all("the test is over");
    run_ready(io_);
  }

  // What the next look at the directory finds.
  void publish(const std::string& params = "") {
    FakeConsensus consensus;
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
        {.nickname = "x", .exit_ports = exit_ports_, .relay = leg(1).path()[2]});
    if (other_exit_) {
      consensus.routers.push_back(
          {.nickname = "y", .exit_ports = "accept 443", .relay = *other_exit_});
    }
    // Relays that cannot be reached, enough for three legs.
    for (uint8_t number = 1; number <= kSpares; ++number) {
      RelayInfo dead;
      dead.rsa_id[0] = number;
      dead.ed_id[0] = number;
      dead.or_port = 1;
      consensus.routers.push_back({.nickname = "spare" + std::to_string(number), .relay = dead});
    }
    std::ranges::sort(consensus.routers, {},
                      [](const FakeRouter& router) { return router.relay->rsa_id; });
    server_.serve("/tor/keys/all",
                  authority_.certificate({.expires = wall_clock() + std::chrono::hours(9)}));
    server_.serve("/tor/status-vote/current/consensus-microdesc",
                  consensus.signed_by({&authority_}));
    std::string all;
    for (const FakeRouter& router : consensus.routers) all += microdescriptor(router);
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
    return run_until(io_, [&] {
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

  static inline const FakeAuthority authority_{"auth0"};
  boost::asio::io_context io_;
  std::vector<std::string> lines_;
  Logger log_{LogLevel::kDebug,
              [this](LogLevel, std::string_view line) { lines_.emplace_back(line); }};
  ChannelPool channels_{io_, ChannelPool::Options{}};
  std::array<std::unique_ptr<FakeLeg>, 2> legs_ = {std::make_unique<FakeLeg>(io_, 1, kExitNumber),
                                                   std::make_unique<FakeLeg>(io_, 2, kExitNumber)};
  FakeDirServer server_{io_};
  std::optional<DirectoryClient> directory_;
  std::unique_ptr<PluginHost> plugin_;
  TunnelManager::Options options_;
  std::string exit_ports_ = "accept 1-65535";
  std::optional<RelayInfo> other_exit_;  // for port 443; nobody answers for it
  std::string reorder_lines_ =
      "    tunnel_limit: 64KiB\n    high_water: 32KiB\n    low_water: 8KiB\n";
  std::optional<TunnelManager> manager_;
  FakeApplication application_{io_};
};

}  // namespace onion_proxy::test
