#include "plugin/sched/delivered_rate.h"

#include <gtest/gtest.h>

namespace conflux {
namespace {

constexpr Instant at(std::int64_t ms) { return Instant(Micros(1'000 * ms)); }
// Each step rounds down.
double per_second(const DeliveredRate& rate, std::int64_t ms) {
  return static_cast<double>(rate.per_second(at(ms)));
}

TEST(DeliveredRate, IsNothingBeforeTheFirstAcknowledgement) {
  EXPECT_EQ(DeliveredRate{}.per_second(at(5'000)), 0U);
}

TEST(DeliveredRate, BeginsWhereTheFirstTotalIs) {
  DeliveredRate rate;
  rate.commit_acked(123'456'789, at(70'000));
  EXPECT_EQ(rate.per_second(at(70'000)), 0U);
}

TEST(DeliveredRate, TakesAYoungLegToBeASecondOld) {
  DeliveredRate rate;
  rate.commit_acked(31, at(70'000));
  rate.commit_acked(531, at(70'500));
  EXPECT_EQ(rate.per_second(at(70'500)), 500U);
  EXPECT_EQ(rate.per_second(at(70'999)), 500U) << "not older than a second yet";
  rate.commit_acked(1'031, at(71'000));
  EXPECT_NEAR(per_second(rate, 71'000), 1'000, 2);
}

TEST(DeliveredRate, IsTheAverageOfALifeOfUpToTwoSeconds) {
  DeliveredRate rate;
  rate.commit_acked(31, at(0));
  rate.commit_acked(1'231, at(1'000));
  EXPECT_NEAR(per_second(rate, 1'500), 800, 2) << "nothing came for half a second";
  rate.commit_acked(1'531, at(1'500));
  EXPECT_NEAR(per_second(rate, 1'500), 1'000, 2);
  rate.commit_acked(1'531 + 100, at(2'000));
  EXPECT_NEAR(per_second(rate, 2'000), 800, 2);
}

TEST(DeliveredRate, SpreadsWhatWasSeenLateOverTheWholeSilence) {
  DeliveredRate rate;
  rate.commit_acked(1, at(0));
  rate.commit_acked(601, at(10'000));
  EXPECT_EQ(rate.per_second(at(10'000)), 60U);
}

TEST(DeliveredRate, ComesToWhatALegDelivers) {
  DeliveredRate rate;
  std::uint64_t acked = 0;
  std::int64_t ms = 0;
  for (; ms < 10'000; ms += 31) rate.commit_acked(acked += 31, at(ms));
  EXPECT_NEAR(per_second(rate, ms), 1'000, 50);
  // Of what comes at once it believes half.
  rate.commit_acked(acked + 1'000, at(ms));
  EXPECT_NEAR(per_second(rate, ms), 1'500, 50);
}

TEST(DeliveredRate, FadesWithinTwoSecondsOfSilence) {
  DeliveredRate rate;
  rate.commit_acked(1, at(0));
  rate.commit_acked(2'001, at(2'000));
  EXPECT_EQ(rate.per_second(at(3'000)), 500U);
  EXPECT_EQ(rate.per_second(at(4'000)), 0U);
  EXPECT_EQ(rate.per_second(at(4'000'000'000)), 0U);
}

TEST(DeliveredRate, SaysWhenAllOfItWillBeForgotten) {
  DeliveredRate rate;
  EXPECT_EQ(rate.forgotten_at(at(0)), kNever) << "nothing is known";
  rate.commit_acked(1, at(0));
  EXPECT_EQ(rate.forgotten_at(at(0)), kNever);
  // A leg that is not old yet is remembered until it would have been, and as long again.
  rate.commit_acked(2'001, at(500));
  for (const std::int64_t last : {500, 2'000}) {
    if (last == 2'000) rate.commit_acked(4'001, at(last));
    const Instant end = rate.forgotten_at(at(last));
    EXPECT_GT(rate.per_second(end - Micros{1}), 0U) << last;
    EXPECT_EQ(rate.per_second(end), 0U) << last;
    EXPECT_EQ(rate.forgotten_at(end), kNever) << last;
  }
}

TEST(DeliveredRate, WrapsAndSaturates) {
  DeliveredRate rate;
  rate.commit_acked(UINT32_MAX - 10, at(0));
  rate.commit_acked(std::uint64_t{UINT32_MAX} + 21, at(0));
  EXPECT_EQ(rate.per_second(at(0)), 31U);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    rate.commit_acked(std::uint64_t{UINT32_MAX} + 21 + i * INT32_MAX, at(0));
  }
  EXPECT_EQ(rate.per_second(at(0)), UINT32_MAX);
  EXPECT_EQ(rate.per_second(at(-1)), UINT32_MAX) << "an earlier time is now";
}

TEST(DeliveredRate, HeedsNoTotalThatGoesBack) {
  DeliveredRate rate;
  rate.commit_acked(1'000, at(0));
  rate.commit_acked(1'100, at(0));
  rate.commit_acked(1'050, at(0));
  EXPECT_EQ(rate.per_second(at(0)), 100U);
  rate.commit_acked(1'080, at(0));
  EXPECT_EQ(rate.per_second(at(0)), 130U) << "and goes on from there";
}

}  // namespace
}  // namespace conflux
