#include "examples/onion_proxy/proxy/tunnel_manager.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "test/onion_proxy/support/tunnel_manager_fixture.h"

namespace onion_proxy {
namespace {

using test::FakeApplication;
using test::FakeLeg;
using test::kSocksReplySize;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using TunnelManagerTest = test::TunnelManagerFixture;

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

TEST_F(TunnelManagerTest, ATunnelThatIsBuiltForAStreamThatWaitsIsNotUnused) {
  options_.idle_timeout = std::chrono::milliseconds(10);
  arrive(application_);
  leg(1).stop_building();
  const Instant two_looks = clock_now() + std::chrono::milliseconds(2200);
  ASSERT_TRUE(run([&] { return clock_now() > two_looks; }));
  EXPECT_EQ(leg(1).circuits(), 1U);
  EXPECT_FALSE(application_.ended());
  EXPECT_THAT(lines_, testing::Not(Contains(HasSubstr("unused"))));
}

// Two exits behind one guard and middle: x allows port 80 only, y port 443.
class TunnelManagerPortsTest : public TunnelManagerTest {
 protected:
  TunnelManagerPortsTest() {
    exit_ports_ = "accept 80";
    other_exit_.emplace();
    other_exit_->rsa_id[0] = other_exit_->ed_id[0] = 200;
    other_exit_->or_port = 1;
    publish();
    options_.paths = {{"g1", "m1", ""}};
  }

  void arrive_for(FakeApplication& application, uint16_t port) {
    manager().handle_arrival(application.connect_to("example.test", port));
  }

  FakeApplication secure_{io_};
};

TEST_F(TunnelManagerPortsTest, AStreamForAPortThatTheExitForbidsGetsATunnelOfItsOwn) {
  connect(application_);
  arrive_for(secure_, 443);
  ASSERT_TRUE(run([&] { return leg(1).circuits() == 2; }));
  EXPECT_EQ(leg(1).count(RelayCommand::kBegin), 1U) << "x is not asked for what it forbids";
  FakeApplication again(io_);
  arrive_for(again, 80);
  ASSERT_TRUE(run([&] { return !secure_.received().empty(); })) << "y does not answer";
  EXPECT_EQ(open_tunnels(), 1U);
}

TEST_F(TunnelManagerPortsTest, SoDoesOneThatCameBeforeTheExitWasChosen) {
  arrive_for(application_, 80);
  arrive_for(secure_, 443);
  ASSERT_TRUE(run([&] { return leg(1).count(RelayCommand::kBegin) == 1; }));
  EXPECT_EQ(leg(1).find(RelayCommand::kBegin)->body, encode_begin("example.test:80"));
  EXPECT_TRUE(run([&] { return leg(1).circuits() == 2; }));
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

}  // namespace
}  // namespace onion_proxy
