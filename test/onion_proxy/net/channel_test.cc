#include "examples/onion_proxy/net/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "examples/onion_proxy/net/channel_pool.h"
#include "test/onion_proxy/support/event_loop.h"
#include "test/onion_proxy/support/fake_link_server.h"

namespace onion_proxy {
namespace {

using test::FakeLinkServer;
using test::run_ready;
using test::run_until;
using ::testing::HasSubstr;

class Recorder : public CircuitUser {
 public:
  void handle_cell(LinkCell& cell, Instant) override {
    commands.push_back(cell.command);
    last_byte = cell.body[0];
    if (on_cell) on_cell();
  }
  void handle_cells_end() override { ++wakes; }
  void handle_channel_writable() override {
    ++writable;
    if (on_writable) on_writable();
  }
  void handle_channel_closed(const std::string& why) override {
    ++closes;
    reason = why;
  }

  std::vector<LinkCommand> commands;
  uint8_t last_byte = 0;
  int wakes = 0;
  int writable = 0;
  int closes = 0;
  std::string reason;
  std::function<void()> on_cell;
  std::function<void()> on_writable;
};

class ChannelTest : public testing::Test {
 protected:
  std::shared_ptr<Channel> make(const RelayInfo& relay) {
    channel_ = Channel::create({io_, tls_, options_}, relay);
    channel_->open([this](const Status& status) {
      ++answers_;
      outcome_ = status.ok() ? "open" : status.error();
    });
    return channel_;
  }
  void open() {
    make(server_.info());
    ASSERT_TRUE(run_until(io_, [&] { return answers_ == 1; }));
    ASSERT_EQ(outcome_, "open");
  }
  std::string failure_with(const RelayInfo& relay) {
    make(relay);
    EXPECT_TRUE(run_until(io_, [&] { return answers_ == 1; }));
    EXPECT_TRUE(channel_->is_closed());
    return outcome_;
  }
  // The relay stops reading, and cells of a circuit fill the kernel's buffers and ours: how many.
  size_t fill(uint32_t circuit_id) {
    server_.stop_reading();
    run_ready(io_);
    size_t sent = 0;
    while (!channel_->blocked() && sent < 200'000) {
      channel_->send_cell(circuit_id, LinkCommand::kRelay, body_of(sent));
      if (++sent % 16 == 0) run_ready(io_);
    }
    EXPECT_TRUE(channel_->blocked());
    return sent;
  }
  static Bytes body_of(size_t number) {
    return Bytes(kCellPayloadSize, static_cast<uint8_t>(number));
  }
  // Cells of the handshake not counted: NETINFO and PADDING_NEGOTIATE.
  size_t circuit_cells() const {
    return server_.cells().size() < 2 ? 0 : server_.cells().size() - 2;
  }

  boost::asio::io_context io_;
  TlsContext tls_;
  ChannelOptions options_;
  FakeLinkServer server_{io_};
  std::shared_ptr<Channel> channel_;
  int answers_ = 0;
  std::string outcome_;
};

TEST_F(ChannelTest, OpensToTheRelayThatTheDirectoryNames) {
  open();
  EXPECT_TRUE(channel_->is_open());
  ASSERT_TRUE(run_until(io_, [&] { return server_.cells().size() == 2; }));
  EXPECT_EQ(server_.cells()[0].command, LinkCommand::kNetinfo);
  EXPECT_EQ(server_.cells()[1].command, LinkCommand::kPaddingNegotiate);
}

TEST_F(ChannelTest, RefusesARelayOfAnotherIdentityAndSendsItNothing) {
  RelayInfo info = server_.info();
  info.ed_id[5] ^= 1;
  EXPECT_THAT(failure_with(info), HasSubstr("another Ed25519 identity"));
  ASSERT_TRUE(run_until(io_, [&] { return server_.client_closed(); }));
  EXPECT_TRUE(server_.cells().empty());
}

TEST_F(ChannelTest, RefusesCertificatesMadeForAnotherTlsConnection) {
  // What a man in the middle could replay.
  auto certificates = server_.identity().all();
  certificates[2].body =
      test::ed_certificate({.type = 5,
                            .expires = test::FakeLinkIdentity::far_future(),
                            .key_type = 3,
                            .certified_key = sha256(as_bytes("the real relay's certificate"))},
                           server_.identity().signing());
  server_.send_certs(certificates);
  EXPECT_THAT(failure_with(server_.info()), HasSubstr("made for another TLS certificate"));
}

TEST_F(ChannelTest, GivesUpOnASilentRelay) {
  server_.stay_silent();
  options_.open_timeout = std::chrono::milliseconds(1);
  EXPECT_EQ(failure_with(server_.info()), "the relay did not answer in time");
}

TEST_F(ChannelTest, SaysWhenNobodyListens) {
  RelayInfo info = server_.info();
  info.or_port = 1;
  EXPECT_THAT(failure_with(info), HasSubstr("cannot connect"));
}

TEST_F(ChannelTest, AttachesCircuitsOnlyWhileOpenWithTheInitiatorsBit) {
  make(server_.info());
  Recorder user;
  EXPECT_EQ(channel_->attach(user).error(), "the channel is not open");
  ASSERT_TRUE(run_until(io_, [&] { return answers_ == 1; }));
  const auto first = channel_->attach(user);
  const auto second = channel_->attach(user);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first.value(), second.value());
  EXPECT_NE(first.value() & 0x80000000, 0U);
  EXPECT_NE(second.value() & 0x80000000, 0U);
}

TEST_F(ChannelTest, SendsAllCellsOfATurnInOrder) {
  open();
  Recorder user;
  const uint32_t id = channel_->attach(user).value();
  ASSERT_TRUE(run_until(io_, [&] { return channel_->queued_cells() == 0; }));
  for (uint8_t i = 0; i < 100; ++i) channel_->send_cell(id, LinkCommand::kRelay, Bytes{i});
  EXPECT_EQ(channel_->queued_cells(), 100U);
  ASSERT_TRUE(run_until(io_, [&] { return circuit_cells() == 100; }));
  for (uint8_t i = 0; i < 100; ++i) {
    EXPECT_EQ(server_.cells()[i + 2U].circuit_id, id);
    EXPECT_EQ(server_.cells()[i + 2U].body[0], i);
  }
  EXPECT_EQ(channel_->queued_cells(), 0U);
}

TEST_F(ChannelTest, DeliversCellsToTheirCircuitsAndEndsEachWakeOnce) {
  open();
  Recorder first, second;
  const uint32_t a = channel_->attach(first).value();
  const uint32_t b = channel_->attach(second).value();
  Bytes burst;
  for (uint8_t i = 0; i < 5; ++i) append_fixed_cell(burst, a, LinkCommand::kRelay, Bytes{i});
  append_fixed_cell(burst, b, LinkCommand::kDestroy, Bytes{11});
  server_.send_raw(burst);
  ASSERT_TRUE(run_until(io_, [&] { return second.wakes == 1; }));
  EXPECT_EQ(first.commands.size(), 5U);
  EXPECT_EQ(first.last_byte, 4);
  EXPECT_EQ(first.wakes, 1) << "one TLS record, one wake";
  EXPECT_EQ(second.commands, std::vector<LinkCommand>{LinkCommand::kDestroy});
}

TEST_F(ChannelTest, ACircuitMayLeaveWhileItsCellsAreDelivered) {
  open();
  Recorder user;
  const uint32_t id = channel_->attach(user).value();
  user.on_cell = [&] { channel_->detach(id); };
  Bytes burst;
  for (uint8_t i = 0; i < 3; ++i) append_fixed_cell(burst, id, LinkCommand::kRelay, Bytes{i});
  server_.send_raw(burst);
  ASSERT_TRUE(run_until(io_, [&] { return !user.commands.empty(); }));
  run_ready(io_);
  EXPECT_EQ(user.commands.size(), 1U);
  EXPECT_EQ(user.wakes, 0);
  EXPECT_TRUE(channel_->is_open());
}

TEST_F(ChannelTest, AUserMayCloseTheChannelWhileCellsAreDelivered) {
  open();
  Recorder user;
  const uint32_t id = channel_->attach(user).value();
  user.on_cell = [&] { channel_->close("enough"); };
  Bytes burst;
  for (uint8_t i = 0; i < 3; ++i) append_fixed_cell(burst, id, LinkCommand::kRelay, Bytes{i});
  server_.send_raw(burst);
  ASSERT_TRUE(run_until(io_, [&] { return user.closes == 1; }));
  EXPECT_EQ(user.commands.size(), 1U);
  EXPECT_EQ(user.reason, "enough");
}

TEST_F(ChannelTest, IgnoresPaddingUnknownCommandsAndStrangeCircuits) {
  open();
  Recorder user;
  const uint32_t id = channel_->attach(user).value();
  Bytes burst;
  append_fixed_cell(burst, 0, LinkCommand::kPadding, {});
  append_fixed_cell(burst, id, static_cast<LinkCommand>(77), {});
  append_variable_cell(burst, {CircuitIdWidth::kFour, 0, LinkCommand::kVpadding, Bytes(300)});
  append_variable_cell(burst, {CircuitIdWidth::kFour, 0, static_cast<LinkCommand>(200), {}});
  append_fixed_cell(burst, id ^ 1, LinkCommand::kRelay, {});
  append_fixed_cell(burst, id, LinkCommand::kRelay, Bytes{42});
  server_.send_raw(burst);
  ASSERT_TRUE(run_until(io_, [&] { return user.wakes == 1; }));
  EXPECT_EQ(user.commands, std::vector<LinkCommand>{LinkCommand::kRelay});
  EXPECT_EQ(user.last_byte, 42);
}

TEST_F(ChannelTest, ClosesOnARelayThatWantsToBuildThroughUs) {
  open();
  Recorder user;
  ASSERT_TRUE(channel_->attach(user).ok());
  server_.send(5, LinkCommand::kCreate2, {});
  ASSERT_TRUE(run_until(io_, [&] { return user.closes == 1; }));
  EXPECT_EQ(user.reason, "the relay sent CREATE2 on an open link");
}

TEST_F(ChannelTest, EveryCircuitHearsOnceThatTheRelayIsGone) {
  open();
  Recorder first, second, left;
  ASSERT_TRUE(channel_->attach(first).ok());
  ASSERT_TRUE(channel_->attach(second).ok());
  channel_->detach(channel_->attach(left).value());
  server_.disconnect();
  ASSERT_TRUE(run_until(io_, [&] { return first.closes + second.closes == 2; }));
  EXPECT_THAT(first.reason, HasSubstr("the relay closed the connection"));
  channel_->close("again");
  run_ready(io_);
  EXPECT_EQ(first.closes, 1);
  EXPECT_EQ(second.closes, 1);
  EXPECT_EQ(left.closes, 0);
}

TEST_F(ChannelTest, BlocksAboveTheHighMarkAndTellsWhenItHasDrained) {
  open();
  Recorder user;
  const size_t sent = fill(channel_->attach(user).value());
  EXPECT_GE(channel_->queued_cells(), options_.high_water_cells);
  EXPECT_EQ(user.writable, 0);

  server_.resume_reading();
  ASSERT_TRUE(run_until(io_, [&] { return user.writable == 1; }));
  EXPECT_FALSE(channel_->blocked());
  EXPECT_LE(channel_->queued_cells(), options_.low_water_cells);
  ASSERT_TRUE(run_until(io_, [&] { return circuit_cells() == sent; }));
}

TEST_F(ChannelTest, CircuitsThatFillTheQueueEachTimeTakeTurns) {
  open();
  Recorder first, second;
  for (Recorder* user : {&first, &second}) {
    const uint32_t id = channel_->attach(*user).value();
    user->on_writable = [this, id] {
      while (!channel_->blocked()) channel_->send_cell(id, LinkCommand::kRelay, {});
    };
  }
  first.on_writable();
  ASSERT_TRUE(run_until(io_, [&] { return first.writable + second.writable >= 6; }));
  EXPECT_EQ(first.writable, second.writable);
}

TEST_F(ChannelTest, CircuitsMayLeaveWhileTheyAreToldOfRoom) {
  open();
  Recorder first, second, third;
  std::vector<uint32_t> ids;
  for (Recorder* user : {&first, &second, &third}) {
    ids.push_back(channel_->attach(*user).value());
    user->on_writable = [&] {
      for (const uint32_t id : ids) channel_->detach(id);
    };
  }
  fill(ids.front());
  server_.resume_reading();
  ASSERT_TRUE(run_until(io_, [&] { return channel_->queued_cells() == 0; }));
  EXPECT_EQ(first.writable + second.writable + third.writable, 1);
}

// Attack: the answers grow the buffer of TLS until it moves, while the kernel has yet to read from
// where it was.
TEST_F(ChannelTest, AWriteThatWaitsStaysWholeWhileTlsAnswersTheRelay) {
  constexpr size_t kAnswers = 2000;
  open();
  Recorder user;
  const uint32_t id = channel_->attach(user).value();
  const size_t sent = fill(id);
  // when the relay, which reads nothing, asks for new keys again and again
  server_.ask_for_new_keys();
  for (size_t i = 0; i < kAnswers; ++i) {
    server_.send(id, LinkCommand::kRelay, {});
    run_ready(io_);
  }
  ASSERT_TRUE(run_until(io_, [&] { return user.commands.size() == kAnswers; }));
  // then it reads every cell as it was
  server_.resume_reading();
  ASSERT_TRUE(run_until(io_, [&] { return circuit_cells() == sent || server_.client_closed(); }));
  ASSERT_EQ(circuit_cells(), sent);
  for (size_t i = 0; i < sent; ++i) ASSERT_EQ(server_.cells()[i + 2].body, body_of(i)) << i;
}

TEST_F(ChannelTest, ARelayThatDoesNotReadIsDroppedOnceTooMuchWaits) {
  open();
  Recorder user;
  const uint32_t id = channel_->attach(user).value();
  fill(id);
  while (channel_->queued_cells() * kFixedCellSize <= options_.unsent_max) {
    EXPECT_EQ(channel_->add_cell(id, LinkCommand::kRelay).size(), kCellPayloadSize);
  }
  EXPECT_EQ(user.closes, 0) << "never from inside a call";
  ASSERT_TRUE(run_until(io_, [&] { return user.closes == 1; }));
  EXPECT_EQ(user.reason, "the relay does not read");
  EXPECT_TRUE(channel_->is_closed());
}

TEST_F(ChannelTest, WhatTlsAnswersARelayThatDoesNotReadIsBoundedToo) {
  options_.unsent_max = 2 * options_.high_water_cells * kFixedCellSize;
  open();
  Recorder user;
  const uint32_t id = channel_->attach(user).value();
  fill(id);
  ASSERT_EQ(user.closes, 0);
  server_.ask_for_new_keys();
  for (size_t i = 0; i < 4000 && user.closes == 0; ++i) {
    server_.send(id, LinkCommand::kRelay, {});
    run_ready(io_);
  }
  EXPECT_EQ(user.closes, 1);
  EXPECT_EQ(user.reason, "the relay does not read");
}

TEST_F(ChannelTest, CloseFlushesWhatIsQueued) {
  open();
  Recorder user;
  const uint32_t id = channel_->attach(user).value();
  channel_->send_cell(id, LinkCommand::kDestroy, Bytes{9});
  channel_->close("done");
  EXPECT_EQ(user.closes, 0) << "never from inside a call";
  channel_->send_cell(id, LinkCommand::kRelay, {});
  ASSERT_TRUE(run_until(io_, [&] { return server_.client_closed(); }));
  ASSERT_EQ(circuit_cells(), 1U);
  EXPECT_EQ(server_.cells().back().command, LinkCommand::kDestroy);
  EXPECT_EQ(user.closes, 1);
  EXPECT_TRUE(channel_->is_closed());
}

class ChannelPoolTest : public testing::Test {
 protected:
  ChannelPool::GetCallback keep() {
    return
        [this](Result<std::shared_ptr<Channel>> result) { results_.push_back(std::move(result)); };
  }

  boost::asio::io_context io_;
  FakeLinkServer server_{io_};
  ChannelPool pool_{io_, {}};
  std::vector<Result<std::shared_ptr<Channel>>> results_;
};

TEST_F(ChannelPoolTest, CircuitsThroughOneRelayShareAConnection) {
  pool_.get(server_.info(), keep());
  pool_.get(server_.info(), keep());
  EXPECT_TRUE(results_.empty()) << "never from inside the call";
  ASSERT_TRUE(run_until(io_, [&] { return results_.size() == 2; }));
  pool_.get(server_.info(), keep());
  ASSERT_TRUE(run_until(io_, [&] { return results_.size() == 3; }));
  ASSERT_TRUE(results_[0].ok() && results_[2].ok());
  EXPECT_EQ(results_[0].value(), results_[1].value());
  EXPECT_EQ(results_[0].value(), results_[2].value());
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(ChannelPoolTest, ClaimsToAnotherIdentityDoNotShare) {
  RelayInfo other = server_.info();
  other.ed_id[0] ^= 1;
  pool_.get(server_.info(), keep());
  ASSERT_TRUE(run_until(io_, [&] { return results_.size() == 1; }));
  pool_.get(other, keep());
  ASSERT_TRUE(run_until(io_, [&] { return results_.size() == 2; }));
  EXPECT_TRUE(results_[0].ok());
  EXPECT_FALSE(results_[1].ok());
  EXPECT_EQ(pool_.size(), 1U);
}

TEST_F(ChannelPoolTest, ConnectsAnewAfterAChannelHasClosed) {
  pool_.get(server_.info(), keep());
  ASSERT_TRUE(run_until(io_, [&] { return results_.size() == 1; }));
  server_.disconnect();
  const auto first = results_[0].value();
  ASSERT_TRUE(run_until(io_, [&] { return first->is_closed(); }));
  pool_.get(server_.info(), keep());
  ASSERT_TRUE(run_until(io_, [&] { return results_.size() == 2; }));
  ASSERT_TRUE(results_[1].ok());
  EXPECT_NE(results_[1].value(), first);
  EXPECT_GT(pool_.bytes_read(), results_[1].value()->bytes_read());
}

TEST_F(ChannelPoolTest, EveryoneWhoWaitsHearsOfAFailure) {
  RelayInfo nobody = server_.info();
  nobody.or_port = 1;
  pool_.get(nobody, keep());
  pool_.get(nobody, keep());
  ASSERT_TRUE(run_until(io_, [&] { return results_.size() == 2; }));
  EXPECT_FALSE(results_[0].ok());
  EXPECT_FALSE(results_[1].ok());
  EXPECT_EQ(pool_.size(), 0U);
}

TEST_F(ChannelPoolTest, ClosingBeforeTheLinkStandsAnswersThoseWhoWait) {
  pool_.get(server_.info(), keep());
  pool_.close_all("shutting down");
  pool_.get(server_.info(), keep());
  ASSERT_TRUE(run_until(io_, [&] { return results_.size() == 2; }));
  EXPECT_EQ(results_[0].error(), "shutting down");
}

}  // namespace
}  // namespace onion_proxy
