// A circuit alone, without a tunnel.
#include "examples/onion_proxy/proxy/leg.h"

#include <gtest/gtest.h>

#include "examples/onion_proxy/base/clock.h"
#include "examples/onion_proxy/net/timer.h"
#include "test/onion_proxy/support/event_loop.h"
#include "test/onion_proxy/support/fake_leg.h"

namespace onion_proxy {
namespace {

using std::chrono::milliseconds;

class LegTest : public ::testing::Test, protected LegOwner {
 protected:
  ~LegTest() override {
    leg_.destroy();
    channels_.close_all("the test is over");
    test::run_ready(io_);
  }

  template <class Predicate>
  bool run(Predicate done) {
    return test::run_until(io_, [&] {
      relays_.pump();
      return done();
    });
  }

  void pass(milliseconds time) {
    bool over = false;
    Timer timer(io_);
    timer.run_after(time, [&over] { over = true; });
    ASSERT_TRUE(run([&] { return over; }));
  }

  // LegOwner
  void handle_leg_built(Leg&) override { built_at_ = clock_now(); }
  void handle_leg_lost(Leg&, const LegLoss& loss) override { FAIL() << loss.reason; }
  CellPayloadView room_for_leg_cell(CellPayloadView sealed) override { return sealed; }
  void handle_leg_cell(Leg&, const RelayCell&, Instant) override {}
  void handle_leg_violation(Leg&, const Violation& violation) override {
    FAIL() << violation.reason;
  }
  void handle_leg_wake() override {}

  boost::asio::io_context io_;
  ChannelPool channels_{io_, ChannelPool::Options{}};
  test::FakeLeg relays_{io_, 1, 99};
  LegOwner& owner_ = *this;
  Leg leg_{io_, owner_, LegOptions{.path = relays_.path()}};
  std::optional<Instant> built_at_;
};

TEST_F(LegTest, RoundTripIsFromTheRequestToTheExitToItsAnswer) {
  // Given a circuit that lacks its last hop, begun a while ago,
  relays_.pause();
  leg_.build(channels_);
  ASSERT_TRUE(run([&] { return relays_.connections() == 1; }));
  pass(milliseconds(20));
  relays_.hold_extend();
  relays_.resume();
  const Instant resumed = clock_now();
  ASSERT_TRUE(run([&] { return relays_.is_asked_to_extend(); }));
  // when the exit takes its time for the answer,
  pass(milliseconds(30));
  relays_.answer_extend();
  ASSERT_TRUE(run([&] { return leg_.is_built(); }));
  // then that is in it, and the time before is not.
  EXPECT_GE(leg_.round_trip(), milliseconds(30));
  EXPECT_LE(leg_.round_trip(), *built_at_ - resumed);
}

}  // namespace
}  // namespace onion_proxy
