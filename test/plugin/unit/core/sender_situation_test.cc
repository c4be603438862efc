// What a sender tells its scheduler, by what becomes of it.
#include <gtest/gtest.h>

#include "test/plugin/unit/support/upload.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::Upload;

SendConfig with(SchedulerKind kind, std::uint64_t peer_limit = 8192) {
  return {.scheduler = kind, .peer_limit = Cells{peer_limit}};
}
// A fast leg of 10 ms that is full, and one of 40 ms, with these windows.
struct FullAndOpen : Upload {
  FullAndOpen(SchedulerKind kind, std::uint32_t fast_cwnd, std::uint32_t slow_cwnd)
      : Upload(with(kind), {10'000, 40'000}) {
    legs.views[0].cwnd = fast_cwnd;
    legs.views[1].cwnd = slow_cwnd;
    legs.fill(0);
  }
};

TEST(SenderSituation, HasTheBacklogAndTheDeviations) {
  // ECF: 10'000 * (k + 10) / 10 < 40'000 + 20'000, half of the first sample, up to a backlog of 49.
  for (const auto& [backlog, waits] : {std::pair{49U, true}, std::pair{50U, false}}) {
    FullAndOpen upload(SchedulerKind::kEcf, 10, 10);
    upload.backlog = Cells{backlog};
    const SendPlan plan = upload.send(1);
    EXPECT_EQ(plan.blocked, waits ? Reason::PRIMARY_FULL : Reason::NONE) << backlog;
  }
}

TEST(SenderSituation, CountsWhatIsWantedAsBacklog) {
  FullAndOpen upload(SchedulerKind::kEcf, 10, 10);
  upload.backlog = Cells{0};
  EXPECT_EQ(upload.send(49).blocked, Reason::PRIMARY_FULL);
  FullAndOpen other(SchedulerKind::kEcf, 10, 10);
  other.backlog = Cells{0};
  EXPECT_EQ(other.send(50).index, 1U);
}

TEST(SenderSituation, HasThreeTimesTheWindowsOfAllLegs) {
  // BLEST: 5 * 100 * 1.2 = 600 cells must fit 3 * (100 + 101) - 1, and do not fit 3 * 200 - 1.
  FullAndOpen fits(SchedulerKind::kBlest, 100, 101);
  EXPECT_EQ(fits.send(1).index, 1U);
  FullAndOpen full(SchedulerKind::kBlest, 100, 100);
  EXPECT_EQ(full.send(1).blocked, Reason::PRIMARY_FULL);
}

TEST(SenderSituation, HasTheTime) {
  // BLEST: with a caution of 120 it is 600 again; a second into its life that falls to 119: 595.
  FullAndOpen upload(SchedulerKind::kBlest, 100, 99);
  EXPECT_EQ(upload.send(1).blocked, Reason::PRIMARY_FULL);
  EXPECT_EQ(upload.send(1).index, 1U) << "595 of 596";
}

TEST(SenderSituation, DoesNotSayThatThePeersWindowIsFullWhileItIsNot) {
  // BLEST: the fast leg had room and so had the peer, so the caution falls to 119 and not to 124.
  Upload upload(with(SchedulerKind::kBlest), {10'000, 40'000});
  upload.legs.views[0].cwnd = 100;
  upload.legs.views[1].cwnd = 99;
  ASSERT_EQ(upload.send(1).index, 0U);
  upload.legs.fill(0);
  EXPECT_EQ(upload.send(1).index, 1U) << "595 of 596";
}

TEST(SenderSituation, SaysThatThePeersWindowIsFull) {
  // Given 40 cells on a slow leg that has frozen, and a fast one that goes on until the peer might
  // hold 500: it had room, so the caution rises from 119 to 123 and not to 118.
  Upload upload(with(SchedulerKind::kBlest, 500), {10'000, 40'000});
  upload.rtts_move = false;
  upload.legs.views[0].cwnd = 100;
  upload.legs.views[1].cwnd = 101;
  upload.legs.fill(0);
  ASSERT_EQ(upload.send(40).index, 1U);
  upload.legs.views[0].inflight = 0;
  Reason blocked = Reason::NONE;
  for (int cell = 0; cell < 1000 && blocked == Reason::NONE; ++cell) {
    blocked = upload.send(1).blocked;
    upload.deliver_all(0);
  }
  ASSERT_EQ(blocked, Reason::PEER_WINDOW_FULL);
  upload.now += 40ms;
  ASSERT_EQ(upload.send(1).blocked, Reason::PEER_WINDOW_FULL);
  // Then the slow leg, once it moves, is not used when the fast one is full: 615 do not fit 602.
  upload.deliver_all(1);
  upload.legs.fill(0);
  EXPECT_EQ(upload.send(1).blocked, Reason::PRIMARY_FULL);
}

TEST(SenderSituation, SaysWhichLegIsInSlowStart) {
  FullAndOpen upload(SchedulerKind::kCwndRtt, 10, 80);
  EXPECT_EQ(upload.send(100).granted, Cells{20}) << "80 * 10 / 40";
  upload.legs.views[1].flags = MPATH_VIEW_SLOW_START;
  EXPECT_EQ(upload.send(100).granted, Cells{60});
}

TEST(SenderSituation, GrantsNoMoreThanThePeersWindowLeaves) {
  Upload upload(with(SchedulerKind::kLowRtt, 500), {10'000, 20'000});
  for (int cell = 0; cell < 40; ++cell) ASSERT_EQ(upload.send(1).index, 0U);
  upload.legs.views[0].ewma_rtt_us = 90'000;
  EXPECT_EQ(upload.send(1000).granted, Cells{500 - 41});
}

TEST(SenderSituation, TellsASchedulerThatCountsOfControlCellsToo) {
  Upload upload(with(SchedulerKind::kLowRttLowMem), {10'000, 20'000});
  upload.legs.views[0].cwnd = 20;
  ASSERT_EQ(upload.send(5).index, 0U);
  ASSERT_EQ(upload.send(10, CommandClass::kControl).index, 0U);
  upload.legs.views[1].ewma_rtt_us = 5'000;
  EXPECT_EQ(upload.send(100).granted, Cells{5}) << "the rest of the window, on the same leg";
  EXPECT_EQ(upload.sender.primary(), test::leg_id(1));
}

TEST(SenderSituation, TellsASchedulerThatCountsOfEveryCell) {
  // Given a window of 100 that goes on the fastest leg, cell by cell:
  Upload upload(with(SchedulerKind::kLowRttLowMem), {10'000, 20'000});
  upload.rtts_move = false;
  upload.legs.views[0].cwnd = 100;
  for (int cell = 0; cell < 100; ++cell) {
    ASSERT_EQ(upload.send(1).index, 0U);
    upload.deliver_all(0);
  }
  // Then a leg that has become faster may have the next.
  upload.legs.views[1].ewma_rtt_us = 5'000;
  EXPECT_EQ(upload.send(1).index, 1U);
}

TEST(SenderSituation, TakesRttsBeyondAQuarterOfAnHourForEqual) {
  Upload upload(with(SchedulerKind::kLowRtt), {3'000'000'000, 2'000'000'000});
  EXPECT_EQ(upload.send(1).index, 0U) << "the first of equals";
  upload.legs.views[1].ewma_rtt_us = (1U << 30U) - 1;
  EXPECT_EQ(upload.send(1).index, 1U);
}

}  // namespace
}  // namespace conflux
