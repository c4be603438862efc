#include "plugin/sched/min_rtt.h"

#include <gtest/gtest.h>

#include "test/plugin/unit/support/candidates.h"

namespace conflux {
namespace {

using test::candidate;

TEST(MinRtt, TakesTheFastestLeg) {
  const std::array legs = {candidate(0, 30, Reason::NONE), candidate(1, 10, Reason::NONE),
                           candidate(2, 20, Reason::NONE)};
  EXPECT_EQ(MinRtt{}.pick({.legs = legs}).index, 1U);
}

TEST(MinRtt, StaysWithTheFirstOfEquals) {  // regression R51: flapping
  const std::array legs = {candidate(0, 10, Reason::NONE), candidate(1, 10, Reason::NONE)};
  EXPECT_EQ(MinRtt{}.pick({.legs = legs}).index, 0U);
}

TEST(MinRtt, WaitsWhileTheFastestLegCannotSendAndSaysWhy) {
  for (const Reason why :
       {Reason::PRIMARY_FULL, Reason::CHANNEL_BLOCKED, Reason::PADDING_BLOCKED}) {
    const std::array legs = {candidate(0, 10, why), candidate(1, 20, Reason::NONE)};
    const Pick pick = MinRtt{}.pick({.legs = legs});
    EXPECT_EQ(pick.index, std::nullopt);
    EXPECT_EQ(pick.reason, why);
  }
}

TEST(MinRtt, HoldsForEverySmallSet) {
  int sets = 0;
  test::for_each_small_set([&](std::span<const Candidate> legs) {
    ++sets;
    const Candidate* fastest = &legs[0];
    for (const Candidate& leg : legs) {
      if (leg.rtt_us < fastest->rtt_us) fastest = &leg;
    }
    const Pick pick = MinRtt{}.pick({.legs = legs});
    ASSERT_EQ(pick.reason, fastest->obstacle);
    ASSERT_EQ(pick.index.has_value(), fastest->obstacle == Reason::NONE);
    ASSERT_EQ(pick.index.value_or(fastest->index), fastest->index);
  });
  EXPECT_EQ(sets, 12 + 12 * 12 + 12 * 12 * 12);
}

}  // namespace
}  // namespace conflux
