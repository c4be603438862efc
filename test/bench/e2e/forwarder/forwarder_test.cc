#include "test/bench/e2e/forwarder/forwarder.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "test/bench/e2e/forwarder/peer_process.h"

namespace delay_forwarder {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Fd make_socket() { return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)); }

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A listening socket on a port that the kernel chose.
std::pair<Fd, uint16_t> listening() {
  Fd fd = make_socket();
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(fd.get(), generic, size), 0);
  EXPECT_EQ(::listen(fd.get(), 8), 0);
  EXPECT_EQ(::getsockname(fd.get(), generic, &size), 0);
  return {std::move(fd), ntohs(address.sin_port)};
}

// Client - forwarder - server, all in this thread.
class ForwarderTest : public testing::Test {
 protected:
  void open(Duration delay, DelayLine::Limits limits = {}, const std::string& exempt = {}) {
    forwarder_.emplace(limits);
    if (!exempt.empty()) forwarder_->exempt_command(exempt);
    auto [server, server_port] = listening();
    server_listener_ = std::move(server);
    port_ = listening().second;  // was free a moment ago
    forwarder_->add_route({port_, server_port, delay});
    client_ = make_socket();
    const sockaddr_in address = loopback(port_);
    ::connect(client_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    until([this] {
      server_ = Fd(::accept4(server_listener_.get(), nullptr, nullptr, SOCK_NONBLOCK));
      return server_.get() >= 0;
    });
  }

  void until(const std::function<bool()>& done) {
    const Instant deadline = Clock::now() + seconds(30);
    while (!done()) {
      ASSERT_LT(Clock::now(), deadline);
      forwarder_->step(milliseconds(5));
    }
  }

  // As much as is there; `ended` tells that nothing more will come.
  static std::string receive(const Fd& from, bool* ended = nullptr) {
    std::string text(size_t{1} << 16, '\0');
    const ssize_t got = ::recv(from.get(), text.data(), text.size(), 0);
    if (ended != nullptr) *ended = got == 0;
    text.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    return text;
  }

  static size_t send(const Fd& to, std::string_view text) {
    return static_cast<size_t>(
        std::max<ssize_t>(0, ::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL)));
  }

  std::optional<Forwarder> forwarder_;
  Fd server_listener_;
  Fd client_;
  Fd server_;
  uint16_t port_ = 0;
};

TEST_F(ForwarderTest, DelaysBothWays) {
  open(milliseconds(30));
  const Instant start = Clock::now();
  send(client_, "ping");
  until([this] { return receive(server_) == "ping"; });
  EXPECT_GE(Clock::now() - start, milliseconds(30));
  send(server_, "pong");
  until([this] { return receive(client_) == "pong"; });
  EXPECT_GE(Clock::now() - start, milliseconds(60));
}

TEST_F(ForwarderTest, ANewDelayHoldsForOpenConnections) {
  open(milliseconds(0));
  ASSERT_TRUE(forwarder_->set_delay(port_, milliseconds(40)));
  const Instant start = Clock::now();
  send(client_, "ping");
  until([this] { return receive(server_) == "ping"; });
  EXPECT_GE(Clock::now() - start, milliseconds(40));
}

TEST_F(ForwarderTest, AProgramThatIsExemptIsNotDelayed) {
  open(seconds(20), {}, "bench_forwarder_test");
  const Instant start = Clock::now();
  send(client_, "ping");
  until([this] { return receive(server_) == "ping"; });
  EXPECT_LT(Clock::now() - start, seconds(20));
}

TEST_F(ForwarderTest, AnotherProgramIsDelayedAllTheSame) {
  open(milliseconds(30), {}, "no program of this name");
  const Instant start = Clock::now();
  send(client_, "ping");
  until([this] { return receive(server_) == "ping"; });
  EXPECT_GE(Clock::now() - start, milliseconds(30));
}

TEST(CommandOfPeer, IsEmptyForAConnectionThatNobodyHas) { EXPECT_EQ(command_of_peer(1, 1), ""); }

TEST_F(ForwarderTest, AnUnknownRouteHasNoDelay) {
  open(milliseconds(0));
  EXPECT_FALSE(forwarder_->set_delay(static_cast<uint16_t>(port_ ^ 1), milliseconds(1)));
}

TEST_F(ForwarderTest, LosesNothingOfMegabytesUnderDelayAndASlowReader) {
  open(milliseconds(3), {.held = 300'000, .waiting = 20'000});
  std::string sent(size_t{8} << 20, '\0');
  std::generate(sent.begin(), sent.end(), [n = 1U]() mutable {
    return static_cast<char>((n = n * 1664525 + 1013904223) >> 24);
  });
  std::string got;
  size_t at = 0;
  until([&] {
    at += send(client_, std::string_view(sent).substr(at, 100'000));
    got += receive(server_);
    return got.size() == sent.size();
  });
  EXPECT_TRUE(got == sent);
}

TEST_F(ForwarderTest, TheEndFollowsTheLastByteAndLeavesTheOtherWayOpen) {
  open(milliseconds(5));
  send(client_, "last");
  ::shutdown(client_.get(), SHUT_WR);
  std::string got;
  bool ended = false;
  until([&] {
    got += receive(server_, &ended);
    return ended;
  });
  EXPECT_EQ(got, "last");
  send(server_, "answer");
  until([this] { return receive(client_) == "answer"; });
}

TEST_F(ForwarderTest, BytesInDelayReachTheOtherSideAfterBothHaveEnded) {
  open(milliseconds(20));
  ::shutdown(server_.get(), SHUT_WR);
  bool ended = false;
  until([&] { return receive(client_, &ended), ended; });
  send(client_, "late");
  client_ = Fd();
  until([this] { return receive(server_) == "late"; });
  until([this] { return forwarder_->connections() == 0; });
}

TEST_F(ForwarderTest, AServerThatRefusesClosesTheConnection) {
  open(milliseconds(0));
  server_listener_ = Fd();
  Fd second = make_socket();
  const sockaddr_in address = loopback(port_);
  ::connect(second.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  bool ended = false;
  until([&] {
    receive(second, &ended);
    return ended || errno == ECONNRESET;
  });
  EXPECT_EQ(forwarder_->connections(), 1U);
}

}  // namespace
}  // namespace delay_forwarder
