#include "plugin/core/leg_progress.h"

#include <gtest/gtest.h>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::kSendmeInc;

LegView rtt_view(std::uint32_t ewma_us, std::uint32_t last_us = 0) {
  LegView view{};
  view.ewma_rtt_us = ewma_us;
  view.last_rtt_us = last_us;
  return view;
}

TEST(LegProgress, KnowsNothingOfALegWithoutASample) {
  LegProgress progress;
  EXPECT_TRUE(progress.knows_rtt(rtt_view(0)));
  EXPECT_FALSE(progress.commit_view(rtt_view(0), at(1s)));
  EXPECT_EQ(progress.rtt().least_us, 0U);
  EXPECT_EQ(progress.rtt().most_us, 0U);
  EXPECT_EQ(progress.rtt().deviation_us, 0U);
}

TEST(LegProgress, BeginsWithADeviationOfHalfTheSample) {
  LegProgress progress;
  EXPECT_TRUE(progress.commit_view(rtt_view(10'000, 8'000), at(1s)));
  EXPECT_EQ(progress.rtt().deviation_us, 4'000U);
  EXPECT_EQ(progress.rtt().least_us, 10'000U);
  EXPECT_EQ(progress.rtt().most_us, 10'000U);
}

TEST(LegProgress, MovesTheDeviationAQuarterOfTheWay) {
  LegProgress progress;
  progress.commit_view(rtt_view(10'000, 8'000), at(1s));
  progress.commit_view(rtt_view(12'000, 20'000), at(1s));
  EXPECT_EQ(progress.rtt().deviation_us, 3'000U + 2'000U) << "3/4 of 4000, 1/4 of 8000";
  progress.commit_view(rtt_view(11'000, 3'000), at(1s));
  EXPECT_EQ(progress.rtt().deviation_us, 3'750U + 2'000U) << "a miss counts in both directions";
}

TEST(LegProgress, TakesTheAverageForTheSampleOfAHostThatHasNone) {
  LegProgress progress;
  progress.commit_view(rtt_view(10'000), at(1s));
  EXPECT_EQ(progress.rtt().deviation_us, 5'000U);
  progress.commit_view(rtt_view(12'000), at(1s));
  EXPECT_EQ(progress.rtt().deviation_us, 3'750U);
}

TEST(LegProgress, KeepsTheLeastAverageAndLetsTheMostSinkByAnEighth) {
  LegProgress progress;
  for (const std::uint32_t us : {20'000U, 10'000U, 30'000U}) {
    progress.commit_view(rtt_view(us, us), at(1s));
  }
  EXPECT_EQ(progress.rtt().least_us, 10'000U);
  EXPECT_EQ(progress.rtt().most_us, 30'000U);
  progress.commit_view(rtt_view(14'000), at(1s));
  EXPECT_EQ(progress.rtt().least_us, 10'000U);
  EXPECT_EQ(progress.rtt().most_us, 28'000U) << "of the 16'000 to what is seen now";
  // A stall is forgotten.
  for (std::uint32_t i = 0; i < 200; ++i) {
    progress.commit_view(rtt_view(14'000 + i % 2), at(1s));
  }
  EXPECT_LT(progress.rtt().most_us, 14'020U);
}

TEST(LegProgress, LearnsNothingFromAnAverageThatIsGoneOrTheSame) {
  LegProgress progress;
  progress.commit_view(rtt_view(10'000, 8'000), at(1s));
  EXPECT_FALSE(progress.commit_view(rtt_view(10'000, 90'000), at(1s)));
  EXPECT_TRUE(progress.commit_view(rtt_view(0, 90'000), at(1s))) << "it has changed";
  EXPECT_EQ(progress.rtt().least_us, 10'000U);
  EXPECT_EQ(progress.rtt().deviation_us, 4'000U);
  EXPECT_TRUE(progress.knows_rtt(rtt_view(0)));
  EXPECT_FALSE(progress.knows_rtt(rtt_view(10'000)));
}

TEST(LegProgress, LearnsNothingOfTheRttFromAnAcknowledgementAlone) {
  LegProgress progress;
  LegView view = rtt_view(10'000, 8'000);
  progress.commit_view(view, at(1s));
  view.data_sent = 62;
  view.data_acked = 31;
  view.last_rtt_us = 90'000;
  EXPECT_TRUE(progress.commit_view(view, at(1s)));
  EXPECT_EQ(progress.rtt().deviation_us, 4'000U);
  EXPECT_FALSE(progress.commit_view(view, at(1s)));
}

// A leg on which cells go out and come to be acknowledged.
class LegProgressTest : public ::testing::Test {
 protected:
  LegProgressTest() { view_.ewma_rtt_us = 100'000; }
  // DATA with the next numbers.
  void send(std::uint64_t cells, bool takes_over = false) {
    progress_.commit_sent(
        view_, {.first = next(SeqNo{sent_}), .takes_over = takes_over, .is_data = true}, kSendmeInc,
        now_);
    view_.data_sent += cells;
    view_.inflight += static_cast<std::uint32_t>(cells);
    sent_ += cells;
  }
  // Cells that are numbered and not DATA.
  void send_control(std::uint64_t cells, bool takes_over = false) {
    progress_.commit_sent(
        view_, {.first = next(SeqNo{sent_}), .takes_over = takes_over, .is_data = false},
        kSendmeInc, now_);
    sent_ += cells;
  }
  void send_elsewhere(std::uint64_t cells) { sent_ += cells; }
  void acknowledge(std::uint64_t cells = kSendmeInc.raw()) {
    view_.data_acked += cells;
    view_.inflight -= static_cast<std::uint32_t>(cells);
    progress_.commit_view(view_, now_);
  }
  [[nodiscard]] bool stalled_after(Micros pause) const {
    return progress_.is_stalled(view_, kSendmeInc, now_ + pause);
  }
  void expect_first(std::uint64_t seq) const {
    EXPECT_EQ(progress_.first_unacked(view_, SeqNo{sent_}), SeqNo{seq});
  }
  void expect_none() const {
    EXPECT_EQ(progress_.first_unacked(view_, SeqNo{sent_}), std::nullopt);
  }

  LegProgress progress_;
  LegView view_{};
  Instant now_ = at(1s);
  std::uint64_t sent_ = 0;
};

TEST_F(LegProgressTest, HasNotStalledBeforeAnythingWent) { EXPECT_FALSE(stalled_after(1000h)); }

TEST_F(LegProgressTest, StallsFourRoundTripsAfterCellsEnoughForASendme) {
  send(31);
  EXPECT_FALSE(stalled_after(400ms));
  EXPECT_TRUE(stalled_after(400ms + 1us));
}

TEST_F(LegProgressTest, HasAQuarterOfASecondAtLeast) {
  view_.ewma_rtt_us = 62'000;
  send(31);
  EXPECT_FALSE(stalled_after(250ms));
  EXPECT_TRUE(stalled_after(250ms + 1us));
}

TEST_F(LegProgressTest, OwesNoSendmeForLess) {
  send(30);
  EXPECT_FALSE(stalled_after(1000h));
}

TEST_F(LegProgressTest, StartsTheClockWithTheCellThatMakesASendme) {
  send(30);
  now_ += 10s;
  send(1);
  EXPECT_FALSE(stalled_after(400ms));
  EXPECT_TRUE(stalled_after(400ms + 1us));
}

TEST_F(LegProgressTest, DoesNotStartTheClockAgainWithMoreCells) {
  send(31);
  now_ += 300ms;
  send(1);
  EXPECT_FALSE(stalled_after(100ms));
  EXPECT_TRUE(stalled_after(100ms + 1us));
}

TEST_F(LegProgressTest, StartsTheClockAgainWithEachSendme) {
  send(100);
  now_ += 399ms;
  acknowledge();
  EXPECT_FALSE(stalled_after(400ms));
  EXPECT_TRUE(stalled_after(400ms + 1us));
  now_ += 401ms;
  acknowledge();
  EXPECT_FALSE(stalled_after(0ms)) << "it has recovered";
}

TEST_F(LegProgressTest, DoesNotTakeAChangeOfTheRttForProgress) {
  send(31);
  now_ += 300ms;
  view_.ewma_rtt_us = 90'000;
  progress_.commit_view(view_, now_);
  EXPECT_TRUE(stalled_after(100ms + 1us));
}

TEST_F(LegProgressTest, NeverStallsOnAHostThatKeepsNoTotals) {
  send(31);
  view_.data_sent = 0;
  EXPECT_FALSE(stalled_after(1000h));
}

TEST_F(LegProgressTest, HasNoClockThatWraps) {
  now_ = kNever - 1us;
  send(31);
  EXPECT_FALSE(progress_.is_stalled(view_, kSendmeInc, kNever));
}

TEST_F(LegProgressTest, KnowsOfNothingUnacknowledgedBeforeACellOrAfterTheLast) {
  expect_none();
  send(31);
  expect_first(1);
  acknowledge();
  expect_none();
}

TEST_F(LegProgressTest, SaysNothingForAHostWhoseTotalsDisagreeWithWhatIsUnderWay) {
  send(40);
  view_.inflight = 0;
  expect_none();
}

TEST_F(LegProgressTest, TakesACellThatIsNotDataForMissingUntilDataBehindItIsAcknowledged) {
  send_control(1);
  expect_first(1);
  send(40);  // 2..41
  expect_first(1);
  acknowledge();
  expect_first(2 + 31);
}

TEST_F(LegProgressTest, CountsExactlyThoughCellsThatAreNotDataLieBetween) {
  send(20);          // 1..20
  send_control(10);  // 21..30
  send(50);          // 31..80
  acknowledge();     // 20 and 11
  expect_first(31 + 11);
  send_control(7);  // 81..87
  acknowledge();    // the first 42 of the 50
  expect_first(31 + 42);
}

TEST_F(LegProgressTest, KeepsACellThatIsNotDataAndLastWhenAllDataIsAcknowledged) {
  send(31);
  send_control(1);  // 32
  acknowledge();
  expect_first(32);
  // Nothing is under way any more that a SENDME would cover.
  send_elsewhere(500);
  expect_first(32);
  send(31, true);  // 533..563
  expect_first(32);
  acknowledge();
  expect_none();
}

TEST_F(LegProgressTest, KeepsTwoVisitsApartOfWhichNoneBroughtData) {
  send_control(1);  // 1
  send_elsewhere(100);
  send_control(2, true);  // 102, 103
  send_elsewhere(100);
  send(31, true);  // 204..234
  expect_first(1);
  acknowledge();
  expect_none();
}

TEST_F(LegProgressTest, CountsExactlyAgainOnceWhatHadNoRunOfItsOwnIsOver) {
  // Given more bursts of cells that are not DATA than there are runs for
  for (int burst = 0; burst < 20; ++burst) {
    send(31);
    send_control(5);
  }
  // when DATA alone goes on, behind a SENDME each, without an end
  for (int sendme = 0; sendme < 60; ++sendme) {
    acknowledge();
    send(31);
  }
  // then nothing of that is left: 31 x 20 cells are under way, which are the last ones.
  expect_first(sent_ - 31 * 20 + 1);
}

TEST_F(LegProgressTest, HasFourOfItsHandshakesWithoutASample) {
  view_.ewma_rtt_us = 0;
  progress_.commit_handshake_rtt(300ms);
  send(31);
  EXPECT_FALSE(stalled_after(1200ms));
  EXPECT_TRUE(stalled_after(1200ms + 1us));
}

TEST_F(LegProgressTest, GoesByItsSampleOnceItHasOne) {
  progress_.commit_handshake_rtt(300ms);
  send(31);
  EXPECT_FALSE(stalled_after(400ms));
  EXPECT_TRUE(stalled_after(400ms + 1us));
}

TEST_F(LegProgressTest, CountsUpWithinARun) {
  send_elsewhere(7);
  send(100);
  expect_first(8);
  acknowledge();
  expect_first(8 + 31);
  send(50);
  acknowledge(62);
  expect_first(8 + 93);
}

TEST_F(LegProgressTest, GoesFromRunToRun) {
  send(20);  // 1..20
  send_elsewhere(100);
  send(20, true);  // 121..140
  send_elsewhere(100);
  send(60, true);  // 241..300
  expect_first(1);
  acknowledge();  // 1..20, 121..131
  expect_first(132);
  acknowledge(9);  // to the end of the second run
  expect_first(241);
  acknowledge(31);
  expect_first(241 + 31);
}

TEST_F(LegProgressTest, SkipsRunsThatAreOverAtOnce) {
  send(5);
  send_elsewhere(10);
  send(5, true);
  send_elsewhere(10);
  send(30, true);  // 31..60
  acknowledge();   // 5 + 5 + 21
  expect_first(31 + 21);
}

TEST_F(LegProgressTest, BeginsAfreshOnceEverythingIsAcknowledged) {
  send(31);
  acknowledge();
  send_elsewhere(500);
  send(1);  // without taking over: it had stayed the sending leg, for cells that are not DATA
  expect_first(532);
}

TEST_F(LegProgressTest, StaysOnTheSafeSideWithMoreRunsThanItKeeps) {
  // Given 17 runs of 10 cells, with 10 of another leg between them: the 16th begins at 301.
  for (int run = 0; run < 17; ++run) {
    send(10, true);
    send_elsewhere(10);
  }
  acknowledge(150);
  expect_first(301);
  acknowledge(10);
  expect_first(311);  // and not 321
  // Once there is room again, so is precision.
  send(10, true);  // 341..350
  acknowledge(10);
  expect_first(341);
}

TEST_F(LegProgressTest, CountsAlongHalfOfTheLowRangeAndStaysOnTheSafeSideBeyond) {
  constexpr std::uint64_t kHalf = UINT32_MAX / 2;
  send(kHalf + 10);
  acknowledge(kHalf);
  expect_first(1 + kHalf);
  acknowledge(1);
  expect_first(1);
}

TEST_F(LegProgressTest, SurvivesCountersThatPassTheirLowHalf) {
  view_.data_sent = view_.data_acked = UINT32_MAX - 20ULL;
  progress_.commit_view(view_, now_);
  sent_ = UINT32_MAX - 10ULL;
  send(31);
  expect_first(UINT32_MAX - 9ULL);
  send_elsewhere(100);
  send(31, true);
  acknowledge();
  expect_first(UINT32_MAX - 9ULL + 131);
}

}  // namespace
}  // namespace conflux
