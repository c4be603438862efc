#include "plugin/sched/ecf.h"

#include <gtest/gtest.h>

#include <array>

#include "test/plugin/unit/support/candidates.h"

namespace conflux {
namespace {

using test::stalled;
using test::with_window;

// A full fast leg of 10 ms and an open slow one, both with windows of 10.
struct Pair {
  explicit Pair(std::uint64_t slow_us = 40'000)
      : legs{with_window(0, 10'000, 10, 10), with_window(1, slow_us, 10, 0)} {}
  // Their deviations, which `history` keeps.
  Pair& deviate(std::uint32_t fast_us, std::uint32_t slow_us) {
    history = {RttEstimate{.deviation_us = fast_us}, RttEstimate{.deviation_us = slow_us}};
    legs[0].history = &history[0];
    legs[1].history = &history[1];
    return *this;
  }
  [[nodiscard]] Situation with(std::uint64_t backlog) const {
    return {.legs = legs, .backlog = Cells{backlog}};
  }

  std::array<Candidate, 2> legs;
  std::array<RttEstimate, 2> history{};
};

void expect_wait(const Pick& pick) {
  EXPECT_EQ(pick.index, std::nullopt);
  EXPECT_EQ(pick.reason, Reason::PRIMARY_FULL) << "the fast leg's obstacle";
  EXPECT_TRUE(pick.waits);
}
void expect_slow(const Pick& pick) {
  EXPECT_EQ(pick.index, 1U);
  EXPECT_EQ(pick.reason, Reason::NONE);
  EXPECT_FALSE(pick.waits);
}
// Decides, and goes by it.
Pick step(Ecf& ecf, const Situation& situation) {
  const Pick pick = ecf.pick(situation);
  ecf.commit(situation, pick, Cells{pick.index ? 1U : 0U});
  return pick;
}

TEST(Ecf, TakesTheFastestLegWhileItIsOpen) {
  Pair pair;
  pair.legs[0] = with_window(0, 10'000, 10, 9);
  EXPECT_EQ(Ecf{}.pick(pair.with(1)).index, 0U);
}

TEST(Ecf, WaitsForTheFastLegWithASmallBacklog) {
  // A: 10'000 * (10 + 10) / 10 = 20'000 < 40'000. B: 40'000 * 10 / 10 >= 2 * 10'000.
  expect_wait(Ecf{}.pick(Pair().with(1)));
  expect_wait(Ecf{}.pick(Pair().with(10)));
}

TEST(Ecf, UsesTheSlowLegOnceTheBacklogTakesTheFastOneAsLong) {
  // A: 10'000 * (29 + 10) / 10 = 39'000 < 40'000; with 30 it is 40'000, which is not less.
  expect_wait(Ecf{}.pick(Pair().with(29)));
  expect_slow(Ecf{}.pick(Pair().with(30)));
  expect_slow(Ecf{}.pick(Pair().with(1'000'000)));
}

TEST(Ecf, CountsTheBacklogAsAWindowAtLeast) {
  // A with a window of 20 and a backlog of 1: 10'000 * (20 + 20) / 20 = 20'000.
  Pair pair(20'001);
  pair.legs[0] = with_window(0, 10'000, 20, 20);
  expect_wait(Ecf{}.pick(pair.with(1)));
  pair.legs[1].rtt_us = 20'000;
  expect_slow(Ecf{}.pick(pair.with(1)));
}

TEST(Ecf, GrantsTheSlowLegTheLargerDeviation) {
  // A with 30: 40'000 < 40'000 + 1'000; with 31: 41'000 is not less.
  for (const auto& [fast_us, slow_us] : {std::pair{1000U, 500U}, std::pair{500U, 1000U}}) {
    Pair pair;
    pair.deviate(fast_us, slow_us);
    expect_wait(Ecf{}.pick(pair.with(30)));
    expect_slow(Ecf{}.pick(pair.with(31)));
  }
}

TEST(Ecf, UsesASlowLegThatIsDoneBeforeTheFastOneHasTwoRounds) {
  // A holds: 20'000 < 21'999 + 2'000. B: 21'999 >= 2 * 10'000 + 2'000 does not, 22'000 does.
  expect_slow(Ecf{}.pick(Pair(21'999).deviate(2000, 0).with(1)));
  expect_wait(Ecf{}.pick(Pair(22'000).deviate(2000, 0).with(1)));
}

TEST(Ecf, CountsTheRoundsThatTheSlowLegNeedsForTheBacklog) {
  // B with a backlog of 11 and a slow window of 10: 20'001 * 11 / 10 = 22'001 >= 22'000; A with a
  // fast window of 100: 20'000 < 22'001.
  Pair pair(20'001);
  pair.legs[0] = with_window(0, 10'000, 100, 100);
  pair.deviate(2000, 0);
  expect_wait(Ecf{}.pick(pair.with(11)));
  expect_slow(Ecf{}.pick(pair.with(10)));
  pair.legs[1] = with_window(1, 20'001, 11, 0);
  pair.deviate(2000, 0);
  expect_slow(Ecf{}.pick(pair.with(11)));
}

TEST(Ecf, WaitsAQuarterLongerOnceItWaits) {
  // Given that it waits, A is 10'000 * (k + 10) / 10 < 50'000: it holds up to 39.
  Ecf ecf;
  const Pair pair;
  expect_slow(ecf.pick(pair.with(39)));
  expect_wait(step(ecf, pair.with(29)));
  expect_wait(step(ecf, pair.with(39)));
  expect_slow(ecf.pick(pair.with(40)));
}

TEST(Ecf, ForgetsThatItWaitedOnceTheSlowLegEndsSooner) {
  Ecf ecf;
  const Pair pair;
  expect_wait(step(ecf, pair.with(29)));
  expect_slow(step(ecf, pair.with(40)));
  expect_slow(ecf.pick(pair.with(30)));
}

TEST(Ecf, ForgetsThatItWaitedOnceTheFastLegIsOpen) {
  Ecf ecf;
  Pair pair;
  expect_wait(step(ecf, pair.with(29)));
  pair.legs[0] = with_window(0, 10'000, 10, 9);
  pair.deviate(90'000, 0);  // whatever a trip on it may take
  EXPECT_EQ(step(ecf, pair.with(29)).index, 0U);
  expect_slow(ecf.pick(Pair().with(30)));
}

TEST(Ecf, RemembersThatItWaitedWhileTheSlowLegIsMerelyGoodEnough) {
  Ecf ecf;
  expect_wait(step(ecf, Pair().with(29)));
  Pair good_enough(21'999);
  good_enough.deviate(2000, 0);
  expect_slow(step(ecf, good_enough.with(1)));
  expect_wait(ecf.pick(Pair().with(39)));
}

TEST(Ecf, RemembersThatItWaitedWhileNoLegIsOpen) {
  Ecf ecf;
  expect_wait(step(ecf, Pair().with(29)));
  Pair full;
  full.legs[1] = with_window(1, 40'000, 10, 10);
  EXPECT_EQ(step(ecf, full.with(1)).reason, Reason::ALL_FULL);
  expect_wait(ecf.pick(Pair().with(39)));
}

TEST(Ecf, DoesNotBeginToWaitBecauseNoLegIsOpen) {
  Ecf ecf;
  Pair full;
  full.legs[1] = with_window(1, 40'000, 10, 10);
  EXPECT_EQ(step(ecf, full.with(1)).reason, Reason::ALL_FULL);
  expect_slow(ecf.pick(Pair().with(30)));
}

TEST(Ecf, WaitsForNoLegThatStalled) {
  Pair pair;
  pair.legs[0] = stalled(pair.legs[0]);
  expect_slow(Ecf{}.pick(pair.with(1)));
  pair.legs[1] = stalled(pair.legs[1]);
  expect_slow(Ecf{}.pick(pair.with(1)));
}

TEST(Ecf, DoesNotDeclineALegThatStalledIfThatIsAllThereIs) {
  Pair pair;
  pair.legs[1] = stalled(pair.legs[1]);
  expect_slow(Ecf{}.pick(pair.with(1)));
}

TEST(Ecf, TriesNoSlowerLegWhenItWaits) {
  const std::array legs = {with_window(0, 10'000, 10, 10), with_window(1, 40'000, 10, 0),
                           with_window(2, 90'000, 10, 0)};
  expect_wait(Ecf{}.pick({.legs = legs, .backlog = Cells{1}}));
}

TEST(Ecf, ReckonsWithAWindowOfNothing) {
  // A: 10'000 * (1 + 1) / 1 = 20'000 < 40'000.
  Pair pair;
  pair.legs[0] = with_window(0, 10'000, 0, 0);
  expect_wait(Ecf{}.pick(pair.with(1)));
}

}  // namespace
}  // namespace conflux
