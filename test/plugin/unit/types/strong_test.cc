#include "plugin/types/strong.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <type_traits>

namespace conflux {
namespace {

constexpr std::uint64_t kMax64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t kMax32 = std::numeric_limits<std::uint32_t>::max();

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept Comparable = requires(A a, B b) {
  a == b;
};

// What must not compile: these are the mistakes that the types exist to prevent.
static_assert(!Addable<SeqNo, SeqDelta> && !Addable<SeqNo, SeqNo> && !Addable<SeqNo, int>);
static_assert(!Comparable<SeqNo, SeqDelta> && !Comparable<SeqNo, Cells>);
static_assert(!std::is_convertible_v<std::uint64_t, SeqNo>);
static_assert(!std::is_convertible_v<SeqNo, std::uint64_t>);
static_assert(!std::is_constructible_v<SeqNo, SeqDelta>);
static_assert(!std::is_constructible_v<Cells, Bytes>);

TEST(CheckedAdd, SumsUpToTheLargestSequenceNumber) {
  EXPECT_EQ(checked_add(SeqNo{0}, SeqDelta{0}), SeqNo{0});
  EXPECT_EQ(checked_add(SeqNo{5}, SeqDelta{7}), SeqNo{12});
  EXPECT_EQ(checked_add(SeqNo{kMax64 - kMax32}, SeqDelta{kMax32}), SeqNo{kMax64});
  EXPECT_EQ(checked_add(SeqNo{kMax64}, SeqDelta{0}), SeqNo{kMax64});
}

TEST(CheckedAdd, AnswersNothingWhereTheSumWouldWrap) {
  EXPECT_EQ(checked_add(SeqNo{kMax64}, SeqDelta{1}), std::nullopt);
  EXPECT_EQ(checked_add(SeqNo{kMax64 - kMax32 + 1}, SeqDelta{kMax32}), std::nullopt);
  EXPECT_EQ(checked_add(SeqNo{kMax64}, SeqDelta{kMax32}), std::nullopt);
}

TEST(CheckedAdd, CountsInSixtyFourBits) {  // regression R61: 32-bit counters
  EXPECT_EQ(checked_add(SeqNo{kMax32}, SeqDelta{1}), SeqNo{std::uint64_t{1} << 32U});
}

TEST(Advance, GoesOnByOneAsLongAsThereAreNumbers) {  // attack A19
  SeqNo seq{kMax32};
  EXPECT_TRUE(advance(seq));
  EXPECT_EQ(seq, SeqNo{std::uint64_t{1} << 32U}) << "regression R61: 32-bit counters";
  seq = SeqNo{kMax64 - 1};
  EXPECT_TRUE(advance(seq));
  EXPECT_EQ(seq, SeqNo{kMax64});
  EXPECT_FALSE(advance(seq));
}

TEST(Distance, IsWhatASwitchCarries) {
  EXPECT_EQ(distance(SeqNo{3}, SeqNo{3}), SeqDelta{0});
  EXPECT_EQ(distance(SeqNo{3}, SeqNo{10}), SeqDelta{7});
  EXPECT_EQ(distance(SeqNo{0}, SeqNo{kMax32}), SeqDelta{kMax32});
  EXPECT_EQ(distance(SeqNo{kMax64 - 1}, SeqNo{kMax64}), SeqDelta{1});
}

TEST(Distance, AnswersNothingBackwardsOrBeyondThirtyTwoBits) {
  EXPECT_EQ(distance(SeqNo{4}, SeqNo{3}), std::nullopt);
  EXPECT_EQ(distance(SeqNo{kMax64}, SeqNo{0}), std::nullopt);
  EXPECT_EQ(distance(SeqNo{0}, SeqNo{std::uint64_t{kMax32} + 1}), std::nullopt);
  EXPECT_EQ(distance(SeqNo{0}, SeqNo{kMax64}), std::nullopt);
}

TEST(Distance, UndoesCheckedAdd) {
  for (const std::uint64_t from : {std::uint64_t{0}, std::uint64_t{kMax32}, kMax64 - kMax32}) {
    for (const std::uint32_t delta : {0U, 1U, 1000U, kMax32}) {
      const std::optional<SeqNo> to = checked_add(SeqNo{from}, SeqDelta{delta});
      ASSERT_TRUE(to);
      EXPECT_EQ(distance(SeqNo{from}, *to), SeqDelta{delta});
    }
  }
}

TEST(Next, IsOneMore) { EXPECT_EQ(next(SeqNo{41}), SeqNo{42}); }

TEST(LegId, KeepsItsSlotInTheLowByte) {
  EXPECT_EQ(slot_of(LegId{0xABCDEF03}), 3U);
  EXPECT_EQ(slot_of(LegId{0x10F}), 15U);
}

TEST(Strong, OrdersByItsNumberAndBeginsAtZero) {
  EXPECT_EQ(SeqNo{}.raw(), 0U);
  EXPECT_LT(SeqNo{1}, SeqNo{2});
  EXPECT_NE(Cells{1}, Cells{2});
}

}  // namespace
}  // namespace conflux
