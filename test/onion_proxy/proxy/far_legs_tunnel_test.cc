// A leg that answers much later than the one that serves, and a plugin that would take both.
#include "test/onion_proxy/support/two_legs.h"

namespace onion_proxy {
namespace {

using ::testing::ElementsAre;

class FarLegTest : public test::TwoLegs {
 protected:
  FarLegTest() {
    replacements_max_ = 1;
    far_legs_ = kAnyIsFar;
  }

  // Whatever this machine is busy with, the second leg that is built is far, or is not.
  static constexpr FarLegPolicy kAnyIsFar{
      .for_bulk = true, .percent = 0, .margin = -std::chrono::hours(1)};
  static constexpr FarLegPolicy kNoneIsFar{
      .for_bulk = true, .percent = 0, .margin = std::chrono::hours(1)};

  // Twice as much is more than building leg 2 takes, however busy the machine.
  static constexpr std::chrono::seconds kLongRoundTrip{1};

  // Leg 1 serves before leg 2 is built.
  void serve_on_leg_1() {
    leg(2).pause();
    link(1);
    ASSERT_TRUE(run([&] { return ready_; }));
    leg(2).resume();
    ASSERT_TRUE(run([&] { return state_of(2) != "building"; }));
    stream_ = connect(application_);
    ASSERT_EQ(carrier_, 1u);
  }

  // As the test wants it now.
  void restart() {
    tunnel_.reset();
    legs_.clear();
    start(2, std::make_unique<PluginPaths>(plugin_->instance()));
  }

  // Leg 2 is not built yet. LINK is out on leg 1, whose round trip was long: it has time to answer.
  void build_leg_1_slowly() {
    leg(1).hold_extend();
    leg(2).pause();
    ASSERT_TRUE(run([&] { return leg(1).is_asked_to_extend(); }));
    bool over = false;
    Timer timer(io_);
    timer.run_after(kLongRoundTrip, [&over] { over = true; });
    ASSERT_TRUE(run([&] { return over; }));
    leg(1).answer_extend();
    ASSERT_TRUE(run([&] { return has_link(1); }));
  }

  // Leg 2, which is far, gives it that time.
  void wait_for_link_of_leg_1() {
    build_leg_1_slowly();
    leg(2).resume();
    ASSERT_TRUE(run([&] { return state_of(2) == "waiting"; }));
    EXPECT_FALSE(has_link(2));
  }

  std::string state_of(size_t number) { return tunnel_->stats().legs[number - 1].state; }
  bool has_link(size_t number) { return leg(number).find(RelayCommand::kConfluxLink) != nullptr; }

  // The exit sends so much on leg 1, and the application has read it.
  void receive(size_t bytes) {
    const size_t before = application_.received().size();
    for (size_t sent = 0; sent < bytes;) {
      const Bytes body(std::min<size_t>(bytes - sent, 498), 'd');
      leg(1).send({RelayCommand::kData, stream_}, body);
      sent += body.size();
    }
    ASSERT_TRUE(run([&] { return application_.received().size() == before + bytes; }));
  }

  uint16_t stream_ = 0;
};

TEST_F(FarLegTest, WaitsWhileStreamsAreShortAndJoinsForALongOne) {
  // Given a tunnel that serves over one leg, and another that is far,
  serve_on_leg_1();
  EXPECT_EQ(state_of(2), "waiting");
  // when a stream has moved less than bulk does,
  receive(BulkWatch::kStreamBytes - 1);
  // then that leg waits,
  EXPECT_EQ(state_of(2), "waiting");
  EXPECT_FALSE(has_link(2));
  // and with more it joins the set, and is as good as any.
  receive(2 * BulkWatch::kStreamBytes);
  link(2);
  EXPECT_EQ(state_of(2), "linked");
  EXPECT_EQ(leg(2).find(RelayCommand::kConfluxLink)->body,
            leg(1).find(RelayCommand::kConfluxLink)->body);
}

TEST_F(FarLegTest, JoinsAtOnceIfItIsNotFarAfterAll) {
  far_legs_ = kNoneIsFar;
  restart();
  serve_on_leg_1();
  link(2);
  EXPECT_EQ(state_of(2), "linked");
}

TEST_F(FarLegTest, GivesTheNearLegTheTimeOfItsLink) {
  wait_for_link_of_leg_1();
  // It waits still once that one is linked.
  link(1);
  ASSERT_TRUE(run([&] { return ready_; }));
  EXPECT_EQ(state_of(2), "waiting");
}

TEST_F(FarLegTest, JoinsIfTheNearLegIsNotLinkedInTime) {
  wait_for_link_of_leg_1();
  link(2);
  EXPECT_TRUE(run([&] { return ready_; }));
  EXPECT_EQ(state_of(1), "linking");
}

TEST_F(FarLegTest, BeginsTheSetIfTheNearLegIsLostBeforeItIsLinked) {
  wait_for_link_of_leg_1();
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{0});
  ASSERT_TRUE(run([&] { return state_of(1) == "closed"; }));
  EXPECT_EQ(state_of(2), "linking");
  link(2);
  EXPECT_TRUE(run([&] { return ready_; }));
}

TEST_F(FarLegTest, WhoseGuardIsLostBlamesNobodyElse) {
  serve_on_leg_1();
  leg(2).disconnect();
  ASSERT_TRUE(run([&] { return state_of(2) == "closed"; }));
  EXPECT_THAT(suspects_, ElementsAre(leg(2).path()[0]));
  EXPECT_FALSE(closed_);
}

TEST_F(FarLegTest, IsReplacedIfItIsLostWhileItWaitsAndTheTunnelGoesOn) {
  serve_on_leg_1();
  replacement_ = ChosenPath{.hops = leg(2).path(), .nicknames = {"g", "m", "e"}};
  // When a relay destroys the circuit that waits,
  leg(2).send_link_cell(LinkCommand::kDestroy, Bytes{0});
  // then one in its place waits,
  ASSERT_TRUE(run([&] { return closed_ || tunnel_->stats().legs.size() == 3; }));
  ASSERT_FALSE(closed_) << tunnel_->close_reason();
  EXPECT_EQ(state_of(2), "closed");
  ASSERT_TRUE(run([&] { return state_of(3) == "waiting"; }));
  // the exit, which serves, is not avoided for it,
  EXPECT_THAT(suspects_, ElementsAre(leg(2).path()[1]));
  // and the stream does not notice.
  receive(1000);
  EXPECT_FALSE(application_.was_reset());
}

TEST_F(FarLegTest, ThatNothingReplacesIsMissedByNobody) {
  replacements_max_ = 0;
  restart();
  serve_on_leg_1();
  leg(2).send_link_cell(LinkCommand::kDestroy, Bytes{0});
  ASSERT_TRUE(run([&] { return state_of(2) == "closed"; }));
  EXPECT_EQ(replacements_asked_, 0u);
  receive(2 * BulkWatch::kStreamBytes);
  EXPECT_FALSE(closed_);
}

TEST_F(FarLegTest, ACellOfTheExitOnACircuitThatWaitsClosesTheTunnel) {
  serve_on_leg_1();
  ASSERT_EQ(state_of(2), "waiting");
  leg(2).send({RelayCommand::kData, stream_}, {'x'});
  ASSERT_TRUE(run([&] { return closed_; }));
  EXPECT_EQ(tunnel_->close_reason(), "leg 2: a DATA cell before LINK");
  EXPECT_THAT(ended_, ElementsAre("the tunnel closed"));
}

// A plugin that takes one leg at a time, for whatever reason.
class FarLegTooMany : public FarLegTest {
 protected:
  FarLegTooMany() { conflux_lines_ = "  legs: {count: 1, max: 1}\n"; }
};

TEST_F(FarLegTooMany, CostsTheTransferNothingIfItCannotBeJoined) {
  serve_on_leg_1();
  receive(2 * BulkWatch::kStreamBytes);
  ASSERT_TRUE(run([&] { return state_of(2) == "closed"; }));
  EXPECT_TRUE(run([&] { return leg(2).is_destroyed(); }));
  EXPECT_FALSE(has_link(2));
  receive(1000);
  EXPECT_FALSE(closed_) << tunnel_->close_reason();
}

}  // namespace
}  // namespace onion_proxy
