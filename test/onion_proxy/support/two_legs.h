#pragma once

#include <gmock/gmock.h>

#include "examples/onion_proxy/proxy/plugin_host.h"
#include "examples/onion_proxy/proxy/plugin_paths.h"
#include "test/onion_proxy/support/tunnel_fixture.h"
#include "test/support/temporary_directory.h"

namespace onion_proxy::test {

/// A tunnel of two legs to one exit, and the real plugin.
class TwoLegs : public TunnelFixture {
 protected:
  void SetUp() override {
    open_plugin();
    start(2, std::make_unique<PluginPaths>(plugin_->instance()));
  }
  void TearDown() override { tunnel_.reset(); }

  void open_plugin() {
    // With the stock profile uploads stay on one leg, as those of stock tor do.
    const conflux::test::TemporaryDirectory directory;
    const auto config = load_plugin_config(
        {.file = directory.write("conflux.yaml", "version: 1\nconflux:\n  profile: " + profile_ +
                                                     "\n  scheduler: " + scheduler_ + "\n" +
                                                     conflux_lines_)});
    ASSERT_TRUE(config.ok()) << config.error();
    auto opened = PluginHost::open(io_, log_, CONFLUX_PLUGIN, config.value());
    ASSERT_TRUE(opened.ok()) << opened.error();
    plugin_ = std::move(opened).value();
  }

  static Bytes linked_answer(const FakeLeg& leg) {
    Bytes body = leg.find(RelayCommand::kConfluxLink)->body;
    body.back() = 1;
    return body;
  }

  void link(size_t number) {
    ASSERT_TRUE(run([&] { return leg(number).find(RelayCommand::kConfluxLink) != nullptr; }));
    leg(number).send({RelayCommand::kConfluxLinked}, linked_answer(leg(number)));
    ASSERT_TRUE(run([&] { return leg(number).find(RelayCommand::kConfluxLinkedAck) != nullptr; }));
  }
  void link_both() {
    link(1);
    link(2);
    ASSERT_TRUE(run([&] { return ready_; }));
  }

  // Opens a stream; `carrier_` is the leg that BEGIN took.
  uint16_t connect(FakeApplication& application) {
    tunnel_->open_stream(application.connect_to("example.test", 80));
    const auto begun = [&](size_t number) {
      return leg(number).find(RelayCommand::kBegin) != nullptr;
    };
    EXPECT_TRUE(run([&] { return begun(1) || begun(2); }));
    carrier_ = begun(1) ? 1 : 2;
    const uint16_t id = leg(carrier_).find(RelayCommand::kBegin)->stream_id;
    leg(carrier_).send({RelayCommand::kConnected, id}, kLoopback);
    EXPECT_TRUE(run([&] { return application.received().size() == kSocksReplySize; }));
    return id;
  }
  size_t other() const { return 3 - carrier_; }

  void expect_closes(std::string_view reason) {
    ASSERT_TRUE(run([&] { return closed_; }));
    EXPECT_THAT(tunnel_->close_reason(), ::testing::HasSubstr(std::string(reason)));
    EXPECT_TRUE(run([&] { return leg(1).is_destroyed() || leg(2).is_destroyed(); }));
  }

  std::string profile_ = "fast";
  std::string scheduler_ = "low_rtt";
  std::string conflux_lines_;  ///< more of the plugin's configuration
  std::unique_ptr<PluginHost> plugin_;
  FakeApplication application_{io_};
  size_t carrier_ = 1;
};

}  // namespace onion_proxy::test
