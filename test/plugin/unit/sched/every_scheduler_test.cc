// What holds for each of the schedulers.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <deque>
#include <vector>

#include "plugin/sched/schedulers.h"
#include "test/plugin/unit/support/candidates.h"

namespace conflux {
namespace {

class EveryScheduler : public ::testing::TestWithParam<std::size_t> {
 protected:
  Schedulers scheduler_ = make_scheduler(static_cast<SchedulerKind>(GetParam()));
};

INSTANTIATE_TEST_SUITE_P(Kind, EveryScheduler, ::testing::Range(std::size_t{0}, kSchedulers));

TEST_P(EveryScheduler, HasItsPlaceInTheListOfTheConfiguration) {
  EXPECT_EQ(scheduler_.index(), GetParam());
}

// With little and with much to send, and a shared window that is small and one that is large.
std::vector<Situation> situations(std::span<const Candidate> legs) {
  std::vector<Situation> result;
  for (const std::uint64_t backlog : {1U, 10'000U}) {
    for (const std::uint64_t window : {1U, 100'000U}) {
      for (const std::size_t current : {0U, 1U, 3U}) {
        result.push_back(
            {.legs = legs, .current = current, .backlog = Cells{backlog}, .window = Cells{window}});
      }
    }
  }
  return result;
}

TEST_P(EveryScheduler, OnlyEverTakesALegThatIsOfferedAndOpen) {
  test::for_each_known_set([&](std::span<const Candidate> legs) {
    for (const Situation& situation : situations(legs)) {
      const Pick made = pick(scheduler_, situation);
      if (!made.index) {
        ASSERT_NE(made.reason, Reason::NONE) << "says why nothing goes";
        continue;
      }
      const Candidate* leg = find_leg(legs, *made.index);
      ASSERT_NE(leg, nullptr);
      ASSERT_EQ(leg->obstacle, Reason::NONE);
      ASSERT_EQ(made.reason, Reason::NONE);
      ASSERT_FALSE(made.waits);
      ASSERT_GT(made.limit, Cells{0});
    }
  });
}

TEST_P(EveryScheduler, WaitsOnlyIfALegCouldHaveSent) {
  test::for_each_known_set([&](std::span<const Candidate> legs) {
    for (const Situation& situation : situations(legs)) {
      if (pick(scheduler_, situation).waits) {
        ASSERT_NE(fastest_open(legs), nullptr);
      }
    }
  });
}

// A channel may be shut for as long as it likes, and a leg of which no SENDME is due never counts
// as stalled. MinRTT waits for whatever is the fastest: that is what it is.
TEST_P(EveryScheduler, WaitsForNoLegThatMayNeverMoveAndNeverStall) {
  for (const Reason shut : {Reason::CHANNEL_BLOCKED, Reason::PADDING_BLOCKED}) {
    const std::uint32_t most = shut == Reason::PADDING_BLOCKED ? 90 : 30;
    std::array legs = {test::with_window(0, 10'000, 1000, most),
                       test::with_window(1, 500'000, 100, 0)};
    legs[0].obstacle = shut;
    for (const Situation& situation : situations(legs)) {
      const Pick made = pick(scheduler_, situation);
      ASSERT_FALSE(made.waits);
      const bool is_min_rtt = std::holds_alternative<MinRtt>(scheduler_) ||
                              std::holds_alternative<MinRttLowMem>(scheduler_);
      ASSERT_EQ(made.index.has_value(), !is_min_rtt);
    }
  }
}

TEST_P(EveryScheduler, AnswersTheSameWhenItIsAskedTwice) {
  test::for_each_known_set([&](std::span<const Candidate> legs) {
    for (const Situation& situation : situations(legs)) {
      const Pick once = pick(scheduler_, situation);
      const Pick again = pick(scheduler_, situation);
      ASSERT_EQ(once.index, again.index);
      ASSERT_EQ(once.reason, again.reason);
      ASSERT_EQ(once.limit, again.limit);
      ASSERT_EQ(once.waits, again.waits);
    }
  });
}

// With a memory of 50 cells of leg 1, which then is not the fastest of most sets.
TEST_P(EveryScheduler, TakesTheFastestLegThatMovesIfItSaysSo) {
  const std::array before = {test::candidate(1, 1, Reason::NONE)};
  commit(scheduler_, {.legs = before, .current = 1}, {.index = 1}, Cells{50});
  bool always = true;
  test::for_each_known_set([&](std::span<const Candidate> legs) {
    const Candidate& best = fastest(legs);
    if (best.stalled || !best.is_open()) return;
    for (const Situation& situation : situations(legs)) {
      always = always && pick(scheduler_, situation).index == best.index;
    }
  });
  EXPECT_EQ(always, takes_the_fastest(scheduler_));
}

TEST_P(EveryScheduler, SaysThatAllAreFullIfAllAre) {
  const std::array legs = {test::candidate(0, 10, Reason::PRIMARY_FULL),
                           test::candidate(1, 20, Reason::PRIMARY_FULL)};
  const bool waits_for_the_fastest = std::holds_alternative<MinRtt>(scheduler_) ||
                                     std::holds_alternative<MinRttLowMem>(scheduler_);
  EXPECT_EQ(pick(scheduler_, {.legs = legs}).reason,
            waits_for_the_fastest ? Reason::PRIMARY_FULL : Reason::ALL_FULL);
}

// Legs of equal RTT, each cell of which is under way until a SENDME covers it.
class Equals {
 public:
  Equals(Schedulers& scheduler, std::size_t legs, std::uint32_t cwnd)
      : scheduler_(scheduler), unacked_(legs) {
    for (std::size_t i = 0; i < legs; ++i) legs_.push_back(test::with_window(i, 10'000, cwnd, 0));
  }
  // False if nothing can go.
  bool send() {
    std::uint64_t sum = 0;
    for (Candidate& leg : legs_) {
      leg.obstacle = leg.inflight < leg.cwnd ? Reason::NONE : Reason::PRIMARY_FULL;
      sum += leg.cwnd;
    }
    const Situation situation{.legs = legs_,
                              .current = current_,
                              .backlog = Cells{1000},
                              .window = Cells{2 * sum},
                              .now = Instant(Micros(++now_us_))};
    const Pick made = pick(scheduler_, situation);
    commit(scheduler_, situation, made, Cells{made.index ? 1U : 0U});
    if (!made.index) return false;
    switches += *made.index != current_ ? 1 : 0;
    current_ = *made.index;
    legs_[current_].inflight += 1;
    unacked_[current_].push_back(++sent);
    return true;
  }
  // The SENDME for the oldest full round of cells.
  void acknowledge() {
    std::size_t oldest = 0;
    std::uint64_t covered = UINT64_MAX;
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      if (unacked_[i].size() >= kSendme && unacked_[i][kSendme - 1] < covered) {
        oldest = i;
        covered = unacked_[i][kSendme - 1];
      }
    }
    ASSERT_NE(covered, UINT64_MAX) << "nothing to wait for, and yet nothing goes";
    unacked_[oldest].erase(unacked_[oldest].begin(), unacked_[oldest].begin() + kSendme);
    legs_[oldest].inflight -= kSendme;
    sendmes += 1;
  }

  std::uint64_t sent = 0;
  std::uint64_t switches = 0;
  std::uint64_t sendmes = 0;

 private:
  static constexpr std::uint32_t kSendme = 31;
  Schedulers& scheduler_;
  std::vector<Candidate> legs_;
  std::vector<std::deque<std::uint64_t>> unacked_;
  std::size_t current_ = 0;
  std::int64_t now_us_ = 0;
};

TEST_P(EveryScheduler, NeverSwitchesAmongEqualsWhileThereIsRoom) {  // regression R51: flapping
  Equals legs(scheduler_, 3, 1'000'000);
  for (int cell = 0; cell < 10'000; ++cell) ASSERT_TRUE(legs.send());
  EXPECT_EQ(legs.switches, 0U);
}

TEST_P(EveryScheduler, SwitchesAtMostOncePerSendmeAmongEqualsThatAreFull) {
  for (const std::size_t count : {2U, 3U, 4U}) {
    Equals legs(scheduler_, count, 124);
    while (legs.sent < 20'000) {
      if (legs.send()) continue;
      ASSERT_NO_FATAL_FAILURE(legs.acknowledge());
    }
    EXPECT_LE(legs.switches, legs.sendmes + count) << count << " legs";
  }
}

}  // namespace
}  // namespace conflux
