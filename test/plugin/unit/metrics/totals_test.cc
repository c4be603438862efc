#include "plugin/metrics/totals.h"

#include <gtest/gtest.h>

namespace conflux {
namespace {

using region::Metric;
using region::word_of;

std::uint64_t told(Totals& totals, Metric metric, std::size_t value = 0) {
  return totals.tell()[word_of(metric) + value];
}

TEST(Totals, FloorCountersToTheirBin) {
  Totals totals(false);
  totals.add(Metric::kCellsSent, 1, 1023);
  EXPECT_EQ(told(totals, Metric::kCellsSent, 1), 0U);
  totals.add(Metric::kCellsSent, 1, 1);
  EXPECT_EQ(told(totals, Metric::kCellsSent, 1), 1024U);
  EXPECT_EQ(told(totals, Metric::kCellsSent, 0), 0U) << "another label value";
}

TEST(Totals, RoundGaugesUpSoThatOneTunnelLooksLikeEight) {
  Totals totals(false);
  EXPECT_EQ(told(totals, Metric::kTunnels), 0U);
  totals.set(Metric::kTunnels, 0, 1);
  EXPECT_EQ(told(totals, Metric::kTunnels), 8U);
  totals.set(Metric::kTunnels, 0, 9);
  EXPECT_EQ(told(totals, Metric::kTunnels), 16U);
}

TEST(Totals, HoldAHistogramBackUntilSixteenContributed) {
  Totals totals(false);
  const std::size_t first = word_of(Metric::kHandshakeRtt);
  for (int i = 0; i < 15; ++i) totals.observe(Metric::kHandshakeRtt, 60'000);
  EXPECT_EQ(totals.tell()[first + 1], 0U);
  totals.observe(Metric::kHandshakeRtt, 60'000);
  EXPECT_EQ(totals.tell()[first + 1], 16U);
  // The next ones wait again.
  totals.observe(Metric::kHandshakeRtt, 60'000);
  EXPECT_EQ(totals.tell()[first + 1], 16U);
}

TEST(Totals, PutAnObservationIntoItsBucketAndIntoTheSum) {
  Totals totals(true);
  const region::MetricSpec& spec = region::spec(Metric::kHandshakeRtt);
  const std::size_t first = word_of(Metric::kHandshakeRtt);
  totals.observe(Metric::kHandshakeRtt, spec.bounds[0]);      // on the bound: below it
  totals.observe(Metric::kHandshakeRtt, spec.bounds[0] + 1);  // above it
  totals.observe(Metric::kHandshakeRtt, spec.bounds.back() + 1);
  const auto words = totals.tell();
  EXPECT_EQ(words[first], 1U);
  EXPECT_EQ(words[first + 1], 1U);
  EXPECT_EQ(words[first + spec.bounds.size()], 1U) << "above all bounds";
  EXPECT_EQ(words[first + spec.bounds.size() + 1], 2 * spec.bounds[0] + spec.bounds.back() + 2);
}

TEST(Totals, AreExactInALaboratory) {
  Totals totals(true);
  totals.add(Metric::kCellsSent, 0, 5);
  totals.set(Metric::kTunnels, 0, 3);
  EXPECT_EQ(told(totals, Metric::kCellsSent), 5U);
  EXPECT_EQ(told(totals, Metric::kTunnels), 3U);
}

TEST(Totals, NeverTellLessThanBefore) {
  Totals totals(false);
  std::uint64_t before = 0;
  for (int i = 0; i < 5000; ++i) {
    totals.add(Metric::kCellsReceived, 0, 7);
    const std::uint64_t now = told(totals, Metric::kCellsReceived);
    EXPECT_GE(now, before);
    before = now;
  }
  EXPECT_EQ(before, 5000U * 7 / 1024 * 1024);
}

}  // namespace
}  // namespace conflux
