#include "plugin/sched/low_rtt.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "test/plugin/unit/support/candidates.h"

namespace conflux {
namespace {

using test::candidate;

TEST(LowRtt, TakesTheFastestLegThatCanSend) {
  const std::array legs = {candidate(0, 10, Reason::PRIMARY_FULL), candidate(1, 30, Reason::NONE),
                           candidate(2, 20, Reason::NONE)};
  EXPECT_EQ(LowRtt{}.pick({.legs = legs}).index, 2U);
}

TEST(LowRtt, StaysWithTheFirstOfEquals) {  // regression R51: flapping
  const std::array legs = {candidate(3, 10, Reason::NONE), candidate(5, 10, Reason::NONE)};
  EXPECT_EQ(LowRtt{}.pick({.legs = legs}).index, 3U);
}

TEST(LowRtt, SaysThatAllAreFullOnlyIfAllAre) {
  const std::array full = {candidate(0, 10, Reason::PRIMARY_FULL),
                           candidate(1, 20, Reason::PRIMARY_FULL)};
  EXPECT_EQ(LowRtt{}.pick({.legs = full}).reason, Reason::ALL_FULL);
  const std::array mixed = {candidate(0, 10, Reason::CHANNEL_BLOCKED),
                            candidate(1, 20, Reason::PRIMARY_FULL)};
  EXPECT_EQ(LowRtt{}.pick({.legs = mixed}).reason, Reason::CHANNEL_BLOCKED);
}

TEST(LowRtt, HoldsForEverySmallSet) {
  test::for_each_small_set([&](std::span<const Candidate> legs) {
    const Candidate* best = nullptr;
    for (const Candidate& leg : legs) {
      if (leg.obstacle != Reason::NONE) continue;
      if (best == nullptr || leg.rtt_us < best->rtt_us) best = &leg;
    }
    const Pick pick = LowRtt{}.pick({.legs = legs});
    ASSERT_EQ(pick.index.has_value(), best != nullptr);
    if (best != nullptr) {
      ASSERT_EQ(*pick.index, best->index);
      ASSERT_EQ(pick.reason, Reason::NONE);
    } else {
      const bool all_full = std::ranges::all_of(
          legs, [](const Candidate& leg) { return leg.obstacle == Reason::PRIMARY_FULL; });
      ASSERT_EQ(pick.reason, all_full ? Reason::ALL_FULL : legs[0].obstacle);
    }
  });
}

}  // namespace
}  // namespace conflux
