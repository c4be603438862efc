#include "plugin/core/out_of_order_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <vector>

#include "plugin/types/check.h"
#include "plugin/types/limits.h"
#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

// The obvious implementation. Equal numbers may be released in either order.
class Model {
 public:
  void hold(LegId leg, const HeldCell& cell) { cells_.emplace(cell.seq, std::pair(cell, leg)); }
  // Takes the released cell out; false if no cell of the lowest number is that one.
  bool release(const ReleasedCell& released) {
    const auto [first, last] = cells_.equal_range(cells_.begin()->first);
    for (auto it = first; it != last; ++it) {
      const auto& [cell, leg] = it->second;
      if (cell.token != released.token || leg != released.leg) continue;
      cells_.erase(it);
      return true;
    }
    return false;
  }
  [[nodiscard]] bool agrees_with(const OutOfOrderQueue& queue) const {
    std::uint64_t bytes = 0;
    Instant oldest = kNever;
    for (const auto& [seq, held] : cells_) {
      bytes += held.first.cost;
      oldest = std::min(oldest, held.first.arrived);
    }
    return queue.is_consistent() && queue.empty() == cells_.empty() &&
           (cells_.empty() || queue.lowest() == cells_.begin()->first) &&
           queue.cells() == Cells{cells_.size()} && queue.bytes() == Bytes{bytes} &&
           queue.oldest_arrival() == oldest;
  }
  [[nodiscard]] bool empty() const { return cells_.empty(); }

 private:
  std::multimap<SeqNo, std::pair<HeldCell, LegId>> cells_;
};

// The queue and the model, driven together.
class Pair {
 public:
  // The next cell of that leg, `skip` after its last one.
  void hold(std::uint32_t ordinal, std::uint64_t skip) {
    std::uint64_t& last = last_[ordinal];
    last += skip;
    ++count_;
    const HeldCell cell{.seq = SeqNo{last},
                        .token = Token{count_},
                        .arrived = Instant(Micros{static_cast<std::int64_t>(count_)}),
                        .cost = static_cast<std::uint32_t>(count_ % 7 + 1)};
    queue_.hold(test::leg_id(ordinal), cell);
    model_.hold(test::leg_id(ordinal), cell);
  }
  bool release() { return release(1) == 1; }
  // As many as come in one run, `count` at most. Answers how many agreed with the model; 0 if one
  // did not.
  std::uint64_t release(std::uint64_t count) {
    std::uint64_t agreed = 0;
    const std::uint64_t taken = queue_.release_run(
        count, [&](const ReleasedCell& cell) { agreed += model_.release(cell) ? 1 : 0; });
    return taken == agreed && taken <= count ? taken : 0;
  }
  [[nodiscard]] bool agree() const { return model_.agrees_with(queue_); }
  [[nodiscard]] bool empty() const { return model_.empty(); }

 private:
  OutOfOrderQueue queue_;
  Model model_;
  std::array<std::uint64_t, kLegsMax + 1> last_{};
  std::uint64_t count_ = 0;
};

// Operation 0 releases; the others hold a cell on one of three legs, adjacent or after a gap.
bool perform(Pair& pair, unsigned operation) {
  if (operation == 0) return pair.empty() || pair.release();
  pair.hold((operation - 1) / 2 + 1, operation % 2 == 0 ? 3 : 1);
  return true;
}

TEST(OutOfOrderQueue, AgreesWithAMapOverEveryShortHistory) {
  constexpr unsigned kOperations = 7;
  constexpr unsigned kLength = 6;
  unsigned histories = 1;
  for (unsigned i = 0; i < kLength; ++i) histories *= kOperations;
  for (unsigned history = 0; history < histories; ++history) {
    Pair pair;
    for (unsigned rest = history, i = 0; i < kLength; ++i, rest /= kOperations) {
      ASSERT_TRUE(perform(pair, rest % kOperations)) << "history " << history << " step " << i;
      ASSERT_TRUE(pair.agree()) << "history " << history << " step " << i;
    }
    while (!pair.empty()) ASSERT_TRUE(pair.release()) << "history " << history;
    ASSERT_TRUE(pair.agree());
  }
}

class OutOfOrderQueueAtRandom : public ::testing::TestWithParam<unsigned> {};

TEST_P(OutOfOrderQueueAtRandom, AgreesWithAMap) {
  std::mt19937 random(GetParam());
  Pair pair;
  for (int step = 0; step < 3'000; ++step) {
    // Long tides, so that lanes grow over several blocks and run empty.
    const bool rising = step / 300 % 2 == 0;
    if (random() % 8 < (rising ? 7U : 1U)) {
      pair.hold(static_cast<std::uint32_t>(random() % kLegsMax + 1), random() % 5 + 1);
    } else if (!pair.empty()) {
      ASSERT_GT(pair.release(random() % 9 + 1), 0U) << "step " << step;
    }
    ASSERT_TRUE(pair.agree()) << "step " << step;
  }
}

ReleasedCell release_one(OutOfOrderQueue& queue) {
  ReleasedCell released{};
  EXPECT_EQ(queue.release_run(1, [&](const ReleasedCell& cell) { released = cell; }), 1U);
  return released;
}

std::uint64_t release_run(OutOfOrderQueue& queue, std::uint64_t count) {
  return queue.release_run(count, [](const ReleasedCell&) {});
}

HeldCell numbered(std::uint64_t seq) {
  return {.seq = SeqNo{seq}, .token = Token{seq}, .arrived = {}, .cost = 1};
}

TEST(OutOfOrderQueue, ReleasesARunUpToAGapOrTheNextCellOfAnotherLeg) {
  OutOfOrderQueue queue;
  for (const std::uint64_t seq : {5U, 6U, 7U, 9U}) queue.hold(test::leg_id(1), numbered(seq));
  EXPECT_EQ(release_run(queue, 2), 2U) << "no more than asked for";
  EXPECT_EQ(release_run(queue, 9), 1U) << "8 is missing";
  EXPECT_EQ(queue.lowest(), SeqNo{9});
  for (const std::uint64_t seq : {10U, 12U}) queue.hold(test::leg_id(1), numbered(seq));
  queue.hold(test::leg_id(2), numbered(11));
  EXPECT_EQ(release_run(queue, 9), 2U);
  EXPECT_EQ(release_run(queue, 9), 1U) << "leg 2 has 11";
  EXPECT_EQ(queue.lowest(), SeqNo{12});
}

TEST(OutOfOrderQueue, EndsARunWhereAnotherLegRepeatsANumber) {  // attack A17
  OutOfOrderQueue queue;
  for (const std::uint64_t seq : {5U, 6U, 7U}) queue.hold(test::leg_id(1), numbered(seq));
  for (const std::uint64_t seq : {5U, 6U}) queue.hold(test::leg_id(2), numbered(seq));
  EXPECT_EQ(release_run(queue, 9), 1U);
  EXPECT_EQ(queue.lowest(), SeqNo{5}) << "the second one surfaces before anything else goes";
  EXPECT_EQ(release_run(queue, 9), 1U);
  EXPECT_EQ(queue.lowest(), SeqNo{6});
}

INSTANTIATE_TEST_SUITE_P(Seeds, OutOfOrderQueueAtRandom, ::testing::Range(0U, 10U));

// Lanes grow from any position, give their memory back when they were long, and begin again.
TEST(OutOfOrderQueue, AgreesWithAMapThroughStallsOfAnySize) {
  Pair pair;
  for (const std::size_t stall : {65U, 1024U, 1025U, 3000U, 64U, 2049U}) {
    for (int offset = 0; offset < 2; ++offset) {
      // Given a lane whose first cell is not at the beginning of its block:
      for (int i = 0; i < 7; ++i) pair.hold(1, 1);
      for (int i = 0; i < 5; ++i) ASSERT_TRUE(pair.release());
      // When one leg stalls and all of it comes later, then the order holds.
      for (std::size_t i = 0; i < stall; ++i) pair.hold(1, 1);
      for (std::size_t i = 0; i < stall + 2; ++i) ASSERT_TRUE(pair.release()) << stall;
      ASSERT_TRUE(pair.agree());
    }
  }
}

TEST(OutOfOrderQueue, KeepsItsPeaks) {
  OutOfOrderQueue queue;
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    queue.hold(test::leg_id(1), {.seq = SeqNo{seq}, .token = {}, .arrived = {}, .cost = 10});
  }
  EXPECT_EQ(queue.peak_cells(), Cells{3}) << "what is held now counts";
  EXPECT_EQ(queue.peak_bytes(), Bytes{30});
  static_cast<void>(release_one(queue));
  EXPECT_TRUE(queue.release_any());
  EXPECT_TRUE(queue.release_any());
  EXPECT_EQ(queue.peak_cells(), Cells{3});
  EXPECT_EQ(queue.peak_bytes(), Bytes{30});
  EXPECT_EQ(queue.bytes(), Bytes{0}) << "regression R5: a counter that only grew";
}

TEST(OutOfOrderQueue, KeepsItsPeaksWhenAnyCellIsTakenFirst) {
  OutOfOrderQueue queue;
  queue.hold(test::leg_id(1), numbered(1));
  EXPECT_TRUE(queue.release_any());
  EXPECT_EQ(queue.peak_cells(), Cells{1});
  EXPECT_EQ(queue.peak_bytes(), Bytes{1});
}

TEST(OutOfOrderQueue, StaysConsistentWhileAnyCellIsTaken) {
  OutOfOrderQueue queue;
  for (std::uint64_t seq = 3; seq < 6; ++seq) {
    queue.hold(test::leg_id(1), {.seq = SeqNo{seq}, .token = Token{seq}, .arrived = {}, .cost = 2});
    queue.hold(test::leg_id(2),
               {.seq = SeqNo{seq + 9}, .token = Token{seq + 9}, .arrived = {}, .cost = 5});
  }
  // When the lane with the higher numbers is all that is left, then it is found at once.
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.release_any());
  EXPECT_EQ(queue.cells(), Cells{3});
  EXPECT_EQ(queue.bytes(), Bytes{15});
  for (const std::uint64_t token : {12U, 13U, 14U}) {
    const std::optional<ReleasedCell> cell = queue.release_any();
    ASSERT_TRUE(cell);
    EXPECT_EQ(cell->token, Token{token});
    EXPECT_EQ(cell->leg, test::leg_id(2));
  }
  EXPECT_FALSE(queue.release_any());
  // And it can be used again, which counts on every counter.
  queue.hold(test::leg_id(1), {.seq = SeqNo{8}, .token = Token{8}, .arrived = {}, .cost = 1});
  EXPECT_EQ(queue.lowest(), SeqNo{8});
  EXPECT_TRUE(queue.is_consistent());
}

TEST(OutOfOrderQueue, LendsALaneToANewLegOnlyWhenItIsEmpty) {
  OutOfOrderQueue queue;
  EXPECT_TRUE(queue.lane_is_free(0));
  EXPECT_TRUE(queue.lane_is_free(15)) << "one that never was";
  queue.hold(test::leg_id(1), {.seq = SeqNo{5}, .token = {}, .arrived = {}, .cost = 1});
  EXPECT_FALSE(queue.lane_is_free(0));
  static_cast<void>(release_one(queue));
  EXPECT_TRUE(queue.lane_is_free(0));
  // Another leg in the same slot.
  const LegId later{test::leg_id(1).raw() + (std::uint64_t{9} << 8U)};
  queue.hold(later, {.seq = SeqNo{2}, .token = Token{3}, .arrived = {}, .cost = 1});
  EXPECT_EQ(release_one(queue).leg, later);
}

TEST(OutOfOrderQueueDeathTest, CatchesALaneWithTwoLegs) {
  OutOfOrderQueue queue;
  const HeldCell cell{.seq = SeqNo{5}, .token = {}, .arrived = {}, .cost = 1};
  queue.hold(test::leg_id(1), cell);
  const LegId intruder{test::leg_id(1).raw() + (std::uint64_t{9} << 8U)};
#ifdef NDEBUG
  EXPECT_THROW(queue.hold(intruder, cell), InternalError);
#else
  EXPECT_DEATH(queue.hold(intruder, cell), "lane.leg == leg");
#endif
}

}  // namespace
}  // namespace conflux
