#pragma once

#include <gtest/gtest.h>

#include "examples/onion_proxy/proxy/plain_path.h"
#include "examples/onion_proxy/proxy/tunnel.h"
#include "test/onion_proxy/support/event_loop.h"
#include "test/onion_proxy/support/fake_application.h"
#include "test/onion_proxy/support/fake_leg.h"

namespace onion_proxy::test {

/// A tunnel over real TLS to fake relays, and applications that use it.
class TunnelFixture : public ::testing::Test, protected TunnelOwner {
 protected:
  static constexpr uint8_t kExitNumber = 99;

  ~TunnelFixture() override {
    tunnel_.reset();
    channels_.close_all("the test is over");
    run_ready(io_);
  }

  void start(size_t legs, std::unique_ptr<PathSet> paths) {
    TunnelOptions options;
    options.replacements_max = replacements_max_;
    options.build_timeout = build_timeout_;
    options.stream = stream_options_;
    options.stall_timeout = stall_timeout_;
    options.far_legs = far_legs_;
    for (size_t i = 0; i < legs; ++i) {
      legs_.push_back(std::make_unique<FakeLeg>(io_, static_cast<uint8_t>(i + 1), kExitNumber));
      options.paths.push_back({.hops = path_of(i + 1), .nicknames = {"g", "m", "e"}});
    }
    TunnelOwner& owner = *this;
    tunnel_ = std::make_unique<Tunnel>(TunnelEnvironment{io_, log_, channels_}, owner,
                                       std::move(options), std::move(paths));
    tunnel_->build();
  }

  template <class Predicate>
  bool run(Predicate done) {
    return run_until(io_, [&] {
      for (const auto& leg : legs_) leg->pump();
      return done();
    });
  }

  /// What the tunnel is told of a leg.
  virtual std::vector<RelayInfo> path_of(size_t number) { return leg(number).path(); }

  FakeLeg& leg(size_t number) { return *legs_[number - 1]; }

  // TunnelOwner
  void handle_tunnel_ready(Tunnel&) override { ready_ = true; }
  void handle_tunnel_closed(Tunnel&) override { closed_ = true; }
  void note_stream_ended(const Stream& stream) override { ended_.push_back(stream.failure()); }
  void note_suspects(const std::vector<RelayInfo>& relays) override {
    suspects_.insert(suspects_.end(), relays.begin(), relays.end());
  }
  Result<ChosenPath> choose_replacement(const std::vector<ChosenPath>&) override {
    ++replacements_asked_;
    if (!replacement_) return Error{"there is no other"};
    return *replacement_;
  }

  boost::asio::io_context io_;
  std::vector<std::string> lines_;
  Logger log_{LogLevel::kDebug,
              [this](LogLevel, std::string_view line) { lines_.emplace_back(line); }};
  ChannelPool channels_{io_, ChannelPool::Options{}};
  std::chrono::milliseconds build_timeout_{20000};
  Stream::Options stream_options_;
  Micros stall_timeout_ = std::chrono::seconds(30);
  FarLegPolicy far_legs_;
  std::vector<std::unique_ptr<FakeLeg>> legs_;
  std::unique_ptr<Tunnel> tunnel_;
  size_t replacements_max_ = 0;
  size_t replacements_asked_ = 0;
  std::optional<ChosenPath> replacement_;  ///< what the owner offers instead of a lost leg
  bool ready_ = false;
  bool closed_ = false;
  std::vector<RelayInfo> suspects_;
  std::vector<std::string> ended_;
};

}  // namespace onion_proxy::test
