#include "plugin/sched/scheduler.h"

#include <gtest/gtest.h>

#include <array>

namespace conflux {
namespace {

TEST(SchedulerFor, AskingForHighThroughputIsLowRtt) {
  EXPECT_EQ(scheduler_for(3), SchedulerKind::kLowRtt);
}

TEST(SchedulerFor, EveryOtherUxAndEveryUnknownOneIsMinRtt) {
  for (int ux = 0; ux < 256; ++ux) {
    if (ux == 3) continue;
    EXPECT_EQ(scheduler_for(static_cast<std::uint8_t>(ux)), SchedulerKind::kMinRtt) << ux;
  }
}

TEST(Pick, AsksTheSchedulerOfTheKind) {
  // Given a fast leg that is full and a slow one that is not:
  const std::array<Candidate, 2> legs = {
      {{.index = 0, .rtt_us = 10, .room = Cells{0}, .obstacle = Reason::PRIMARY_FULL},
       {.index = 1, .rtt_us = 90, .room = Cells{5}, .obstacle = Reason::NONE}}};
  // MinRTT waits for the fast one; LowRTT takes the other.
  EXPECT_EQ(pick(SchedulerKind::kMinRtt, legs).index, std::nullopt);
  EXPECT_EQ(pick(SchedulerKind::kMinRtt, legs).reason, Reason::PRIMARY_FULL);
  EXPECT_EQ(pick(SchedulerKind::kLowRtt, legs).index, 1U);
}

}  // namespace
}  // namespace conflux
