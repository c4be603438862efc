#include "examples/onion_proxy/proxy/far_legs.h"

#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;
const Instant kStart{Micros(1'000'000)};

TEST(FarLegPolicy, IsFarByShareAndByMargin) {
  const FarLegPolicy policy{.percent = 150, .margin = milliseconds(30)};
  EXPECT_TRUE(policy.is_far(milliseconds(150), milliseconds(50)));
  EXPECT_TRUE(policy.is_far(milliseconds(150), milliseconds(100)));
  // Half as long again, to the microsecond,
  EXPECT_FALSE(policy.is_far(Micros(149'999), milliseconds(100)));
  // but what is near cannot be far from what is next door.
  EXPECT_FALSE(policy.is_far(milliseconds(30), milliseconds(2)));
  EXPECT_TRUE(policy.is_far(milliseconds(32), milliseconds(2)));
}

TEST(FarLegPolicy, TheNearerOneIsNotFar) {
  EXPECT_FALSE(FarLegPolicy().is_far(milliseconds(50), milliseconds(150)));
  EXPECT_FALSE(FarLegPolicy().is_far(milliseconds(150), milliseconds(150)));
}

TEST(BulkWatch, OneLongStreamIsBulk) {
  BulkWatch watch;
  watch.note_longest(512 * kKiB - 1);
  EXPECT_FALSE(watch.is_bulk());
  watch.note_longest(512 * kKiB);
  EXPECT_TRUE(watch.is_bulk());
}

TEST(BulkWatch, ManyShortStreamsAreBulkIfTheyMakeNoPause) {
  BulkWatch watch;
  watch.note_all(0, kStart);
  for (uint64_t step = 1; step < 30; ++step) {
    const Instant now = kStart + milliseconds(4900) * static_cast<int64_t>(step);
    EXPECT_FALSE(watch.note_all(step * 136 * kKiB, now)) << step;
    EXPECT_FALSE(watch.is_bulk()) << step;
  }
  watch.note_all(4 * kMiB, kStart + milliseconds(4900 * 30));
  EXPECT_TRUE(watch.is_bulk());
}

TEST(BulkWatch, PagesWithPausesBetweenThemAreBurstsOfTheirOwn) {
  BulkWatch watch;
  Instant now = kStart;
  uint64_t all = 0;
  EXPECT_TRUE(watch.note_all(all, now));
  for (size_t page = 0; page < 20; ++page) {
    for (size_t part = 0; part < 30; ++part) {
      now += milliseconds(10);
      all += 100 * kKiB;
      // Streams begin to count anew with the first byte behind a pause.
      EXPECT_EQ(watch.note_all(all, now), page > 0 && part == 0);
      ASSERT_FALSE(watch.is_bulk()) << page;
    }
    now += seconds(5);
    // Turns in which nothing has moved are no movement.
    EXPECT_FALSE(watch.note_all(all, now - milliseconds(11)));
  }
}

TEST(BulkWatch, ATrickleIsNoBurstHoweverLongItLasts) {
  BulkWatch watch;
  uint64_t bursts = 0;
  for (uint64_t second = 0; second < 24 * 3600; ++second) {
    bursts += watch.note_all(second * kKiB, kStart + seconds(second)) ? 1 : 0;
    ASSERT_FALSE(watch.is_bulk()) << second;
  }
  EXPECT_EQ(bursts, 24u * 12) << "a new one every five minutes";
}

TEST(BulkWatch, WhatMovedBeforeAnybodyWaitedIsNotCounted) {
  BulkWatch watch;
  EXPECT_TRUE(watch.note_all(100 * kMiB, kStart));
  EXPECT_FALSE(watch.is_bulk());
  watch.note_all(104 * kMiB - 1, kStart);
  EXPECT_FALSE(watch.is_bulk());
  watch.note_all(104 * kMiB, kStart);
  EXPECT_TRUE(watch.is_bulk());
}

TEST(BulkWatch, TheAnswerStaysYes) {
  BulkWatch watch;
  watch.note_longest(kMiB);
  watch.note_all(kMiB, kStart + seconds(100));
  watch.note_longest(0);
  EXPECT_TRUE(watch.is_bulk());
}

}  // namespace
}  // namespace onion_proxy
