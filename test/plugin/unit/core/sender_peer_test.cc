// How much a sender makes its peer hold, and how it treats a leg that does not move.
#include <gtest/gtest.h>

#include "test/plugin/unit/support/upload.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::Upload;

constexpr std::uint64_t kInc = test::kSendmeInc.raw();

SendConfig low_rtt(std::uint64_t peer_limit, bool watches = true) {
  return {.scheduler = SchedulerKind::kLowRtt,
          .watches_legs = watches,
          .peer_limit = Cells{peer_limit}};
}

// Leg 1 has carried 40 cells that all arrived, and only 31 are acknowledged. Then leg 2 is faster.
void leave_residue(Upload& upload) {
  for (int cell = 0; cell < 40; ++cell) ASSERT_EQ(upload.send(1).index, 0U);
  upload.deliver_all(0);
  ASSERT_EQ(upload.legs.views[0].inflight, 40U - kInc);
  upload.legs.views[0].ewma_rtt_us = 90'000;
}

TEST(SenderPeer, GoesOnForEverAlthoughNoSendmeCoversTheLastCellsOfALegThatWasLeft) {
  Upload upload(low_rtt(500), {10'000, 20'000});
  ASSERT_NO_FATAL_FAILURE(leave_residue(upload));
  // When all that is sent arrives, then nothing that has been left behind stops it.
  for (int cell = 0; cell < 20'000; ++cell) {
    const SendPlan plan = upload.send(1);
    ASSERT_EQ(plan.blocked, Reason::NONE) << "stuck after " << upload.sender.sent().raw();
    upload.deliver_all(plan.index);
    ASSERT_EQ(upload.held(), 0U);
  }
}

TEST(SenderPeer, TopsUpALegThatWasLeftUntilASendmeComes) {
  Upload upload(low_rtt(500), {10'000, 20'000});
  ASSERT_NO_FATAL_FAILURE(leave_residue(upload));
  // Given that leg 2 has gone on until the peer might hold 500,
  std::uint64_t sent = 0;
  SendPlan plan = upload.send(1);
  for (; plan.index == 1 && sent < 5000; ++sent, plan = upload.send(1)) upload.deliver_all(1);
  // 9 DATA cells of leg 1 are the oldest.
  EXPECT_EQ(sent + 9, 500U);
  // Then leg 1 alone goes on, until a SENDME is due,
  for (std::uint64_t cell = 1; cell < 22; ++cell) {
    ASSERT_EQ(plan.index, 0U) << "after " << cell << " of 22 cells";
    plan = upload.send(1);
  }
  EXPECT_EQ(plan.index, 0U);
  EXPECT_EQ(upload.send(1).blocked, Reason::PEER_WINDOW_FULL);
  // and with that leg 2 has its whole window again.
  upload.deliver_all(0);
  EXPECT_EQ(upload.legs.views[0].inflight, 0U);
  EXPECT_EQ(upload.send(1).index, 1U);
}

TEST(SenderPeer, TopsUpNoMoreThanASendmeTakes) {
  Upload upload(low_rtt(500), {10'000, 20'000});
  ASSERT_NO_FATAL_FAILURE(leave_residue(upload));
  for (int cell = 0; cell < 5000 && upload.send(1).index == 1; ++cell) upload.deliver_all(1);
  const SendPlan plan = upload.send(1000);
  EXPECT_EQ(plan.index, 0U);
  EXPECT_EQ(plan.granted, Cells{21});
}

TEST(SenderPeer, ControlCellsOfLongAgoTakeNothingFromTheWindow) {
  // Given one leg, which can bring nothing out of order, that has carried as many cells that are
  // not DATA as make a window
  Upload upload(low_rtt(8192), {10'000});
  upload.legs.views[0].cwnd = 124;
  for (int round = 0; round < 15; ++round) {
    ASSERT_EQ(upload.send(kInc).granted, Cells{kInc});
    ASSERT_EQ(upload.send(10, CommandClass::kControl).blocked, Reason::NONE);
    if (round > 0) upload.deliver(0, kInc + 10);
  }
  // then all that its window has room for goes at once.
  ASSERT_EQ(upload.legs.views[0].inflight, kInc);
  EXPECT_EQ(upload.send(93).granted, Cells{93});
}

TEST(SenderPeer, BoundsWhatThePeerHoldsBehindACellThatIsNotData) {
  // Given that the first cell, which is not DATA, stands in a channel that has shut behind it,
  Upload upload(low_rtt(500), {10'000, 20'000});
  upload.legs.views[0].flags = MPATH_VIEW_CHANNEL_BLOCKED;
  // when another leg goes on, then it stops when the peer holds the limit.
  for (int cell = 0; cell < 5000; ++cell) {
    upload.send(1);
    upload.deliver_all(1);
  }
  EXPECT_EQ(upload.held(), 499U);
  EXPECT_EQ(upload.send(1).blocked, Reason::PEER_WINDOW_FULL);
}

TEST(SenderPeer, FindsOutWithDataWhetherACellThatIsNotDataHasArrived) {
  // Given that the first cell has arrived, of which no SENDME tells,
  Upload upload(low_rtt(500), {10'000, 20'000});
  upload.deliver_all(0);
  upload.legs.views[0].ewma_rtt_us = 90'000;
  // when another leg has brought the limit,
  SendPlan plan = upload.send(1);
  for (int cell = 0; cell < 5000 && plan.index == 1; ++cell, plan = upload.send(1)) {
    ASSERT_EQ(plan.blocked, Reason::NONE);
    upload.deliver_all(1);
  }
  // then the first one is topped up until a SENDME comes, and all goes on.
  EXPECT_EQ(plan.index, 0U);
  ASSERT_EQ(upload.send(1000).granted, Cells{kInc - 1});
  upload.deliver_all(0);
  EXPECT_EQ(upload.send(1).index, 1U);
}

TEST(SenderPeer, PutsNoControlCellBehindThoseThatALegIsToppedUpWith) {
  // Given that a leg is topped up because nobody knows of its control cell
  Upload upload(low_rtt(500), {10'000, 20'000});
  upload.deliver_all(0);
  upload.legs.views[0].ewma_rtt_us = 90'000;
  for (int cell = 0; cell < 5000 && upload.send(1).index == 1; ++cell) upload.deliver_all(1);
  ASSERT_EQ(upload.send(1000).granted, Cells{kInc - 1});
  ASSERT_EQ(upload.send(1).blocked, Reason::PEER_WINDOW_FULL);
  // when another goes, then it goes on the other leg,
  EXPECT_EQ(upload.send(1, CommandClass::kControl).index, 1U);
  // and the first one is not asked again.
  upload.deliver_all(0);
  for (int cell = 0; cell < 5000; ++cell) {
    ASSERT_EQ(upload.send(1).index, 1U) << "topped up again after " << cell;
    upload.deliver_all(1);
  }
}

TEST(SenderPeer, DoesNotStopForAControlCellThatArrivedLongAgo) {
  Upload upload(low_rtt(8192), {10'000, 20'000});
  upload.deliver_all(0);
  upload.legs.views[0].ewma_rtt_us = 90'000;
  for (int cell = 0; cell < 20'000; ++cell) {
    const SendPlan plan = upload.send(1);
    ASSERT_EQ(plan.blocked, Reason::NONE);
    upload.deliver_all(plan.index);
  }
  ASSERT_EQ(upload.send(62).index, 1U);
  upload.legs.views[1].ewma_rtt_us = 200'000;
  ASSERT_EQ(upload.send(40).index, 0U);
  upload.deliver_all(1);
  EXPECT_EQ(upload.send(1).blocked, Reason::NONE);
}

TEST(SenderPeer, GivesALegWithoutASampleFourOfItsHandshakes) {
  // Given legs of which only the handshakes tell how far they are, and a SENDME's worth on one
  Upload upload(low_rtt(8192), {300'000, 400'000});
  for (LegView& view : upload.legs.views) view.ewma_rtt_us = 0;
  upload.rtts_move = false;
  ASSERT_EQ(upload.send(kInc).index, 0U);
  upload.now += 1200ms;
  EXPECT_EQ(upload.send(1).index, 0U) << "no SENDME can have come much sooner";
  upload.now += 1us;
  EXPECT_EQ(upload.send(1).index, 1U);
}

TEST(SenderPeer, WaitsForALegThatHasASendmeOutstanding) {
  // Given 40 cells on a leg that has frozen, and another that goes on:
  Upload upload(low_rtt(500), {10'000, 20'000});
  for (int cell = 0; cell < 40; ++cell) ASSERT_EQ(upload.send(1).index, 0U);
  upload.legs.views[0].ewma_rtt_us = 90'000;
  std::uint64_t sent = 40;
  SendPlan plan = upload.send(1);
  for (; plan.blocked == Reason::NONE && sent < 5000; ++sent, plan = upload.send(1)) {
    ASSERT_EQ(plan.index, 1U);
    upload.deliver_all(1);
  }
  // Then it stops when 500 numbers, the first control cell's among them, may be missing.
  EXPECT_EQ(plan.blocked, Reason::PEER_WINDOW_FULL);
  EXPECT_EQ(sent + 1, 500U);
  EXPECT_EQ(upload.held(), 500U - 41U);
  // Cells that are not DATA go all the same.
  EXPECT_EQ(upload.send(1, CommandClass::kControl).blocked, Reason::NONE);
  // And when the leg moves, so does the rest.
  upload.deliver_all(0);
  EXPECT_EQ(upload.send(1).blocked, Reason::NONE);
}

TEST(SenderPeer, HoldsThePeerToNothingWhereItIsToLookLikeStockTor) {
  Upload upload(low_rtt(500, false), {10'000, 20'000});
  for (int cell = 0; cell < 40; ++cell) ASSERT_EQ(upload.send(1).index, 0U);
  upload.legs.views[0].ewma_rtt_us = 90'000;
  for (int cell = 0; cell < 5000; ++cell) {
    const SendPlan plan = upload.send(1);
    ASSERT_EQ(plan.blocked, Reason::NONE);
    ASSERT_EQ(plan.index, 1U);
    upload.deliver_all(1);
  }
  EXPECT_EQ(upload.held(), 5000U);
}

TEST(SenderPeer, SkipsALegThatStalledAndUsesItAgainWhenItMoves) {
  // Given 31 cells on the fastest leg:
  Upload upload(low_rtt(8192), {10'000, 90'000});
  ASSERT_EQ(upload.send(kInc).index, 0U);
  upload.now += 250ms;
  EXPECT_EQ(upload.send(1).index, 0U) << "not yet";
  upload.now += 1us;
  EXPECT_EQ(upload.send(1).index, 1U) << "nothing has moved there for 250 ms";
  EXPECT_EQ(upload.send(1).index, 1U);
  upload.deliver_all(0);
  EXPECT_EQ(upload.send(1).index, 0U);
}

TEST(SenderPeer, UsesALegThatMovesAgainThoughItsRttSaysNothingNew) {
  Upload upload(low_rtt(8192), {10'000, 90'000});
  upload.rtts_move = false;
  ASSERT_EQ(upload.send(kInc).index, 0U);
  upload.now += 251ms;
  ASSERT_EQ(upload.send(1).index, 1U);
  upload.deliver_all(0);
  EXPECT_EQ(upload.send(1).index, 0U);
}

TEST(SenderPeer, WaitsForALaggardThoughRttsSayNothingNew) {
  Upload upload(low_rtt(500), {10'000, 20'000});
  upload.rtts_move = false;
  for (int cell = 0; cell < 40; ++cell) ASSERT_EQ(upload.send(1).index, 0U);
  upload.legs.views[0].ewma_rtt_us = 90'000;
  for (int cell = 0; cell < 5000 && upload.send(1).blocked == Reason::NONE; ++cell) {
    upload.deliver_all(1);
  }
  EXPECT_EQ(upload.send(1).blocked, Reason::PEER_WINDOW_FULL);
  EXPECT_LE(upload.held(), 500U);
}

TEST(SenderPeer, UsesALegThatStalledIfNoOtherIsOpen) {
  Upload upload(low_rtt(8192), {10'000, 90'000});
  ASSERT_EQ(upload.send(kInc).index, 0U);
  upload.now += 251ms;
  upload.legs.fill(1);
  EXPECT_EQ(upload.send(1).index, 0U);
}

TEST(SenderPeer, GivesLongRoundTripsFourOfThem) {
  Upload upload(low_rtt(8192), {100'000, 900'000});
  ASSERT_EQ(upload.send(kInc).index, 0U);
  upload.now += 400ms;
  EXPECT_EQ(upload.send(1).index, 0U);
  upload.now += 1us;
  EXPECT_EQ(upload.send(1).index, 1U);
}

TEST(SenderPeer, SkipsNoLegWhereItIsToLookLikeStockTor) {
  Upload upload(low_rtt(8192, false), {10'000, 90'000});
  ASSERT_EQ(upload.send(kInc).index, 0U);
  upload.now += 60s;
  EXPECT_EQ(upload.send(1).index, 0U);
}

}  // namespace
}  // namespace conflux
