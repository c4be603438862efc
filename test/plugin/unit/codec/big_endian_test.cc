#include "plugin/codec/big_endian.h"

#include <gtest/gtest.h>

#include <array>

namespace conflux {
namespace {

TEST(BigEndian, PutsTheMostSignificantByteFirst) {
  std::array<std::uint8_t, 8> bytes;
  store_big_endian<std::uint64_t>(0x0102030405060708, std::span<std::uint8_t, 8>(bytes));
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 8>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(load_big_endian<std::uint64_t>(bytes), 0x0102030405060708U);
}

TEST(BigEndian, RoundTripsTheExtremes) {
  std::array<std::uint8_t, 4> bytes;
  for (const std::uint32_t value : {0U, 1U, 0x80000000U, UINT32_MAX}) {
    store_big_endian<std::uint32_t>(value, std::span<std::uint8_t, 4>(bytes));
    EXPECT_EQ(load_big_endian<std::uint32_t>(bytes), value);
  }
}

}  // namespace
}  // namespace conflux
