#include "examples/onion_proxy/circuit/stream_flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr size_t kLimit = 500 * 488;
const Instant kStart{Micros(1'000'000)};

StreamSendFlow flow_that_sent(size_t bytes) {
  StreamSendFlow flow{StreamFlowParams{}};
  flow.note_sent(bytes);
  return flow;
}

TEST(StreamSendFlow, IsUnlimitedUntilThePeerSpeaks) {
  StreamSendFlow flow{StreamFlowParams{}};
  EXPECT_EQ(flow.allowance(kStart), SIZE_MAX);
}

TEST(StreamSendFlow, XoffStopsUntilXon) {
  StreamSendFlow flow = flow_that_sent(kLimit);
  ASSERT_TRUE(flow.handle_xoff().ok());
  EXPECT_EQ(flow.allowance(kStart + seconds(100)), 0u);
  EXPECT_EQ(flow.ready_at(1, kStart), std::nullopt);
  ASSERT_TRUE(flow.handle_xon(0, kStart).ok());
  EXPECT_EQ(flow.allowance(kStart), SIZE_MAX);
}

TEST(StreamSendFlow, XonGivesOneSecondOfBurstThenItsRate) {
  StreamSendFlow flow = flow_that_sent(kLimit);
  ASSERT_TRUE(flow.handle_xon(2000, kStart).ok());
  EXPECT_EQ(flow.allowance(kStart), 2'000'000u);
  flow.note_sent(2'000'000);
  EXPECT_EQ(flow.allowance(kStart), 0u);
  EXPECT_EQ(flow.ready_at(500'000, kStart), kStart + milliseconds(250));
  EXPECT_EQ(flow.allowance(kStart + milliseconds(250)), 500'000u);
}

TEST(StreamSendFlow, ALowerRateShrinksWhatWasSaved) {
  StreamSendFlow flow = flow_that_sent(10 * kLimit);
  ASSERT_TRUE(flow.handle_xon(2000, kStart).ok());
  ASSERT_TRUE(flow.handle_xon(1000, kStart).ok());
  EXPECT_EQ(flow.allowance(kStart), 1'000'000u);
}

TEST(StreamSendFlow, GainsAtSlowRatesHoweverOftenItIsAsked) {
  StreamSendFlow flow = flow_that_sent(kLimit);
  ASSERT_TRUE(flow.handle_xon(1, kStart).ok());
  flow.note_sent(1000);
  for (int i = 1; i <= 1000; ++i) flow.allowance(kStart + i * Micros(100));
  EXPECT_EQ(flow.allowance(kStart + milliseconds(100)), 100u);
}

TEST(StreamSendFlow, RefusesASecondXoff) {
  StreamSendFlow flow = flow_that_sent(4 * kLimit);
  ASSERT_TRUE(flow.handle_xoff().ok());
  EXPECT_THAT(flow.handle_xoff().error(), HasSubstr("second XOFF"));
}

TEST(StreamSendFlow, RefusesAnXoffThatNothingCaused) {
  StreamSendFlow flow = flow_that_sent(kLimit - 1);
  EXPECT_THAT(flow.handle_xoff().error(), HasSubstr("before the peer's buffer"));
}

TEST(StreamSendFlow, RefusesAFloodOfXons) {
  StreamSendFlow flow{StreamFlowParams{}};
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(flow.handle_xon(9, kStart).ok()) << i;
  EXPECT_THAT(flow.handle_xon(9, kStart).error(), HasSubstr("more XONs"));
}

TEST(StreamSendFlow, AcceptsXoffAndXonForEveryFilledBuffer) {
  StreamSendFlow flow{StreamFlowParams{}};
  for (int i = 0; i < 1000; ++i) {
    flow.note_sent(kLimit + 500);
    ASSERT_TRUE(flow.handle_xoff().ok()) << i;
    ASSERT_TRUE(flow.handle_xon(0, kStart).ok()) << i;
  }
}

TEST(StreamSendFlow, JudgesAnXoffByThePeersLimitWhateverOurOwnIs) {
  // Given a peer that pauses us sooner than we would pause it, and one that does so later
  StreamSendFlow sooner{{.peer_xoff_limit = 10 * 488}};
  StreamSendFlow later{{.xoff_limit = 10 * 488}};
  // when as much was sent as fills the smaller buffer
  for (StreamSendFlow* flow : {&sooner, &later}) flow->note_sent(10 * 488);
  // then only the first can have cause to say so,
  EXPECT_TRUE(sooner.handle_xoff().ok());
  EXPECT_THAT(later.handle_xoff().error(), HasSubstr("before the peer's buffer"));
  // and not twice.
  ASSERT_TRUE(sooner.handle_xon(0, kStart).ok());
  sooner.note_sent(10 * 488 - 1);
  EXPECT_FALSE(sooner.handle_xoff().ok());
  sooner.note_sent(1);
  EXPECT_TRUE(sooner.handle_xoff().ok());
}

TEST(StreamSendFlow, JudgesXonsByThePeersIntervalWhateverOurOwnIs) {
  // Given a peer that measures in each cell how fast it drains, while we wait for more
  StreamSendFlow flow{{.peer_xon_interval = 498}};
  // when it tells after each cell,
  for (int cell = 0; cell < 100; ++cell) {
    flow.note_sent(498);
    ASSERT_TRUE(flow.handle_xon(9, kStart).ok()) << cell;
  }
  // then it may, but not far more often than that.
  for (int more = 0; more < 4; ++more) ASSERT_TRUE(flow.handle_xon(9, kStart).ok()) << more;
  EXPECT_THAT(flow.handle_xon(9, kStart).error(), HasSubstr("more XONs"));
}

TEST(StreamReceiveFlow, ABurstThatDrainsWithinTheGracePeriodNeedsNoXoff) {
  StreamReceiveFlow flow{StreamFlowParams{}};
  EXPECT_FALSE(flow.note_arrival(kLimit + 1, kStart));
  EXPECT_FALSE(flow.note_arrival(kLimit + 1, kStart + milliseconds(5)));
  EXPECT_FALSE(flow.note_arrival(kLimit, kStart + milliseconds(6)));
  EXPECT_FALSE(flow.note_arrival(kLimit + 1, kStart + milliseconds(20)));
}

// Over the limit for longer than the grace period.
StreamReceiveFlow xoffed() {
  StreamReceiveFlow flow{StreamFlowParams{}};
  EXPECT_FALSE(flow.note_arrival(kLimit + 1, kStart));
  const auto action = flow.note_arrival(kLimit + 1, kStart + milliseconds(6));
  EXPECT_TRUE(action && action->xoff);
  return flow;
}

TEST(StreamReceiveFlow, SendsOneXoffUntilTheBufferIsEmptyThenOneXon) {
  StreamReceiveFlow flow = xoffed();
  EXPECT_FALSE(flow.note_arrival(2 * kLimit, kStart + milliseconds(20)));
  EXPECT_FALSE(flow.note_drained(1000, 1, kStart + milliseconds(30)));
  const auto xon = flow.note_drained(1, 0, kStart + milliseconds(40));
  ASSERT_TRUE(xon);
  EXPECT_FALSE(xon->xoff);
  EXPECT_FALSE(flow.note_drained(0, 0, kStart + milliseconds(50)));
}

TEST(StreamReceiveFlow, TheXonCarriesTheRateAtWhichTheApplicationReads) {
  StreamReceiveFlow flow = xoffed();
  // 500000 bytes in 100 ms: 5000 units of 1000 bytes per second
  EXPECT_FALSE(flow.note_drained(0, 500'000, kStart + milliseconds(6)));
  EXPECT_FALSE(flow.note_drained(500'000, 1, kStart + milliseconds(100)));
  const auto xon = flow.note_drained(1, 0, kStart + milliseconds(101));
  ASSERT_TRUE(xon);
  EXPECT_NEAR(xon->kilobytes_per_s, 5000, 50);
}

// C tor paused the exit for each burst that several legs brought at once (#41130).
TEST(StreamReceiveFlow, R14_BurstsThatDrainWithinTheGracePeriodMakeNoXoffAndNoXon) {
  StreamReceiveFlow flow{StreamFlowParams{}};
  size_t actions = 0;
  for (int burst = 0; burst < 100; ++burst) {
    const Instant at = kStart + burst * milliseconds(50);
    actions += flow.note_arrival(kLimit + 1000, at) ? 1U : 0U;
    actions += flow.note_arrival(kLimit + 2000, at + milliseconds(5)) ? 1U : 0U;
    actions += flow.note_drained(kLimit + 2000, 0, at + milliseconds(6)) ? 1U : 0U;
  }
  EXPECT_EQ(actions, 0U);
  // One that stays is paused once, and let go once.
  const Instant late = kStart + seconds(100);
  EXPECT_FALSE(flow.note_arrival(kLimit + 1, late));
  EXPECT_TRUE(flow.note_arrival(kLimit + 1, late + milliseconds(6)));
  EXPECT_FALSE(flow.note_arrival(kLimit + 1, late + milliseconds(50)));
  EXPECT_TRUE(flow.note_drained(kLimit + 1, 0, late + milliseconds(60)));
}

TEST(StreamReceiveFlow, AnIdleApplicationSendsNothing) {
  StreamReceiveFlow flow{StreamFlowParams{}};
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(flow.note_arrival(498, kStart + milliseconds(i)));
    EXPECT_FALSE(flow.note_drained(498, 0, kStart + milliseconds(i)));
  }
}

}  // namespace
}  // namespace onion_proxy
