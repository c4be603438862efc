// The cells of one leg that arrived before their turn, first in, first out.
#pragma once

#include <cstdint>
#include <list>
#include <memory>

#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

// A cell that the host keeps for us. It costs 32 bytes here and `cost` bytes there.
struct HeldCell {
  SeqNo seq;
  Token token;
  Instant arrived;
  std::uint32_t cost;
};

// In blocks, so that nothing that is held ever moves, and one more costs the same however many are
// held. What has been drained is given back at once, but for the two blocks that the next burst
// begins with: kKept cells at most.
//
//   blocks_   [..xxxx][xxxxxxxx][xx......]  [reserve]
//                ^ head_           ^ tail_  ^ tail_end_ is where the block of tail_ ends
//
// When nothing is held, head_ is null and tail_ is at the end of its block: the next cell finds no
// room, and the block is begun anew. Pointers into different blocks are never compared, for blocks
// may be neighbours: where one ends another may begin.
//
// What was moved from may only be destroyed or assigned to.
class HeldCells {
 public:
  HeldCells() = default;
  HeldCells(HeldCells&&) noexcept = default;
  HeldCells& operator=(HeldCells&&) noexcept = default;
  ~HeldCells() = default;

  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  // Holds something, and there is room for another.
  [[nodiscard]] bool takes_another() const noexcept { return tail_ != tail_end_; }
  // Not empty.
  [[nodiscard]] const HeldCell& front() const noexcept { return *head_; }
  // Throws std::bad_alloc and is then unchanged.
  void push(const HeldCell& cell) {
    if (tail_ == tail_end_) make_room();
    push_in_place(cell.seq, cell.token, cell.arrived, cell.cost);
  }
  // There is room. By field: a copy of the whole would wait until its parts have reached memory.
  void push_in_place(SeqNo seq, Token token, Instant arrived, std::uint32_t cost) noexcept {
    HeldCell& cell = *tail_++;
    cell.seq = seq;
    cell.token = token;
    cell.arrived = arrived;
    cell.cost = cost;
  }
  // Gives the front to `take`, and what follows it while each has the next number; `count` at most,
  // which is not 0. Answers how many. Not empty.
  template <class Take>
  std::uint64_t pop_run(std::uint64_t count, Take&& take) noexcept;

 private:
  struct Block {
    std::unique_ptr<HeldCell[]> cells;
    std::uint32_t capacity;
  };
  // What legs of unlike delay need again and again. More was a stall.
  static constexpr std::uint32_t kKept = 1024;
  // One SENDME's worth of cells and a bit: the smallest burst that legs of equal delay produce.
  static constexpr std::uint32_t kFirstCapacity = 64;
  static constexpr std::uint32_t kMostCapacity = kKept / 2;

  void make_room();
  // The block of head_ has been drained: it is given back, or stays in reserve if it is the larger
  // one of two. Is anything held in another block?
  bool leave_block() noexcept;
  [[nodiscard]] const HeldCell* end_of_front() const noexcept {
    return blocks_.begin() == last_ ? tail_
                                    : blocks_.front().cells.get() + blocks_.front().capacity;
  }

  HeldCell* head_ = nullptr;
  HeldCell* tail_ = nullptr;
  HeldCell* tail_end_ = nullptr;
  std::list<Block> blocks_;               // the one of head_ first
  std::list<Block>::iterator last_ = {};  // the one of tail_; behind it one at most, in reserve
};

template <class Take>
[[gnu::always_inline]] inline std::uint64_t HeldCells::pop_run(std::uint64_t count,
                                                               Take&& take) noexcept {
  SeqNo seq = front().seq;
  std::uint64_t left = count;
  do {
    HeldCell* cell = head_;
    const HeldCell* const end = end_of_front();
    for (; cell != end && left > 0 && cell->seq == seq; ++cell, --left, seq = next(seq))
      take(*cell);
    head_ = cell;
    if (cell != end) break;
  } while (leave_block());
  return count - left;
}

}  // namespace conflux
