#include <gtest/gtest.h>

#include <array>

#include "plugin/sched/schedulers.h"
#include "test/plugin/unit/support/candidates.h"

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
  const std::array legs = {test::candidate(0, 10, Reason::PRIMARY_FULL),
                           test::candidate(1, 90, Reason::NONE)};
  // MinRTT waits for the fast one; LowRTT takes the other.
  const Situation situation{.legs = legs};
  EXPECT_EQ(pick(make_scheduler(SchedulerKind::kMinRtt), situation).index, std::nullopt);
  EXPECT_EQ(pick(make_scheduler(SchedulerKind::kMinRtt), situation).reason, Reason::PRIMARY_FULL);
  EXPECT_EQ(pick(make_scheduler(SchedulerKind::kLowRtt), situation).index, 1U);
}

}  // namespace
}  // namespace conflux
