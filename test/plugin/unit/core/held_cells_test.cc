#include "plugin/core/held_cells.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <vector>

namespace conflux {
namespace {

HeldCell numbered(std::uint64_t seq) {
  return {.seq = SeqNo{seq},
          .token = Token{seq + 7},
          .arrived = Instant(Micros{static_cast<std::int64_t>(seq)}),
          .cost = static_cast<std::uint32_t>(seq % 9 + 1)};
}

void push(HeldCells& cells, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t seq = first; seq < first + count; ++seq) cells.push(numbered(seq));
}

std::vector<std::uint64_t> pop(HeldCells& cells, std::uint64_t count) {
  std::vector<std::uint64_t> taken;
  const std::uint64_t answered =
      cells.pop_run(count, [&](const HeldCell& cell) { taken.push_back(cell.seq.raw()); });
  EXPECT_EQ(answered, taken.size());
  return taken;
}

TEST(HeldCells, HasNoRoomUntilSomethingIsHeld) {
  HeldCells cells;
  EXPECT_TRUE(cells.empty());
  EXPECT_FALSE(cells.takes_another()) << "what is held first concerns others, too";
  push(cells, 1, 1);
  EXPECT_TRUE(cells.takes_another());
  EXPECT_EQ(pop(cells, 1).size(), 1U);
  EXPECT_TRUE(cells.empty());
  EXPECT_FALSE(cells.takes_another());
  push(cells, 2, 1);
  EXPECT_EQ(cells.front().seq, SeqNo{2});
}

TEST(HeldCells, NeverMovesWhatItHolds) {
  HeldCells cells;
  push(cells, 1, 1);
  const HeldCell* first = &cells.front();
  push(cells, 2, 20'000);
  EXPECT_EQ(&cells.front(), first);
  EXPECT_EQ(first->token, Token{8});
}

TEST(HeldCells, GivesARunAcrossItsBlocks) {
  HeldCells cells;
  push(cells, 1, 700);
  push(cells, 702, 1);
  const std::vector<std::uint64_t> taken = pop(cells, 10'000);
  ASSERT_EQ(taken.size(), 700U) << "701 is missing";
  EXPECT_EQ(taken.front(), 1U);
  EXPECT_EQ(taken.back(), 700U);
  EXPECT_EQ(cells.front().seq, SeqNo{702});
}

TEST(HeldCells, StopsAtACountThatEndsWithABlock) {
  HeldCells cells;
  push(cells, 1, 65);
  EXPECT_EQ(pop(cells, 64).back(), 64U);
  ASSERT_FALSE(cells.empty());
  EXPECT_EQ(cells.front().seq, SeqNo{65});
  EXPECT_EQ(pop(cells, 64).size(), 1U);
  EXPECT_TRUE(cells.empty());
}

TEST(HeldCells, KeepsEveryFieldOfEveryCell) {
  HeldCells cells;
  push(cells, 1, 200);
  std::uint64_t seq = 0;
  cells.pop_run(200, [&](const HeldCell& cell) {
    const HeldCell expected = numbered(++seq);
    EXPECT_EQ(cell.seq, expected.seq);
    EXPECT_EQ(cell.token, expected.token);
    EXPECT_EQ(cell.arrived, expected.arrived);
    EXPECT_EQ(cell.cost, expected.cost);
  });
  EXPECT_EQ(seq, 200U);
}

// Tides of every size, so that blocks are begun, left, kept in reserve and given back in every
// order, and a run ends anywhere in one.
TEST(HeldCells, AgreeWithADeque) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    HeldCells cells;
    std::deque<std::uint64_t> model;
    std::uint64_t seq = 0;
    for (int tide = 0; tide < 60; ++tide) {
      for (auto left = random() % (random() % 2 == 0 ? 100U : 3000U); left > 0; --left) {
        seq += random() % 50 == 0 ? 2 : 1;
        cells.push(numbered(seq));
        model.push_back(seq);
      }
      const std::size_t keep = random() % 3 == 0 ? 0 : random() % 500;
      while (model.size() > keep) {
        const std::uint64_t first = model.front();
        const std::vector<std::uint64_t> taken = pop(cells, random() % 200 + 1);
        ASSERT_FALSE(taken.empty());
        for (std::size_t i = 0; i < taken.size(); ++i) {
          ASSERT_EQ(taken[i], first + i) << "seed " << seed << " tide " << tide;
          ASSERT_EQ(taken[i], model.front());
          model.pop_front();
        }
        ASSERT_EQ(cells.empty(), model.empty());
        ASSERT_TRUE(model.empty() || cells.front().seq == SeqNo{model.front()});
      }
    }
  }
}

}  // namespace
}  // namespace conflux
