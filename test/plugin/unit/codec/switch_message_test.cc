#include "plugin/codec/switch_message.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace conflux {
namespace {

TEST(SwitchMessage, IsFourBytesBigEndian) {  // regression R15: the length was always the maximum
  EXPECT_EQ(encode_switch(SeqDelta{0x01020304}), (std::array<std::uint8_t, 4>{1, 2, 3, 4}));
  EXPECT_EQ(encode_switch(SeqDelta{125}), (std::array<std::uint8_t, 4>{0, 0, 0, 125}));
}

TEST(SwitchMessage, RoundTripsTheExtremes) {
  for (const std::uint32_t delta : {0U, 1U, 31U, 0x7FFFFFFFU, 0x80000000U, UINT32_MAX}) {
    EXPECT_EQ(parse_switch(encode_switch(SeqDelta{delta})), SeqDelta{delta});
  }
}

TEST(SwitchMessage, IsRefusedWhenTruncated) {
  const std::vector<std::uint8_t> bytes = {0, 0, 0};
  for (std::size_t length = 0; length <= 3; ++length) {
    EXPECT_EQ(parse_switch(std::span(bytes).first(length)), std::nullopt) << length << " bytes";
  }
}

TEST(SwitchMessage, ToleratesBytesAfterIt) {
  const std::vector<std::uint8_t> bytes = {0, 0, 0, 9, 0xFF};
  EXPECT_EQ(parse_switch(bytes), SeqDelta{9});
}

}  // namespace
}  // namespace conflux
