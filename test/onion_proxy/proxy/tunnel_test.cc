#include "examples/onion_proxy/proxy/tunnel.h"

#include <gmock/gmock.h>

#include <boost/asio/steady_timer.hpp>

#include "examples/onion_proxy/base/clock.h"
#include "test/onion_proxy/support/tunnel_fixture.h"

namespace onion_proxy {
namespace {

using test::FakeApplication;
using test::FakeLeg;
using test::kLoopback;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kSocksOk("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10);

Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

// Wakes the loop again and again, so that what a test does at a time of its own happens then.
class Heartbeat {
 public:
  explicit Heartbeat(boost::asio::io_context& io) : timer_(io) { beat(); }

 private:
  void beat() {
    timer_.expires_after(std::chrono::milliseconds(10));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) beat();
    });
  }

  boost::asio::steady_timer timer_;
};

// One plain circuit.
class TunnelTest : public test::TunnelFixture {
 protected:
  void start_ready() {
    start(1, std::make_unique<PlainPath>());
    ASSERT_TRUE(run([&] { return ready_; }));
  }

  // The stream id under which the exit sees the application's request.
  uint16_t open(FakeApplication& application, const std::string& host = "example.test") {
    const size_t before = leg(1).count(RelayCommand::kBegin);
    tunnel_->open_stream(application.connect_to(host, 80));
    EXPECT_TRUE(run([&] { return leg(1).count(RelayCommand::kBegin) > before; }));
    return leg(1).cells().back().stream_id;
  }

  uint16_t connect(FakeApplication& application) {
    const uint16_t id = open(application);
    exit_sends(RelayCommand::kConnected, id, kLoopback);
    EXPECT_TRUE(run([&] { return application.received() == kSocksOk; }));
    return id;
  }

  void exit_sends(RelayCommand command, uint16_t id, const Bytes& body = {}) {
    leg(1).send({command, id}, body);
  }

  size_t bytes_at_exit() {
    size_t bytes = 0;
    for (const auto& cell : leg(1).cells()) {
      if (cell.command == RelayCommand::kData) bytes += cell.body.size();
    }
    return bytes;
  }

  // The tunnel closes for this reason, and says so in the log.
  void expect_closes(std::string_view reason) {
    ASSERT_TRUE(run([&] { return closed_; }));
    EXPECT_THAT(tunnel_->close_reason(), HasSubstr(std::string(reason)));
    EXPECT_THAT(lines_, testing::Contains(HasSubstr(std::string(reason))));
    EXPECT_TRUE(run([&] { return leg(1).is_destroyed(); }));
  }

  FakeApplication application_{io_};
};

TEST_F(TunnelTest, CarriesAConnectionBothWays) {
  start_ready();
  const uint16_t id = connect(application_);
  EXPECT_EQ(leg(1).find(RelayCommand::kBegin)->body, encode_begin("example.test:80"));

  application_.send("question");
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kData) != nullptr; }));
  EXPECT_EQ(leg(1).find(RelayCommand::kData)->body, bytes_of("question"));

  exit_sends(RelayCommand::kData, id, bytes_of("answer"));
  exit_sends(RelayCommand::kEnd, id, {6});
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  EXPECT_EQ(application_.received(), std::string(kSocksOk) + "answer");
  EXPECT_FALSE(application_.was_reset());
  EXPECT_THAT(ended_, ElementsAre(""));
}

TEST_F(TunnelTest, TheApplicationsEndOfFileEndsTheStreamAfterItsData) {
  start_ready();
  connect(application_);
  application_.send(std::string(2000, 'u'));
  application_.finish_sending();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kEnd) != nullptr; }));
  EXPECT_EQ(bytes_at_exit(), 2000u);
  EXPECT_EQ(leg(1).cells().back().command, RelayCommand::kEnd);
  EXPECT_EQ(leg(1).cells().back().body, Bytes{1});
}

TEST_F(TunnelTest, ARefusedConnectionIsTheSocksReplyForItsReason) {
  start_ready();
  const uint16_t id = open(application_);
  exit_sends(RelayCommand::kEnd, id, {3});
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  ASSERT_EQ(application_.received().size(), 10u);
  EXPECT_EQ(application_.received()[1], char(SocksReply::kConnectionRefused));
  EXPECT_THAT(ended_, ElementsAre("the target refused the connection"));
}

TEST_F(TunnelTest, AnAbnormalEndResetsTheApplication) {
  start_ready();
  const uint16_t id = connect(application_);
  exit_sends(RelayCommand::kEnd, id, {12});
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  EXPECT_TRUE(application_.was_reset());
}

TEST_F(TunnelTest, ResolvesANameForTheApplication) {
  start_ready();
  tunnel_->open_stream(application_.resolve("name.test"));
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kResolve) != nullptr; }));
  const uint16_t id = leg(1).find(RelayCommand::kResolve)->stream_id;
  exit_sends(RelayCommand::kResolved, id, {4, 4, 10, 1, 2, 3, 0, 0, 0, 60});
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  EXPECT_THAT(application_.received(), HasSubstr(std::string("\x0a\x01\x02\x03")));
}

TEST_F(TunnelTest, SendsNoMoreThanTheWindowUntilASendmeComes) {
  start_ready();
  connect(application_);
  application_.send(std::string(150 * kRelayBodyMax, 'w'));
  ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kData) == 124; }));
  test::run_ready(io_);
  leg(1).pump();
  EXPECT_EQ(leg(1).count(RelayCommand::kData), 124u);
  // when the exit acknowledges the first 31
  size_t data = 0;
  for (const auto& cell : leg(1).cells()) {
    if (cell.command == RelayCommand::kData && ++data == 31) {
      exit_sends(RelayCommand::kSendme, 0, encode_sendme(cell.tag));
      break;
    }
  }
  EXPECT_TRUE(run([&] { return leg(1).count(RelayCommand::kData) > 150; }));
}

TEST_F(TunnelTest, AnUploadThatTheExitSlowsDownGoesOnToItsLastByte) {
  start_ready();
  const uint16_t id = connect(application_);
  // given a rate, which lets one second's worth go at once
  const Instant start = clock_now();
  exit_sends(RelayCommand::kXon, id, encode_xon(20));
  exit_sends(RelayCommand::kData, id, bytes_of("!"));
  ASSERT_TRUE(run([&] { return application_.received().ends_with('!'); }));
  // when all that the application will ever send has been read, and half a second's worth waits
  application_.send(std::string(30'000, 'u'));
  application_.finish_sending();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kEnd) != nullptr; }));
  EXPECT_EQ(bytes_at_exit(), 30'000u);
  EXPECT_GE(clock_now() - start, std::chrono::milliseconds(490)) << "no faster than it may";
}

TEST_F(TunnelTest, AnXoffThatNothingCausedClosesIt) {
  start_ready();
  const uint16_t id = connect(application_);
  exit_sends(RelayCommand::kXoff, id, encode_xoff());
  expect_closes("before the peer's buffer can have filled");
}

TEST_F(TunnelTest, AWrongSendmeClosesIt) {
  start_ready();
  connect(application_);
  exit_sends(RelayCommand::kSendme, 0, encode_sendme({}));
  expect_closes("never sent");
  EXPECT_TRUE(run([&] { return application_.was_reset(); }));
}

TEST_F(TunnelTest, ACellForNoStreamClosesIt) {
  start_ready();
  exit_sends(RelayCommand::kData, 4711, {1});
  expect_closes("a DATA cell for no stream");
}

TEST_F(TunnelTest, CellsForAStreamThatTheApplicationLeftAreIgnored) {
  start_ready();
  const uint16_t id = connect(application_);
  application_.leave();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kEnd) != nullptr; }));
  exit_sends(RelayCommand::kData, id, {1});
  exit_sends(RelayCommand::kEnd, id, {6});
  // then the tunnel serves another
  FakeApplication other(io_);
  connect(other);
  EXPECT_FALSE(closed_);
}

TEST_F(TunnelTest, AStreamWhoseApplicationLeftWhileItConnectedEndsAtConnected) {
  start_ready();
  const uint16_t id = open(application_);
  application_.leave();
  test::run_ready(io_);
  exit_sends(RelayCommand::kConnected, id, kLoopback);
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kEnd) != nullptr; }));
  EXPECT_EQ(leg(1).find(RelayCommand::kEnd)->stream_id, id);
  EXPECT_EQ(tunnel_->stream_count(), 0u);
}

TEST_F(TunnelTest, AnApplicationThatHalfClosesWhileItConnectsStillGetsItsReply) {
  start_ready();
  const uint16_t id = open(application_);
  application_.finish_sending();
  test::run_ready(io_);
  exit_sends(RelayCommand::kConnected, id, kLoopback);
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  EXPECT_EQ(application_.received(), kSocksOk);
  EXPECT_FALSE(application_.was_reset());
}

TEST_F(TunnelTest, AnApplicationThatResetsWhileItConnectsEndsItsStreamAtOnce) {
  start_ready();
  const uint16_t id = open(application_);
  application_.reset();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kEnd) != nullptr; }));
  EXPECT_EQ(leg(1).find(RelayCommand::kEnd)->stream_id, id);
}

TEST_F(TunnelTest, ConnectedTwiceClosesIt) {
  start_ready();
  const uint16_t id = connect(application_);
  exit_sends(RelayCommand::kConnected, id, kLoopback);
  expect_closes("unexpected CONNECTED");
}

TEST_F(TunnelTest, DataBeforeConnectedClosesIt) {
  start_ready();
  const uint16_t id = open(application_);
  exit_sends(RelayCommand::kData, id, {1});
  expect_closes("DATA before CONNECTED");
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  EXPECT_EQ(application_.received()[1], char(SocksReply::kGeneralFailure));
}

TEST_F(TunnelTest, AMultipathCellOnAPlainCircuitClosesIt) {
  start_ready();
  exit_sends(RelayCommand::kConfluxSwitch, 0, {0, 0, 0, 1});
  expect_closes("CONFLUX_SWITCH cell on a circuit without multipath");
}

TEST_F(TunnelTest, RelayEarlyTowardsTheClientClosesIt) {
  start_ready();
  leg(1).send_link_cell(LinkCommand::kRelayEarly, Bytes(kCellPayloadSize, 0));
  expect_closes("unexpected RELAY_EARLY");
}

TEST_F(TunnelTest, ADestroyedCircuitResetsItsStreams) {
  start_ready();
  connect(application_);
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return closed_ && application_.ended(); }));
  EXPECT_TRUE(application_.was_reset());
  EXPECT_THAT(tunnel_->close_reason(), HasSubstr("destroyed by a relay further on"));
  const std::vector<RelayInfo> path = leg(1).path();
  EXPECT_THAT(suspects_, ElementsAre(path[1], path[2])) << "it was not the guard";
  EXPECT_THAT(ended_, ElementsAre("the tunnel closed"));
}

TEST_F(TunnelTest, AGuardThatHangsUpEndsStreamsThatAreStillConnecting) {
  start_ready();
  open(application_);
  leg(1).disconnect();
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  EXPECT_EQ(application_.received()[1], char(SocksReply::kGeneralFailure));
  EXPECT_THAT(tunnel_->close_reason(), HasSubstr("the connection to the guard closed"));
  EXPECT_THAT(suspects_, ElementsAre(leg(1).path().front()));
}

TEST_F(TunnelTest, AStreamThatTheExitNeverAnswersTimesOut) {
  stream_options_.connect_timeout = std::chrono::milliseconds(30);
  start_ready();
  open(application_);
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  EXPECT_EQ(application_.received()[1], char(SocksReply::kTtlExpired));
  EXPECT_TRUE(run([&] { return leg(1).find(RelayCommand::kEnd) != nullptr; }));
  EXPECT_FALSE(closed_);
}

constexpr std::string_view kProbe("127.0.0.1\0", 10);

TEST_F(TunnelTest, AnExitThatFallsSilentIsAskedOnceAndThenGivenUp) {
  stall_timeout_ = std::chrono::milliseconds(100);
  start_ready();
  connect(application_);
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  EXPECT_TRUE(application_.was_reset()) << "cut off is not the end of the data";
  EXPECT_EQ(tunnel_->close_reason(), "the exit does not answer");
  ASSERT_TRUE(run([&] { return leg(1).is_destroyed(); }));
  ASSERT_EQ(leg(1).count(RelayCommand::kResolve), 1u);
  EXPECT_EQ(leg(1).find(RelayCommand::kResolve)->body, bytes_of(kProbe));
  const std::vector<RelayInfo> path = leg(1).path();
  EXPECT_THAT(suspects_, ElementsAre(path[1], path[2]));
}

TEST_F(TunnelTest, AnExitThatAnswersKeepsAQuietStreamOpen) {
  stall_timeout_ = std::chrono::milliseconds(100);
  start_ready();
  const uint16_t id = connect(application_);
  size_t answered = 0;
  ASSERT_TRUE(run([&] {
    if (leg(1).count(RelayCommand::kResolve) > answered) {
      ++answered;
      exit_sends(RelayCommand::kResolved, leg(1).cells().back().stream_id,
                 {4, 4, 127, 0, 0, 1, 0, 0, 0, 60});
    }
    return answered == 5;  // more than twice the timeout
  }));
  exit_sends(RelayCommand::kData, id, bytes_of("late"));
  ASSERT_TRUE(run([&] { return application_.received().ends_with("late"); }));
  EXPECT_FALSE(closed_);
}

TEST_F(TunnelTest, AnAnswerToAProbeMayComeLate) {
  stall_timeout_ = std::chrono::milliseconds(200);
  start_ready();
  const uint16_t id = connect(application_);
  ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kResolve) == 1; }));
  const uint16_t probe = leg(1).find(RelayCommand::kResolve)->stream_id;
  // Whatever else comes keeps the tunnel, for longer than a probe is waited for.
  const Heartbeat heartbeat(io_);
  const Instant end = clock_now() + 2 * stall_timeout_;
  Instant next = clock_now();
  ASSERT_TRUE(run([&] {
    if (clock_now() < next) return closed_;
    next = clock_now() + std::chrono::milliseconds(20);
    exit_sends(RelayCommand::kData, id, bytes_of("."));
    return clock_now() > end || closed_;
  }));
  exit_sends(RelayCommand::kResolved, probe, {4, 4, 127, 0, 0, 1, 0, 0, 0, 60});
  exit_sends(RelayCommand::kData, id, bytes_of("!"));
  ASSERT_TRUE(run([&] { return application_.received().ends_with("!") || closed_; }));
  EXPECT_FALSE(closed_) << tunnel_->close_reason();
}

TEST_F(TunnelTest, ASlowUploadThatTheExitAcknowledgesIsNoSilence) {
  stall_timeout_ = std::chrono::milliseconds(1000);
  start_ready();
  connect(application_);
  application_.send(std::string(400 * kRelayBodyMax, 'u'));
  // The probe waits behind what stands before a slow relay: acknowledgements come, but no answer.
  const Heartbeat heartbeat(io_);
  size_t acknowledged = 0;
  Instant next = clock_now();
  ASSERT_TRUE(run([&] {
    const bool due = clock_now() >= next && leg(1).count(RelayCommand::kData) >= acknowledged + 31;
    if (!due) return closed_;
    next = clock_now() + std::chrono::milliseconds(300);
    acknowledged += 31;
    size_t data = 0;
    for (const auto& cell : leg(1).cells()) {
      if (cell.command == RelayCommand::kData && ++data == acknowledged) {
        exit_sends(RelayCommand::kSendme, 0, encode_sendme(cell.tag));
        break;
      }
    }
    return acknowledged == 10 * 31 || closed_;
  }));
  EXPECT_FALSE(closed_) << tunnel_->close_reason();
  EXPECT_EQ(leg(1).count(RelayCommand::kResolve), 1U) << "asked once";
  // Once nothing is acknowledged any more it is silence.
  EXPECT_TRUE(run([&] { return closed_; }));
  EXPECT_EQ(tunnel_->close_reason(), "the exit does not answer");
}

TEST_F(TunnelTest, AConnectionOnWhichNothingComesGetsNoFurtherCircuit) {
  build_timeout_ = std::chrono::milliseconds(1000);
  start(1, std::make_unique<PlainPath>());
  leg(1).stop_building();
  ASSERT_TRUE(run([&] { return closed_; }));
  bool connected = false;
  channels_.get(leg(1).path()[0],
                [&](const Result<std::shared_ptr<Channel>>& channel) { connected = channel.ok(); });
  ASSERT_TRUE(run([&] { return connected; }));
  EXPECT_EQ(leg(1).connections(), 2U);
}

TEST_F(TunnelTest, ACircuitThatIsNotBuiltInTimeFails) {
  build_timeout_ = std::chrono::milliseconds(300);
  start(1, std::make_unique<PlainPath>());
  leg(1).stop_building();
  ASSERT_TRUE(run([&] { return closed_; }));
  EXPECT_FALSE(tunnel_->was_ready());
  EXPECT_EQ(tunnel_->close_reason(), "no circuit could be built");
}

TEST_F(TunnelTest, ServesManyStreamsInTurn) {
  start_ready();
  FakeApplication second(io_);
  const uint16_t first_id = connect(application_);
  const uint16_t second_id = connect(second);
  application_.send(std::string(40 * kRelayBodyMax, '1'));
  second.send(std::string(40 * kRelayBodyMax, '2'));
  ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kData) >= 80; }));
  // then neither waited for the other's last cell
  size_t first_last = 0;
  size_t second_first = 0;
  for (size_t i = leg(1).cells().size(); i-- > 0;) {
    const auto& cell = leg(1).cells()[i];
    if (cell.command != RelayCommand::kData) continue;
    if (cell.stream_id == first_id) first_last = std::max(first_last, i);
    if (cell.stream_id == second_id) second_first = i;
  }
  EXPECT_LT(second_first, first_last);
}

TEST_F(TunnelTest, AnApplicationThatDoesNotReadPausesTheExitUntilItReadsAgain) {
  start_ready();
  const uint16_t id = connect(application_);
  application_.stop_reading();
  const Bytes full(kRelayBodyMax, 'd');
  constexpr size_t kAhead = 20 * kRelayBodyMax;
  size_t sent = 0;
  ASSERT_TRUE(run([&] {
    // No faster than the proxy takes it, so that what piles up does so there.
    if (sent * kRelayBodyMax <= tunnel_->bytes_down() + kAhead) {
      exit_sends(RelayCommand::kData, id, full);
      ++sent;
    }
    return leg(1).find(RelayCommand::kXoff) != nullptr;
  }));
  ASSERT_NE(leg(1).find(RelayCommand::kXoff), nullptr);
  EXPECT_EQ(leg(1).find(RelayCommand::kXoff)->stream_id, id);
  EXPECT_EQ(leg(1).find(RelayCommand::kXoff)->body, Bytes{0});
  EXPECT_EQ(leg(1).find(RelayCommand::kXon), nullptr);
  application_.resume_reading();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kXon) != nullptr; }));
  EXPECT_EQ(leg(1).count(RelayCommand::kXoff), 1u);
}

}  // namespace
}  // namespace onion_proxy
