#include "plugin/core/switch_guard.h"

#include <gtest/gtest.h>

#include "plugin/types/limits.h"

namespace conflux {
namespace {

constexpr Cells kCwndInit{124};

LegSequence received_up_to(std::uint64_t seq) {
  LegSequence leg;
  if (seq > 0) {
    leg.commit_switch(SeqNo{seq - 1});
    leg.commit_received(SeqNo{seq});
  }
  return leg;
}

SwitchContext context(std::uint64_t received, std::uint64_t legs = 2, std::uint64_t switches = 0) {
  return {.received = Cells{received},
          .switches = switches,
          .legs = legs,
          .cwnd_init = kCwndInit,
          .sent = {}};
}

TEST(PlanSwitch, SkipsByTheDelta) {
  EXPECT_EQ(plan_switch(received_up_to(10), SeqDelta{5}, context(20)), SwitchVerdict(SeqNo{15}));
}

TEST(PlanSwitch, RefusesASecondOneWithNoCellBetween) {
  LegSequence leg = received_up_to(10);
  leg.commit_switch(SeqNo{15});
  EXPECT_EQ(plan_switch(leg, SeqDelta{1}, context(20)), SwitchVerdict(Reason::SWITCH_REPEATED));
  leg.commit_received(SeqNo{16});
  EXPECT_EQ(plan_switch(leg, SeqDelta{1}, context(21)), SwitchVerdict(SeqNo{17}));
}

TEST(PlanSwitch, AllowsZeroOnlyBeforeAnyCellHasArrived) {  // regression R43
  EXPECT_EQ(plan_switch(LegSequence{}, SeqDelta{0}, context(0)), SwitchVerdict(SeqNo{0}));
  EXPECT_EQ(plan_switch(LegSequence{}, SeqDelta{0}, context(1)),
            SwitchVerdict(Reason::SWITCH_ZERO));
}

TEST(PlanSwitch, BoundsTheFirstByTheInitialWindowsOfAllLegsAndSlack) {  // regression R44
  for (const std::uint64_t legs : {1U, 2U, 8U}) {
    const std::uint64_t furthest = legs * kCwndInit.raw() + kFirstSwitchSlack;
    EXPECT_EQ(plan_switch(LegSequence{}, SeqDelta{static_cast<std::uint32_t>(furthest)},
                          context(0, legs)),
              SwitchVerdict(SeqNo{furthest}));
    EXPECT_EQ(plan_switch(LegSequence{}, SeqDelta{static_cast<std::uint32_t>(furthest + 1)},
                          context(0, legs)),
              SwitchVerdict(Reason::SWITCH_TOO_FAR));
  }
}

TEST(PlanSwitch, GrantsTheFirstMoreForEachCellThatMayAskForAnAnswer) {
  SwitchContext asked = context(0);
  asked.sent = Cells{10};
  const std::uint64_t furthest = 2 * kCwndInit.raw() + kFirstSwitchSlack + 10 * kAnswersPerCell;
  const SeqDelta delta{static_cast<std::uint32_t>(furthest)};
  EXPECT_EQ(plan_switch(LegSequence{}, delta, asked), SwitchVerdict(SeqNo{furthest}));
  EXPECT_EQ(plan_switch(LegSequence{}, SeqDelta{delta.raw() + 1}, asked),
            SwitchVerdict(Reason::SWITCH_TOO_FAR));
}

TEST(PlanSwitch, BoundsLaterOnesByWhatWindowsCanHold) {  // attack A16
  const std::uint64_t furthest = 100 + 2 * kPlausibleInflight;
  const LegSequence leg = received_up_to(50);
  EXPECT_EQ(plan_switch(leg, SeqDelta{static_cast<std::uint32_t>(furthest - 50)}, context(100)),
            SwitchVerdict(SeqNo{furthest}));
  EXPECT_EQ(plan_switch(leg, SeqDelta{static_cast<std::uint32_t>(furthest - 49)}, context(100)),
            SwitchVerdict(Reason::SWITCH_TOO_FAR));
  EXPECT_EQ(plan_switch(leg, SeqDelta{UINT32_MAX}, context(100)),
            SwitchVerdict(Reason::SWITCH_TOO_FAR));
}

TEST(PlanSwitch, RefusesAFloodOfThem) {  // attack A14
  const LegSequence leg = received_up_to(10);
  EXPECT_EQ(plan_switch(leg, SeqDelta{1}, context(10, 2, 10 + kSwitchSlack - 1)),
            SwitchVerdict(SeqNo{11}));
  EXPECT_EQ(plan_switch(leg, SeqDelta{1}, context(10, 2, 10 + kSwitchSlack)),
            SwitchVerdict(Reason::SWITCH_FLOOD));
}

TEST(PlanSwitch, RefusesToPassTheLargestSequenceNumber) {  // attack A19, regression R37
  const LegSequence leg = received_up_to(UINT64_MAX - 3);
  EXPECT_EQ(plan_switch(leg, SeqDelta{4}, context(1)), SwitchVerdict(Reason::SEQUENCE_OVERFLOW));
}

TEST(PlanSwitch, CountsBeyondThirtyTwoBits) {  // regression R61
  const std::uint64_t far = std::uint64_t{5} << 32U;
  EXPECT_EQ(plan_switch(received_up_to(far), SeqDelta{9}, context(far)),
            SwitchVerdict(SeqNo{far + 9}));
}

TEST(PlanSwitch, NamesTheRepetitionBeforeAnythingElseIsWrong) {
  LegSequence leg = received_up_to(10);
  leg.commit_switch(SeqNo{15});
  EXPECT_EQ(plan_switch(leg, SeqDelta{0}, context(20, 2, 1000)),
            SwitchVerdict(Reason::SWITCH_REPEATED));
}

}  // namespace
}  // namespace conflux
