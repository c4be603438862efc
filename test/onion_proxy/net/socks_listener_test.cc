#include "examples/onion_proxy/net/socks_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "examples/onion_proxy/base/wire.h"
#include "test/onion_proxy/support/event_loop.h"

namespace onion_proxy {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using test::run_until;
using ::testing::HasSubstr;

const Bytes kConnect = {5, 1, 0, 5, 1, 0, 3, 4, 'h', 'o', 's', 't', 0, 80};

class SocksListenerTest : public testing::Test {
 protected:
  ~SocksListenerTest() override {
    for (const SocksArrival& arrival : arrivals_) arrival.socket->close(false);
  }

  void start(size_t connections_max = 100,
             std::chrono::seconds timeout = std::chrono::seconds(30)) {
    SocksListenerOptions options;
    options.address = tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0);
    options.connections_max = connections_max;
    options.negotiation_timeout = timeout;
    listener_.emplace(io_, log_, options);
    const Status status =
        listener_->start([this](SocksArrival arrival) { arrivals_.push_back(std::move(arrival)); });
    ASSERT_TRUE(status.ok()) << status.error();
  }
  tcp::socket connect(ByteView bytes) {
    tcp::socket socket(io_);
    socket.connect(listener_->local_endpoint());
    boost::asio::write(socket, boost::asio::buffer(bytes.data(), bytes.size()));
    return socket;
  }
  std::string read_all(tcp::socket& socket) {
    std::string out;
    bool ended = false;
    boost::asio::async_read(socket, boost::asio::dynamic_buffer(out),
                            [&](const error_code&, size_t) { ended = true; });
    EXPECT_TRUE(run_until(io_, [&] { return ended; }));
    return out;
  }

  boost::asio::io_context io_;
  std::vector<std::string> logged_;
  Logger log_{LogLevel::kDebug,
              [this](LogLevel, std::string_view text) { logged_.emplace_back(text); }};
  std::optional<SocksListener> listener_;
  std::vector<SocksArrival> arrivals_;
};

TEST_F(SocksListenerTest, HandsOverARequestWithItsSocket) {
  start();
  auto application = connect(concat(kConnect, std::string_view("early data")));
  ASSERT_TRUE(run_until(io_, [&] { return arrivals_.size() == 1; }));
  EXPECT_EQ(arrivals_[0].request.host, "host");
  EXPECT_EQ(as_text(arrivals_[0].socket->readable()), "early data");

  arrivals_[0].socket->write(encode_socks_reply(SocksReply::kSucceeded));
  arrivals_[0].socket->finish_writing();
  EXPECT_EQ(read_all(application),
            as_text(concat(Bytes{5, 0}, Bytes{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})));
}

TEST_F(SocksListenerTest, AnswersHttpAndLogsWhy) {
  start();
  auto application = connect(as_bytes("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_THAT(read_all(application), HasSubstr("501 This is a SOCKS proxy"));
  EXPECT_THAT(logged_, testing::ElementsAre(HasSubstr("speaks HTTP")));
  EXPECT_TRUE(arrivals_.empty());
}

TEST_F(SocksListenerTest, AcceptsNoMoreThanItsLimitAtOnce) {
  start(2);
  auto first = connect(kConnect);
  auto second = connect(kConnect);
  auto third = connect(kConnect);
  ASSERT_TRUE(run_until(io_, [&] { return arrivals_.size() == 2; }));
  test::run_ready(io_);
  EXPECT_EQ(arrivals_.size(), 2U);

  arrivals_[0].socket->close(false);
  EXPECT_TRUE(run_until(io_, [&] { return arrivals_.size() == 3; }));
}

TEST_F(SocksListenerTest, DropsAnApplicationThatDoesNotComplete) {
  start(100, std::chrono::seconds(0));
  auto application = connect(Bytes{5});
  EXPECT_EQ(read_all(application), "");
  EXPECT_THAT(logged_, testing::ElementsAre(HasSubstr("in time")));
}

TEST_F(SocksListenerTest, ForgetsAnApplicationThatLeavesEarly) {
  start(1);
  connect(Bytes{5, 1}).close();
  ASSERT_TRUE(run_until(io_, [&] { return !logged_.empty(); }));
  EXPECT_THAT(logged_, testing::ElementsAre(HasSubstr("closed before its SOCKS request")));
  // Its place is free again.
  auto next = connect(kConnect);
  EXPECT_TRUE(run_until(io_, [&] { return arrivals_.size() == 1; }));
}

TEST_F(SocksListenerTest, SaysWhatToDoWhenThePortIsTaken) {
  start();
  SocksListenerOptions options;
  options.address = listener_->local_endpoint();
  SocksListener second(io_, log_, options);
  EXPECT_THAT(second.start([](const SocksArrival&) {}).error(),
              HasSubstr("choose another with --socks"));
}

TEST_F(SocksListenerTest, MayBeDestroyedWithNegotiationsUnderWay) {
  start();
  auto application = connect(Bytes{5, 1});
  auto done = connect(kConnect);
  ASSERT_TRUE(run_until(io_, [&] { return arrivals_.size() == 1; }));
  listener_.reset();
  EXPECT_EQ(read_all(application), "");
  // A socket handed over lives on.
  arrivals_[0].socket->write(encode_socks_reply(SocksReply::kSucceeded));
  arrivals_[0].socket->finish_writing();
  EXPECT_EQ(read_all(done).size(), 12U);
}

}  // namespace
}  // namespace onion_proxy
