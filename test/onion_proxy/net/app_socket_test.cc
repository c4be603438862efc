#include "examples/onion_proxy/net/app_socket.h"

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

class Recorder : public AppSocketUser {
 public:
  void handle_readable() override { ++readable; }
  void handle_read_end() override { ++ends; }
  void handle_writable() override { ++writable; }
  void handle_closed(const std::string& why) override {
    ++closes;
    reason = why;
  }

  int readable = 0;
  int ends = 0;
  int writable = 0;
  int closes = 0;
  std::string reason;
};

class AppSocketTest : public testing::Test {
 protected:
  AppSocketTest() {
    tcp::acceptor acceptor(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    application_.connect(acceptor.local_endpoint());
    socket_ = AppSocket::create(acceptor.accept(), ticket_);
  }
  ~AppSocketTest() override { socket_->close(false); }

  void application_sends(std::string_view text) {
    boost::asio::write(application_, boost::asio::buffer(text));
  }
  std::string application_reads_all() {
    std::string out;
    bool ended = false;
    boost::asio::async_read(application_, boost::asio::dynamic_buffer(out),
                            [&](const error_code& error, size_t) {
                              ended = true;
                              read_error_ = error;
                            });
    EXPECT_TRUE(run_until(io_, [&] { return ended; }));
    return out;
  }

  boost::asio::io_context io_;
  tcp::socket application_{io_};
  std::shared_ptr<int> ticket_ = std::make_shared<int>();
  std::shared_ptr<AppSocket> socket_;
  Recorder user_;
  error_code read_error_;
};

TEST_F(AppSocketTest, HandsOutWhatTheApplicationSent) {
  socket_->set_user(&user_);
  application_sends("hello");
  ASSERT_TRUE(run_until(io_, [&] { return socket_->readable().size() == 5; }));
  socket_->consume(2);
  EXPECT_EQ(as_text(socket_->readable()), "llo");
  EXPECT_GE(user_.readable, 1);
}

TEST_F(AppSocketTest, ANewUserHearsOfWhatIsThereAlready) {
  socket_->set_user(&user_);
  application_sends("early");
  application_.shutdown(tcp::socket::shutdown_send);
  ASSERT_TRUE(run_until(io_, [&] { return user_.ends == 1; }));

  Recorder second;
  socket_->set_user(&second);
  EXPECT_EQ(second.readable, 0) << "never from inside a call";
  ASSERT_TRUE(run_until(io_, [&] { return second.ends == 1; }));
  EXPECT_EQ(second.readable, 1);
  EXPECT_EQ(user_.ends, 1);
}

TEST_F(AppSocketTest, AnOwnerThatDoesNotConsumeStopsTheApplication) {
  socket_->set_user(&user_);
  application_.non_blocking(true);
  const std::string chunk(256 * 1024, 'x');
  size_t sent = 0;
  // The application writes until it would block with the loop idle.
  for (bool moved = true; moved;) {
    moved = false;
    error_code error;
    const size_t size = application_.write_some(boost::asio::buffer(chunk), error);
    if (!error) sent += size;
    test::run_ready(io_);
    moved = !error;
  }
  EXPECT_GT(sent, AppSocket::kReadAhead);
  EXPECT_LT(socket_->readable().size(), 2 * AppSocket::kReadAhead);
  EXPECT_GE(socket_->readable().size(), AppSocket::kReadAhead);

  // Consuming lets the rest follow.
  size_t received = 0;
  ASSERT_TRUE(run_until(io_, [&] {
    received += socket_->readable().size();
    socket_->consume(socket_->readable().size());
    return received == sent;
  }));
}

TEST_F(AppSocketTest, WritesArriveInOrderAndHalfCloseEndsThem) {
  socket_->set_user(&user_);
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string part = "part " + std::to_string(i) + ";";
    socket_->write(as_bytes(part));
    expected += part;
  }
  socket_->finish_writing();
  socket_->write(as_bytes("too late"));
  EXPECT_EQ(application_reads_all(), expected);
  EXPECT_EQ(read_error_, boost::asio::error::eof);
  // The other direction still works.
  application_sends("answer");
  ASSERT_TRUE(run_until(io_, [&] { return socket_->readable().size() == 6; }));
  EXPECT_EQ(user_.closes, 0);
}

TEST_F(AppSocketTest, TellsWhenTheQueueHasDrained) {
  socket_->set_user(&user_);
  const Bytes large(16 * 1024 * 1024, 7);
  socket_->write(large);
  EXPECT_EQ(socket_->write_queue_bytes(), large.size());
  std::string sink(large.size(), '\0');
  bool read = false;
  boost::asio::async_read(application_, boost::asio::buffer(sink),
                          [&](const error_code&, size_t) { read = true; });
  ASSERT_TRUE(run_until(io_, [&] { return user_.writable == 1; }));
  EXPECT_LE(socket_->write_queue_bytes(), AppSocket::kWriteLowWater);
  ASSERT_TRUE(run_until(io_, [&] { return read && socket_->write_queue_bytes() == 0; }));
  EXPECT_EQ(user_.writable, 1);
}

TEST_F(AppSocketTest, CloseWhenWrittenLetsAnApplicationFinishSendingThatReadsAfterwards) {
  socket_->set_user(&user_);
  // As much as is read ahead, and more than the kernel takes.
  constexpr size_t kRequest = 24 << 20;
  size_t sent = 0;
  bool all_sent = false;
  const std::string request(kRequest, 'q');
  boost::asio::async_write(application_, boost::asio::buffer(request),
                           [&](const error_code&, size_t size) {
                             sent = size;
                             all_sent = true;
                           });
  ASSERT_TRUE(run_until(io_, [&] { return socket_->readable().size() >= AppSocket::kReadAhead; }));
  test::run_ready(io_);
  socket_->write(as_bytes("answer"));
  socket_->close_when_written();
  ASSERT_TRUE(run_until(io_, [&] { return all_sent; }));
  EXPECT_EQ(sent, kRequest);
  EXPECT_EQ(application_reads_all(), "answer");
}

TEST_F(AppSocketTest, WhatIsCutOffByTheEndOfTheLoopIsAReset) {
  tcp::socket reader(io_);
  {
    boost::asio::io_context loop;
    tcp::acceptor acceptor(loop, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    reader.connect(acceptor.local_endpoint());
    const auto socket = AppSocket::create(acceptor.accept());
    // More than the kernel takes, and nobody reads.
    socket->write(Bytes(size_t{16} << 20, 'x'));
    socket->close_when_written();
    test::run_ready(loop);
  }
  std::string received;
  error_code error;
  boost::asio::read(reader, boost::asio::dynamic_buffer(received), error);
  EXPECT_EQ(error, boost::asio::error::connection_reset) << error.message();
  EXPECT_LT(received.size(), size_t{16} << 20);
}

TEST_F(AppSocketTest, CloseWhenWrittenDeliversEverythingFirst) {
  socket_->set_user(&user_);
  // Input that nobody reads would make a plain close a reset, which throws our last bytes away.
  application_sends("unread");
  ASSERT_TRUE(run_until(io_, [&] { return user_.readable > 0; }));
  socket_->write(as_bytes("last words"));
  socket_->close_when_written();
  EXPECT_EQ(application_reads_all(), "last words");
  EXPECT_EQ(read_error_, boost::asio::error::eof);
  EXPECT_FALSE(socket_->is_closed());
  application_.close();
  ASSERT_TRUE(run_until(io_, [&] { return user_.closes == 1; }));
  EXPECT_TRUE(socket_->is_closed());
}

TEST_F(AppSocketTest, ResetTellsTheApplicationThatDataIsMissing) {
  socket_->set_user(&user_);
  socket_->close(true);
  application_reads_all();
  EXPECT_EQ(read_error_, boost::asio::error::connection_reset);
  EXPECT_EQ(user_.closes, 0) << "who closes is not told";
}

TEST_F(AppSocketTest, TellsOnceThatTheApplicationIsGone) {
  socket_->set_user(&user_);
  application_.set_option(tcp::socket::linger(true, 0));
  application_.close();
  ASSERT_TRUE(run_until(io_, [&] { return user_.closes == 1; }));
  socket_->write(as_bytes("into the void"));
  socket_->close(false);
  test::run_ready(io_);
  EXPECT_EQ(user_.closes, 1);
  EXPECT_NE(user_.reason, "");
}

TEST_F(AppSocketTest, DropsItsTicketWhenClosed) {
  socket_->set_user(&user_);
  EXPECT_EQ(ticket_.use_count(), 2);
  socket_->close(false);
  EXPECT_EQ(ticket_.use_count(), 1);
}

}  // namespace
}  // namespace onion_proxy
