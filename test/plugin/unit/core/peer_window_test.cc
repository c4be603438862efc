#include "plugin/core/peer_window.h"

#include <gtest/gtest.h>

#include <array>

#include "test/plugin/unit/support/candidates.h"
#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;

// Two legs with windows of 100, of 10 and 20 ms. Both carry 300 cells in one trip of the slower:
// the peer may hold 600.
class PeerWindowTest : public ::testing::Test {
 protected:
  PeerWindowTest() {
    for (std::size_t i = 0; i < 2; ++i) {
      legs_.add_linked(10ms);
      all_[i] = test::with_window(i, (i + 1) * 10'000, 100, 0);
    }
  }
  // This many DATA cells of a leg, from a number on, are not acknowledged.
  void leave(std::size_t leg, std::uint64_t first, std::uint32_t cells) {
    LegView& view = legs_.views[leg];
    legs_.set[leg].progress().commit_sent(
        view, {.first = SeqNo{first}, .takes_over = true, .is_data = true}, test::kSendmeInc,
        Instant{});
    view.data_sent = cells;
    view.inflight = cells;
    all_[leg].inflight = cells;
  }
  [[nodiscard]] PeerWindow plan(std::uint64_t sent, std::uint64_t limit = 10'000) const {
    return plan_peer_window(legs_.set, legs_.view_of, all_, Cells{sent}, Cells{limit});
  }

  test::Legs legs_;
  std::array<Candidate, 2> all_;
};

TEST_F(PeerWindowTest, LeavesTheLimitWhileNothingIsMissing) {
  EXPECT_EQ(plan(1'000'000, 700).left, 700U);
  EXPECT_EQ(plan(1'000'000, 300).left, 300U);
  EXPECT_EQ(plan(1'000'000).top_up, std::nullopt);
}

TEST_F(PeerWindowTest, LeavesWhatIsLeftOfTwiceTheCellsOfTheLongestTrip) {
  leave(0, 1, 40);
  EXPECT_EQ(plan(400).left, 200U);
  EXPECT_EQ(plan(599).left, 1U);
  EXPECT_EQ(plan(599).top_up, std::nullopt);
  EXPECT_EQ(plan(600).left, 0U);
}

TEST_F(PeerWindowTest, GoesByTwiceTheWindowsWhileLessIsMissing) {  // the same, or less
  leave(0, 1, 40);
  EXPECT_EQ(plan(1).left, 399U);
  EXPECT_EQ(plan(399).left, 1U);
}

TEST_F(PeerWindowTest, NeverLeavesMoreThanTheLimit) {
  leave(0, 1, 40);
  EXPECT_EQ(plan(249, 250).left, 1U);
  EXPECT_EQ(plan(250, 250).left, 0U);
  EXPECT_EQ(plan(201, 250).left, 49U);
}

TEST_F(PeerWindowTest, NeverLeavesMoreThanTheLimitHoweverLittleIsMissing) {
  leave(0, 1, 40);
  for (const std::uint64_t missing : {1U, 40U, 100U, 199U, 200U}) {
    EXPECT_GE(plan(missing, 250).left, 1U) << missing;
    EXPECT_LE(plan(missing, 250).left, 250 - missing) << missing;
    EXPECT_LE(plan(missing).left, 600 - missing) << missing;
  }
}

TEST_F(PeerWindowTest, StopsWhileTheLaggardOwesASendme) {
  leave(0, 1, 31);
  EXPECT_EQ(plan(600).left, 0U);
  EXPECT_EQ(plan(600).top_up, std::nullopt);
}

TEST_F(PeerWindowTest, TopsUpALaggardThatOwesNone) {
  leave(0, 1, 30);
  EXPECT_EQ(plan(600).left, 1U);
  EXPECT_EQ(plan(600).top_up, 0U);
  leave(1, 1, 9);
  all_[0].inflight = legs_.views[0].inflight = 0;
  EXPECT_EQ(plan(600).left, 22U);
  EXPECT_EQ(plan(600).top_up, 1U);
}

TEST_F(PeerWindowTest, DoesNotTopUpALegThatCannotSend) {
  leave(0, 1, 9);
  all_[0].obstacle = Reason::CHANNEL_BLOCKED;
  EXPECT_EQ(plan(600).left, 0U);
  EXPECT_EQ(plan(600).top_up, std::nullopt);
}

TEST_F(PeerWindowTest, GoesByTheLegWithTheLowestNumber) {
  leave(0, 300, 40);
  leave(1, 100, 9);
  EXPECT_EQ(plan(698).left, 1U) << "599 are missing from 100 on";
  EXPECT_EQ(plan(699).top_up, 1U);
  leave(0, 50, 9);  // has begun before: its first run counts, from 300 on
  EXPECT_EQ(plan(699).top_up, 1U);
}

TEST_F(PeerWindowTest, CountsTheNumberItselfAsMissing) {
  leave(0, 500, 40);
  EXPECT_EQ(plan(700).left, 199U) << "500..700";
  EXPECT_EQ(plan(1098).left, 1U);
}

TEST_F(PeerWindowTest, IgnoresALegWhoseTotalsSayMoreThanWasSent) {
  leave(0, 1, 40);
  legs_.views[0].data_acked = 1000;
  EXPECT_GE(plan(900).left, 400U);
}

TEST_F(PeerWindowTest, IgnoresLegsThatAreNotOffered) {
  leave(0, 1, 40);
  const PeerWindow window = plan_peer_window(legs_.set, legs_.view_of, std::span(all_).last(1),
                                             Cells{10'000}, Cells{10'000});
  EXPECT_GE(window.left, 100U);
  EXPECT_EQ(window.top_up, std::nullopt);
}

}  // namespace
}  // namespace conflux
