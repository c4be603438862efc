#include "plugin/abi/log_ring.h"

#include <gtest/gtest.h>

namespace conflux {
namespace {

mpath_log_record record(std::uint64_t value) {
  mpath_log_record record{};
  record.value = value;
  return record;
}

TEST(LogRing, GivesRecordsBackOldestFirst) {
  LogRing ring;
  for (std::uint64_t i = 0; i < 3; ++i) ring.push(record(i));
  EXPECT_EQ(ring.size(), 3U);
  mpath_log_record out{};
  for (std::uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(ring.pop(out));
    EXPECT_EQ(out.value, i);
  }
  EXPECT_FALSE(ring.pop(out));
  EXPECT_EQ(ring.take_lost(), 0U);
}

TEST(LogRing, LosesTheOldestWhenNobodyDrainsAndCountsThem) {
  LogRing ring;
  for (std::uint64_t i = 0; i < LogRing::kCapacity + 5; ++i) ring.push(record(i));
  EXPECT_EQ(ring.size(), LogRing::kCapacity);
  EXPECT_EQ(ring.take_lost(), 5U);
  EXPECT_EQ(ring.take_lost(), 0U) << "told once";
  mpath_log_record out{};
  ASSERT_TRUE(ring.pop(out));
  EXPECT_EQ(out.value, 5U);
}

TEST(LogRing, KeepsItsOrderAcrossItsEnd) {
  LogRing ring;
  mpath_log_record out{};
  std::uint64_t popped = 0;
  for (std::uint64_t i = 0; i < 2 * LogRing::kCapacity; ++i) {
    ring.push(record(i));
    if (i % 3 == 0) continue;
    ASSERT_TRUE(ring.pop(out));
    ASSERT_EQ(out.value, popped++);
  }
  EXPECT_EQ(ring.take_lost(), 0U);
}

}  // namespace
}  // namespace conflux
