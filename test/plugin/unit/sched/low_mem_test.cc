#include "plugin/sched/low_mem.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "plugin/sched/low_rtt_low_mem.h"
#include "plugin/sched/min_rtt_low_mem.h"
#include "test/plugin/unit/support/candidates.h"

namespace conflux {
namespace {

using test::candidate;
using test::stalled;
using test::with_window;

// A scheduler, and the leg that it chose last.
template <class S>
struct Driver {
  [[nodiscard]] Pick look(std::span<const Candidate> legs) const {
    return scheduler.pick({.legs = legs, .current = current});
  }
  Pick send(std::span<const Candidate> legs, std::uint64_t cells) {
    const Situation situation{.legs = legs, .current = current};
    const Pick pick = scheduler.pick(situation);
    scheduler.commit(situation, pick, Cells{pick.index ? cells : 0});
    current = pick.index.value_or(current);
    return pick;
  }
  S scheduler{};
  std::size_t current = 0;
};
using LowRttDriver = Driver<LowRttLowMem>;

TEST(LowMem, BeginsAsTheSchedulerThatItStandsFor) {
  const std::array legs = {with_window(0, 10, 100, 100), with_window(1, 90, 100, 0)};
  EXPECT_EQ(LowRttDriver{}.look(legs).index, 1U);
  EXPECT_EQ(Driver<MinRttLowMem>{}.look(legs).index, std::nullopt);
  EXPECT_EQ(Driver<MinRttLowMem>{}.look(legs).reason, Reason::PRIMARY_FULL);
}

TEST(LowMem, StaysWithItsLegUntilAWindowOfItHasGone) {
  LowRttDriver driver;
  // Given 60 cells of a window of 100 on leg 1,
  std::array legs = {with_window(0, 20, 100, 0), with_window(1, 90, 70, 0)};
  EXPECT_EQ(driver.send(legs, 60).index, 0U);
  // When leg 2 turns out to be faster, then 40 more go on leg 1 first.
  legs[1].rtt_us = 10;
  EXPECT_EQ(driver.look(legs).index, 0U);
  EXPECT_EQ(driver.look(legs).limit, Cells{40});
  EXPECT_EQ(driver.send(legs, 39).index, 0U);
  EXPECT_EQ(driver.look(legs).limit, Cells{1});
  EXPECT_EQ(driver.send(legs, 1).index, 0U);
  EXPECT_EQ(driver.send(legs, 5).index, 1U);
  EXPECT_EQ(driver.look(legs).limit, Cells{65}) << "of leg 2's own window";
}

TEST(LowMem, CountsAWholeWindowWhateverIsUnderWay) {
  LowRttDriver driver;
  const std::array legs = {with_window(0, 10, 100, 30), with_window(1, 90, 100, 0)};
  driver.send(legs, 20);
  EXPECT_EQ(driver.look(legs).limit, Cells{80});
}

TEST(LowMem, GetsAnotherWindowOnTheSameLegIfThatIsStillTheChoice) {
  LowRttDriver driver;
  const std::array legs = {with_window(0, 10, 100, 0), with_window(1, 90, 100, 0)};
  driver.send(legs, 100);
  EXPECT_EQ(driver.send(legs, 30).index, 0U);
  EXPECT_EQ(driver.look(legs).limit, Cells{70});
}

TEST(LowMem, WaitsForItsLegWhileThatIsFull) {
  LowRttDriver driver;
  std::array legs = {with_window(0, 10, 100, 0), with_window(1, 90, 100, 0)};
  driver.send(legs, 60);
  legs[0].inflight = 100;
  legs[0].obstacle = Reason::PRIMARY_FULL;
  const Pick wait = driver.look(legs);
  EXPECT_EQ(wait.index, std::nullopt);
  EXPECT_EQ(wait.reason, Reason::PRIMARY_FULL);
  EXPECT_TRUE(wait.waits);
}

TEST(LowMem, SaysThatAllAreFullRatherThanThatItWaits) {
  LowRttDriver driver;
  std::array legs = {with_window(0, 10, 100, 0), with_window(1, 90, 100, 0)};
  driver.send(legs, 60);
  legs = {with_window(0, 10, 100, 100), with_window(1, 90, 100, 100)};
  EXPECT_EQ(driver.look(legs).index, std::nullopt);
  EXPECT_EQ(driver.look(legs).reason, Reason::ALL_FULL);
  EXPECT_FALSE(driver.look(legs).waits);
}

TEST(LowMem, LeavesALegThatStalledOpenOrFull) {
  LowRttDriver driver;
  std::array legs = {with_window(0, 10, 100, 0), with_window(1, 90, 100, 0)};
  driver.send(legs, 60);
  legs[0] = stalled(legs[0]);
  EXPECT_EQ(driver.look(legs).index, 1U);
  legs[0] = stalled(with_window(0, 10, 100, 100));
  EXPECT_EQ(driver.look(legs).index, 1U);
}

TEST(LowMem, LeavesALegThatIsBlockedOrClosed) {
  for (const Reason why :
       {Reason::CHANNEL_BLOCKED, Reason::PADDING_BLOCKED, Reason::CHANNEL_CLOSED}) {
    LowRttDriver driver;
    std::array legs = {with_window(0, 10, 100, 0), with_window(1, 90, 100, 0)};
    driver.send(legs, 60);
    legs[0].obstacle = why;
    EXPECT_EQ(driver.send(legs, 1).index, 1U);
    legs[0].obstacle = Reason::NONE;
    EXPECT_EQ(driver.look(legs).index, 1U) << "now it is with leg 2, for 99 cells more";
    EXPECT_EQ(driver.look(legs).limit, Cells{99});
  }
}

TEST(LowMem, LeavesALegThatIsNotOfferedAnyMore) {
  LowRttDriver driver;
  const std::array both = {with_window(0, 10, 100, 0), with_window(1, 90, 100, 0)};
  driver.send(both, 60);
  EXPECT_EQ(driver.look(std::span(both).last(1)).index, 1U);
}

TEST(LowMem, BeginsAndSpendsNoWindowByALook) {
  LowRttDriver driver;
  const std::array legs = {with_window(0, 10, 100, 0), with_window(1, 90, 100, 0)};
  driver.send(legs, 0);
  EXPECT_EQ(driver.look(legs).limit, Cells{UINT64_MAX}) << "nothing has begun yet";
  driver.send(legs, 60);
  driver.send(legs, 0);
  EXPECT_EQ(driver.look(legs).limit, Cells{40});
}

TEST(LowMem, GoesByNothingThatItDidNotChoose) {
  LowRttLowMem scheduler;
  const std::array legs = {with_window(0, 10, 100, 0)};
  const Situation situation{.legs = legs};
  scheduler.commit(situation, {.index = 0}, Cells{60});
  scheduler.commit(situation, {.index = std::nullopt}, Cells{10});
  EXPECT_EQ(scheduler.pick(situation).limit, Cells{40});
  scheduler.commit(situation, {.index = 0}, Cells{50});
  EXPECT_EQ(scheduler.pick(situation).limit, Cells{UINT64_MAX}) << "overspent is spent";
}

TEST(LowMem, HasNoWindowOnALegThatIsNotOffered) {
  LowRttLowMem scheduler;
  const std::array legs = {with_window(0, 10, 100, 0)};
  scheduler.commit({.legs = legs, .current = 3}, {.index = 3}, Cells{5});
  EXPECT_EQ(scheduler.pick({.legs = legs, .current = 0}).limit, Cells{UINT64_MAX});
}

TEST(LowMem, AsksItsBaseAtTheEndOfAWindow) {
  std::array legs = {with_window(0, 10, 100, 0), with_window(1, 90, 100, 0)};
  Driver<MinRttLowMem> stays;
  LowRttDriver goes;
  stays.send(legs, 100);
  goes.send(legs, 100);
  legs[0] = with_window(0, 10, 100, 100);
  EXPECT_EQ(stays.look(legs).index, std::nullopt) << "MinRTT waits for the fastest";
  EXPECT_EQ(goes.look(legs).index, 1U) << "LowRTT takes the next";
}

// Long histories: at most one switch per window of cells, but for legs that could not be kept.
template <class S>
void count_switches(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  Driver<S> driver;
  std::vector<Candidate> legs;
  for (std::size_t i = 0; i < 3; ++i) legs.push_back(with_window(i, 10, 40 + below(100), 0));
  std::uint64_t owed = 0;  // of the window that began with the last switch
  std::uint64_t switches = 0;
  for (int round = 0; round < 20'000; ++round) {
    for (Candidate& leg : legs) {
      if (below(4) == 0) leg.rtt_us = 1 + below(50);
      if (below(3) == 0) leg.inflight = below(2) * leg.cwnd;
      leg.stalled = below(200) == 0;
      leg.obstacle = leg.inflight < leg.cwnd ? Reason::NONE : Reason::PRIMARY_FULL;
      if (below(200) == 0) leg.obstacle = Reason::CHANNEL_BLOCKED;
    }
    const std::size_t before = driver.current;
    const Candidate& kept = legs[before];
    const bool could_stay =
        !kept.stalled && (kept.is_open() || kept.obstacle == Reason::PRIMARY_FULL);
    const Pick offer = driver.look(legs);
    if (!offer.index) continue;
    const Candidate& leg = legs[*offer.index];
    const std::uint64_t cells =
        std::min<std::uint64_t>({1 + below(20), leg.room().raw(), offer.limit.raw()});
    driver.send(legs, cells);
    if (driver.current != before) {
      ++switches;
      if (could_stay) {
        ASSERT_EQ(owed, 0U) << "left in the middle of a window, round " << round;
      }
      owed = leg.cwnd;
    }
    owed -= std::min(owed, cells);
  }
  EXPECT_GT(switches, 100U) << "the history was too quiet to show anything";
}

TEST(LowMem, SwitchesAtMostOncePerWindowOfCells) {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    count_switches<LowRttLowMem>(seed);
    count_switches<MinRttLowMem>(seed);
  }
}

}  // namespace
}  // namespace conflux
