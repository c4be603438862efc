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
  watch.note({.all = 512 * kKiB, .longest_stream = 512 * kKiB - 1}, kStart);
  EXPECT_FALSE(watch.is_bulk());
  watch.note({.all = 512 * kKiB + 1, .longest_stream = 512 * kKiB}, kStart);
  EXPECT_TRUE(watch.is_bulk());
}

TEST(BulkWatch, ManyShortStreamsAreBulkIfTheyMakeNoPause) {
  BulkWatch watch;
  watch.note({}, kStart);
  for (uint64_t step = 1; step < 40; ++step) {
    watch.note({.all = step * 100 * kKiB, .longest_stream = 100 * kKiB},
               kStart + milliseconds(900) * static_cast<int64_t>(step));
    EXPECT_FALSE(watch.is_bulk()) << step;
  }
  watch.note({.all = 4 * kMiB, .longest_stream = 100 * kKiB}, kStart + milliseconds(900 * 40));
  EXPECT_TRUE(watch.is_bulk());
}

TEST(BulkWatch, PagesWithPausesBetweenThemAreNot) {
  BulkWatch watch;
  Instant now = kStart;
  watch.note({}, now);
  for (uint64_t page = 0; page < 20; ++page) {
    for (uint64_t part = 1; part <= 30; ++part) {
      now += milliseconds(10);
      watch.note({.all = (page * 30 + part) * 100 * kKiB, .longest_stream = 100 * kKiB}, now);
      ASSERT_FALSE(watch.is_bulk()) << page;
    }
    now += seconds(1);
    // Turns in which nothing has moved are no movement.
    watch.note({.all = (page + 1) * 30 * 100 * kKiB}, now - milliseconds(1));
  }
}

TEST(BulkWatch, WhatMovedBeforeAnybodyWaitedIsNotCountedAsOne) {
  BulkWatch watch;
  watch.note({.all = 100 * kMiB}, kStart);
  EXPECT_FALSE(watch.is_bulk());
  watch.note({.all = 104 * kMiB - 1}, kStart);
  EXPECT_FALSE(watch.is_bulk());
  watch.note({.all = 104 * kMiB}, kStart);
  EXPECT_TRUE(watch.is_bulk());
}

TEST(BulkWatch, TheAnswerStaysYes) {
  BulkWatch watch;
  watch.note({.all = kMiB, .longest_stream = kMiB}, kStart);
  watch.note({.all = kMiB}, kStart + seconds(100));
  EXPECT_TRUE(watch.is_bulk());
}

}  // namespace
}  // namespace onion_proxy
