// HeldCells with an allocator that leaves no gap between two blocks, as those without headers may.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include "plugin/core/held_cells.h"

namespace {

alignas(64) std::array<std::byte, std::size_t{1} << 20U> memory;
std::byte* lowest = memory.data() + memory.size();

}  // namespace

// Of this program: downwards, so that where a new block ends the one before begins.
void* operator new[](std::size_t size) {
  const std::size_t whole = (size + 15) / 16 * 16;
  if (whole > static_cast<std::size_t>(lowest - memory.data())) throw std::bad_alloc();
  return lowest -= whole;
}
void operator delete[](void*) noexcept {}
void operator delete[](void*, std::size_t) noexcept {}

namespace conflux {
namespace {

void push(HeldCells& cells, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t seq = first; seq < first + count; ++seq) {
    cells.push({.seq = SeqNo{seq}, .token = Token{seq}, .arrived = {}, .cost = 1});
  }
}

TEST(HeldCellsInNeighbouringBlocks, AreNotForgottenWhereOneBlockEndsAndAnotherBegins) {
  HeldCells cells;
  for (std::uint64_t held = 1; held <= 5000; ++held) {
    push(cells, held, 1);
    ASSERT_FALSE(cells.empty()) << held;
    ASSERT_EQ(cells.front().seq, SeqNo{1}) << held;
  }
  std::uint64_t next_seq = 0;
  while (!cells.empty()) {
    cells.pop_run(7, [&](const HeldCell& cell) { EXPECT_EQ(cell.seq, SeqNo{++next_seq}); });
  }
  EXPECT_EQ(next_seq, 5000U);
}

}  // namespace
}  // namespace conflux
