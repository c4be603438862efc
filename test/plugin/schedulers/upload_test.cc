// What a host gains by true totals in its views: uploads that do not fill the memory of the exit,
// that no residue stops, and that do without a leg as long as it stands still.
#include "test/plugin/schedulers/upload.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace conflux::test {
namespace {

// The least that may be configured: 524,288 bytes, in cells of 514.
constexpr std::uint64_t kPeerLimit = 1020;

std::string low_rtt_config(const std::string& profile = "lab") {
  return "version: 1\nconflux:\n  profile: " + profile +
         (profile == "stock" ? "" : "\n  scheduler: low_rtt") +
         "\n  reorder:\n    peer_limit: 512KiB\n";
}

void send_on_leg_1(Upload& upload, std::uint32_t cells) {
  for (std::uint32_t cell = 0; cell < cells; ++cell) ASSERT_EQ(upload.send().leg, 1);
}

// Leg 1 has carried DATA cells, none of which has arrived. Then leg 2 is the faster one.
void leave_leg_1(Upload& upload, std::uint32_t cells = Upload::kSendmeInc) {
  for (std::uint32_t cell = 0; cell < cells; ++cell) ASSERT_EQ(upload.send(), on_leg(1));
  upload.host.view(1).ewma_rtt_us = 90'000;
}

TEST(UploadThroughTheTable, WaitsWhileThePeerHoldsItsLimitAndGoesOnWhenALegMoves) {
  Upload upload(low_rtt_config(), 10'000, 20'000);
  upload.host.view(1).cwnd = upload.host.view(2).cwnd = 2000;
  // Given cells on a leg that has frozen, and another one that goes on,
  ASSERT_NO_FATAL_FAILURE(leave_leg_1(upload));
  const Grant last = upload.go_on_with(2, 5000);
  // Then it stops when as many numbers as the limit says, the control cell's among them, may be
  // missing at the peer,
  EXPECT_EQ(last, blocked(Reason::kPeerWindowFull));
  EXPECT_EQ(upload.sent + 1, kPeerLimit);
  EXPECT_EQ(upload.host.can_read(), (Answer{Status::kBlocked, Reason::kPeerWindowFull}));
  // but what is not DATA goes,
  EXPECT_EQ(upload.host.route(kBegin).status, Status::kOk);
  EXPECT_EQ(upload.send(), blocked(Reason::kPeerWindowFull)) << "which makes no room";
  // and when the leg moves, so does the rest.
  upload.deliver_all(1);
  EXPECT_EQ(upload.host.can_read().status, Status::kOk);
  EXPECT_EQ(upload.go_on_with(2, 900), on_leg(2));
}

TEST(UploadThroughTheTable, WaitsEarlierWhereTheLegsTakeLess) {
  Upload upload(low_rtt_config(), 10'000, 20'000);
  ASSERT_NO_FATAL_FAILURE(leave_leg_1(upload));
  upload.host.view(1).ewma_rtt_us = 40'000;
  // Twice 124 cells of leg 1, and of leg 2, that makes two trips in the same time, twice 248.
  EXPECT_EQ(upload.go_on_with(2, 5000), blocked(Reason::kPeerWindowFull));
  EXPECT_EQ(upload.sent + 1, 2U * 124 + 2U * 248);
}

TEST(UploadThroughTheTable, WaitsForNoPeerWhereTheHostTellsNoTotals) {
  Upload upload(low_rtt_config(), 10'000, 20'000);
  ASSERT_NO_FATAL_FAILURE(leave_leg_1(upload));
  for (int cell = 0; cell < 5000; ++cell) {
    upload.host.view(1).data_sent = upload.host.view(2).data_sent = 0;
    upload.host.view(1).data_acked = upload.host.view(2).data_acked = 0;
    ASSERT_EQ(upload.send().leg, 2) << "cell " << cell;
    upload.deliver_all(2);
  }
}

TEST(UploadThroughTheTable, WaitsForNoPeerWhereItIsToLookLikeStockTor) {
  Upload upload(low_rtt_config("stock"), 10'000, 20'000);
  ASSERT_NO_FATAL_FAILURE(leave_leg_1(upload));
  EXPECT_EQ(upload.go_on_with(2, 5000), on_leg(2));
}

// 31 of 40 cells on leg 1 are acknowledged, though all have arrived. Then leg 2 is the faster one.
void leave_residue(Upload& upload) {
  ASSERT_NO_FATAL_FAILURE(leave_leg_1(upload, Upload::kSendmeInc + 9));
  upload.deliver_all(1);
  ASSERT_EQ(upload.host.view(1).inflight, 9U);
}

TEST(UploadThroughTheTable, GoesOnForEverAlthoughNoSendmeCoversTheLastCellsOfALegThatWasLeft) {
  Upload upload(low_rtt_config(), 10'000, 20'000);
  ASSERT_NO_FATAL_FAILURE(leave_residue(upload));
  std::uint32_t on_leg_1 = 0;
  for (int cell = 0; cell < 20'000; ++cell) {
    const Grant grant = upload.send();
    ASSERT_EQ(grant.status, Status::kOk) << "stuck after " << upload.sent;
    upload.deliver_all(grant.leg);
    on_leg_1 += grant.leg == 1 ? 1 : 0;
  }
  EXPECT_EQ(on_leg_1, Upload::kSendmeInc - 9) << "topped up once, until its SENDME came";
}

TEST(UploadThroughTheTable, TopsUpALegThatWasLeftUntilASendmeIsDue) {
  Upload upload(low_rtt_config(), 10'000, 20'000);
  upload.host.view(1).cwnd = upload.host.view(2).cwnd = 2000;
  ASSERT_NO_FATAL_FAILURE(leave_residue(upload));
  // Given that leg 2 has gone on until the peer might hold the limit,
  ASSERT_EQ(upload.go_on_with(2, 5000).leg, 1);
  EXPECT_EQ(upload.sent, 1 + Upload::kSendmeInc + kPeerLimit) << "9 cells are left";
  // Then leg 1 alone goes on, for as many cells as its SENDME still takes,
  for (std::uint32_t cell = 1; cell < Upload::kSendmeInc - 9; ++cell) {
    ASSERT_EQ(upload.send(), on_leg(1)) << "after " << cell << " of 22 cells";
  }
  EXPECT_EQ(upload.send(), blocked(Reason::kPeerWindowFull));
  // and with that leg 2 has its whole window again.
  upload.deliver_all(1);
  EXPECT_EQ(upload.host.view(1).inflight, 0U);
  EXPECT_EQ(upload.send().leg, 2);
}

class StallByName : public ::testing::TestWithParam<const char*> {
 protected:
  static std::string config() {
    return "version: 1\nconflux:\n  profile: fast\n  scheduler: " + std::string(GetParam()) + "\n";
  }
  // Of cells that go and arrive, one in a millisecond, how many leg 1 carries.
  static int share_of_leg_1(Upload& upload, int cells) {
    int share = 0;
    for (int cell = 0; cell < cells; ++cell) {
      const Grant grant = upload.send();
      EXPECT_EQ(grant.granted, 1U) << "cell " << cell;
      share += grant.leg == 1 ? 1 : 0;
      upload.deliver_all(grant.leg);
      upload.host.advance(ms(1));
    }
    return share;
  }
  // Of 1000 cells, so many went on leg 1 again. Those that save memory use up a window before they
  // leave a leg that has room.
  static void expect_return(int share) {
    const bool saves_memory = std::string_view(GetParam()).ends_with("_low_mem");
    EXPECT_GE(share, saves_memory ? 1000 - 124 : 1000);
  }
  // A SENDME's worth of cells on leg 1, which do not arrive.
  static void stall(Upload& upload) {
    ASSERT_NO_FATAL_FAILURE(send_on_leg_1(upload, Upload::kSendmeInc));
  }
};

TEST_P(StallByName, SkipsALegThatStandsStillAndUsesItAgainWhenItMoves) {
  Upload upload(config(), 10'000, 90'000);
  EXPECT_EQ(share_of_leg_1(upload, 1000), 1000);
  ASSERT_NO_FATAL_FAILURE(stall(upload));
  // When nothing has moved there for 250 ms, then nothing goes there any more;
  upload.host.advance(ms(250));
  EXPECT_EQ(upload.send().leg, 1) << "not yet";
  upload.host.advance(1);
  EXPECT_EQ(share_of_leg_1(upload, 400), 0);
  // and when it moves, it carries the rest.
  upload.deliver_all(1);
  expect_return(share_of_leg_1(upload, 1000));
}

// What short calls do not look at, the next long one does, and begins to count then.
TEST_P(StallByName, SkipsItAfterTwiceThatTimeThoughRttsSayNothingNew) {
  Upload upload(config(), 10'000, 90'000);
  upload.rtts_move = false;
  EXPECT_EQ(share_of_leg_1(upload, 1000), 1000);
  ASSERT_NO_FATAL_FAILURE(stall(upload));
  for (const std::uint64_t us : {ms(250) + 1, ms(250) + 1}) {
    upload.host.advance(us);
    static_cast<void>(upload.send());
  }
  EXPECT_EQ(share_of_leg_1(upload, 100), 0);
  upload.deliver_all(1);
  expect_return(share_of_leg_1(upload, 1000));
}

TEST_P(StallByName, StaysWithALegThatMovesThoughASendmeIsAlwaysOutstanding) {
  Upload upload(config(), 10'000, 90'000);
  ASSERT_NO_FATAL_FAILURE(send_on_leg_1(upload, 2 * Upload::kSendmeInc));
  for (int cell = 0; cell < 1000; ++cell) {
    upload.host.advance(ms(1));
    upload.deliver(1, 1);
    ASSERT_EQ(upload.send().leg, 1) << "after " << cell << " ms";
  }
}

INSTANTIATE_TEST_SUITE_P(Name, StallByName,
                         ::testing::Values("min_rtt", "low_rtt", "cwnd_rtt", "min_rtt_low_mem",
                                           "low_rtt_low_mem", "blest", "ecf"),
                         [](const auto& named) { return std::string(named.param); });

// Two legs of 10 and 40 ms under BLEST; for two seconds the first has delivered three times as
// much.
struct LaggingLeg : Upload {
  LaggingLeg()
      : Upload("version: 1\nconflux:\n  profile: lab\n  scheduler: blest\n", 10'000, 40'000) {
    for (int tenth = 0; tenth < 20; ++tenth) {
      for (std::uint32_t cell = 0; cell < 3 * kSendmeInc; ++cell) EXPECT_EQ(send().leg, 1);
      deliver_all(1);
      send_on_leg_2(kSendmeInc);
      deliver_all(2);
      host.advance(100'000);
    }
    rtts_move = false;
  }
  // While the first leg is full. How many went.
  std::uint32_t send_on_leg_2(std::uint32_t most) {
    mpath_leg_view& fast = host.view(1);
    const std::uint32_t inflight = std::exchange(fast.inflight, fast.cwnd);
    std::uint32_t went = 0;
    while (went < most && send().leg == 2) ++went;
    fast.inflight = inflight;
    return went;
  }
};

TEST(UploadThroughTheTable, BlestHoldsALegThatDeliversLittleToFourSendmes) {
  // It has delivered 310 cells a second, which is no more than it might in 140 ms.
  LaggingLeg upload;
  upload.host.view(1).cwnd = upload.host.view(2).cwnd = 1000;
  EXPECT_EQ(upload.send_on_leg_2(1000), 4 * Upload::kSendmeInc);
  // What arrives makes room for as much.
  upload.deliver(2, Upload::kSendmeInc);
  EXPECT_EQ(upload.send_on_leg_2(1000), Upload::kSendmeInc);
}

TEST(UploadThroughTheTable, BlestWaitsEarlierForWhatALaggingLegHoldsUp) {
  LaggingLeg upload;
  const std::uint64_t before = upload.sent;
  ASSERT_EQ(upload.send_on_leg_2(Upload::kSendmeInc), Upload::kSendmeInc);
  EXPECT_EQ(upload.go_on_with(1, 5000), blocked(Reason::kPeerWindowFull));
  // 124 + 4 * 124 cells in 40 ms, and two fifths of that; under low_rtt twice as many.
  EXPECT_EQ(upload.sent - before, 620U + 248U);
}

TEST(UploadThroughTheTable, BlestNamesWhenTimeAloneLetsDataGo) {
  // Given a lagging leg that has frozen, and another one that waits for the peer's window,
  LaggingLeg upload;
  ASSERT_EQ(upload.send_on_leg_2(Upload::kSendmeInc), Upload::kSendmeInc);
  ASSERT_EQ(upload.go_on_with(1, 5000), blocked(Reason::kPeerWindowFull));
  // when the host asks at the times that it is told, and at no other,
  int asked = 0;
  for (; upload.host.can_read().status == Status::kBlocked; ++asked) {
    ASSERT_LT(asked, 5);
    upload.host.poll();
    ASSERT_NE(upload.host.deadline(), MPATH_NEVER) << "after " << asked;
    upload.host.now_us = upload.host.deadline();
  }
  // then it learns that rates of long ago bound nothing any more.
  EXPECT_GE(asked, 2) << "first that the leg has stalled";
  EXPECT_EQ(upload.send().leg, 1);
}

TEST(UploadThroughTheTable, CanReadJudgesLegsByItsOwnTime) {
  // Given two legs, the first of which carried a window's worth that nobody acknowledged
  Upload upload(low_rtt_config(), 10'000, 90'000);
  ASSERT_NO_FATAL_FAILURE(send_on_leg_1(upload, Upload::kSendmeInc));
  // when it has stalled in the meantime,
  upload.host.advance(ms(251));
  // then the question names the leg that route() then takes.
  int leg = 0;
  EXPECT_EQ(upload.host.can_read(&leg).status, Status::kOk);
  EXPECT_EQ(leg, 2);
  EXPECT_EQ(upload.send().leg, 2);
}

TEST(UploadThroughTheTable, CanReadTakesInThatALegMovesAgain) {
  // Given the better of two legs, with two SENDMEs' worth under way, that has stalled,
  Upload upload(low_rtt_config(), 10'000, 90'000);
  ASSERT_NO_FATAL_FAILURE(send_on_leg_1(upload, 2 * Upload::kSendmeInc));
  upload.host.advance(ms(251));
  ASSERT_EQ(upload.send().leg, 2);
  // when the first of them arrive, and nobody sends or polls,
  upload.deliver(1, Upload::kSendmeInc);
  // then the question alone finds that out.
  int leg = 0;
  EXPECT_EQ(upload.host.can_read(&leg).status, Status::kOk);
  EXPECT_EQ(leg, 1);
  EXPECT_EQ(upload.send().leg, 1);
}

TEST(UploadThroughTheTable, CanReadLearnsNothingForLater) {
  // Given a leg of which something has arrived, and a question that is asked about next year,
  Upload upload(low_rtt_config(), 10'000, 90'000);
  ASSERT_NO_FATAL_FAILURE(send_on_leg_1(upload, 2 * Upload::kSendmeInc));
  upload.deliver(1, Upload::kSendmeInc);
  const std::uint64_t year = seconds(365 * 24 * 3600ULL);
  upload.host.advance(year);
  EXPECT_EQ(upload.host.can_read().status, Status::kOk);
  upload.host.now_us -= year;
  // when the leg then stands still,
  ASSERT_EQ(upload.send().leg, 1);
  upload.host.advance(ms(251));
  // it counts as stalled no later than without the question.
  EXPECT_EQ(upload.send().leg, 2);
}

class WaitingScheduler : public testing::TestWithParam<const char*> {
 protected:
  static constexpr std::uint32_t kFastUs = 70'000;
  Upload upload_{
      std::string("version: 1\nconflux:\n  profile: lab\n  scheduler: ") + GetParam() + "\n",
      kFastUs, 10 * kFastUs};
};

INSTANTIATE_TEST_SUITE_P(Name, WaitingScheduler,
                         testing::Values("min_rtt", "cwnd_rtt", "min_rtt_low_mem", "blest", "ecf"),
                         [](const auto& it) { return std::string(it.param); });

TEST_P(WaitingScheduler, IsAskedAgainInTimeWhereOnlyAFrozenLegIsWaitedFor) {
  // Given DATA that waits for the better leg while the other has room,
  while (upload_.send().status == Status::kOk) {
  }
  ASSERT_LT(upload_.host.view(2).inflight, upload_.host.view(2).cwnd);
  // when that one freezes, and a host sleeps until the time that poll() names,
  (void)upload_.host.poll();
  ASSERT_EQ(upload_.host.deadline(), upload_.host.now_us + 4 * kFastUs + 1);
  upload_.host.now_us = upload_.host.deadline() - 1;
  EXPECT_EQ(upload_.send().status, Status::kBlocked);
  upload_.host.advance(1);
  // then the other leg goes on, and no time is named twice.
  EXPECT_EQ(upload_.send().leg, 2);
  (void)upload_.host.poll();
  EXPECT_GT(upload_.host.deadline(), upload_.host.now_us + 1);
}

TEST_P(WaitingScheduler, NamesNoTimeWhereNothingWaits) {
  while (upload_.send().status == Status::kOk) {
  }
  upload_.host.backlog = 0;
  (void)upload_.host.poll();
  EXPECT_EQ(upload_.host.deadline(), MPATH_NEVER);
}

}  // namespace
}  // namespace conflux::test
