#include "plugin/sched/delivered_rate.h"

#include <gtest/gtest.h>

namespace conflux {
namespace {

constexpr Instant at(std::int64_t ms) { return Instant(Micros(1'000 * ms)); }

TEST(DeliveredRate, IsNothingBeforeTheFirstAcknowledgement) {
  EXPECT_EQ(DeliveredRate{}.per_second(at(5'000)), 0U);
}

TEST(DeliveredRate, TakesAYoungLegToBeASecondOld) {
  DeliveredRate rate;
  rate.commit_acked(31, at(70'000));
  EXPECT_EQ(rate.per_second(at(70'000)), 31U);
  rate.commit_acked(1'031, at(70'000));
  EXPECT_EQ(rate.per_second(at(70'000)), 1'031U);
}

TEST(DeliveredRate, ComesToWhatALegDelivers) {
  DeliveredRate rate;
  std::uint64_t acked = 0;
  std::int64_t ms = 0;
  for (; ms < 10'000; ms += 31) rate.commit_acked(acked += 31, at(ms));
  EXPECT_NEAR(static_cast<double>(rate.per_second(at(ms))), 1'000, 50);
  // Of what comes at once it believes half.
  rate.commit_acked(acked + 1'000, at(ms));
  EXPECT_NEAR(static_cast<double>(rate.per_second(at(ms))), 1'500, 50);
}

TEST(DeliveredRate, FadesWithinTwoSecondsOfSilence) {
  DeliveredRate rate;
  rate.commit_acked(1, at(0));
  rate.commit_acked(2'001, at(2'000));
  EXPECT_EQ(rate.per_second(at(3'000)), 500U);
  EXPECT_EQ(rate.per_second(at(4'000)), 0U);
  EXPECT_EQ(rate.per_second(at(4'000'000'000)), 0U);
}

TEST(DeliveredRate, WrapsAndSaturates) {
  DeliveredRate rate;
  rate.commit_acked(UINT32_MAX, at(0));
  EXPECT_EQ(rate.per_second(at(0)), UINT32_MAX);
  rate.commit_acked(std::uint64_t{UINT32_MAX} + 31, at(0));
  EXPECT_EQ(rate.per_second(at(0)), UINT32_MAX);
  EXPECT_EQ(rate.per_second(at(-1)), UINT32_MAX) << "an earlier time is now";
}

}  // namespace
}  // namespace conflux
