// Cells that arrived before their turn, as the host's tokens.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

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

struct ReleasedCell {
  Token token;
  LegId leg;
};

// First in, first out, in a ring that doubles. A large one gives its memory back once it is empty.
class HeldCellRing {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == capacity_; }
  [[nodiscard]] const HeldCell& front() const noexcept { return cells_[head_]; }
  // Throws std::bad_alloc and is then unchanged.
  void push(const HeldCell& cell) {
    if (full()) grow();
    cells_[(head_ + size_) & (capacity_ - 1)] = cell;
    ++size_;
  }
  void pop() noexcept {
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    if (size_ == 0 && capacity_ > kKeptCapacity) release();
  }

 private:
  // 32 KiB: what legs of unlike delay need again and again. More was a stall.
  static constexpr std::uint32_t kKeptCapacity = 1024;

  void grow();
  void release() noexcept;

  std::unique_ptr<HeldCell[]> cells_;
  std::uint32_t capacity_ = 0;  // a power of two, or 0
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

// Why it is not a heap: what one leg carries arrives in ascending order, so each leg has a lane
// that is sorted by itself, and the next cell of the tunnel is at the head of one of at most 16
// lanes. Holding and releasing are O(1) however many are held; a SWITCH that points far ahead
// costs nothing (attack A16); and a lane outlives its leg, so that cells of a leg that has gone
// are still delivered (reference: Arti's queue loses the tunnel then).
//
// Invariant, is_consistent(): lowest_ is the smallest head; cells and bytes are the sums over
// lanes. Bound: the caller's, by bytes() before each hold().
class OutOfOrderQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return cells_ == 0; }
  [[nodiscard]] Cells cells() const noexcept { return Cells{cells_}; }
  [[nodiscard]] Bytes bytes() const noexcept { return Bytes{bytes_}; }
  // The same with our own share, so that cheap cells are not free (attack A30): what limits count.
  [[nodiscard]] Bytes footprint() const noexcept {
    return Bytes{bytes_ + cells_ * sizeof(HeldCell)};
  }
  [[nodiscard]] Cells peak_cells() const noexcept { return Cells{peak_cells_}; }
  [[nodiscard]] Bytes peak_bytes() const noexcept { return Bytes{peak_bytes_}; }
  // The smallest number held. Not empty.
  [[nodiscard]] SeqNo lowest() const noexcept { return lowest_; }
  // When the cell that has waited longest arrived. kNever if empty. O(lanes).
  [[nodiscard]] Instant oldest_arrival() const noexcept;
  // May this lane be given to a new leg?
  [[nodiscard]] bool lane_is_free(std::size_t slot) const noexcept {
    return slot >= lanes_.size() || lanes_[slot].cells.empty();
  }

  // `cell.seq` is larger than all others that this leg brought. Throws std::bad_alloc and is then
  // unchanged.
  void hold(LegId leg, const HeldCell& cell);
  // The same if others of this leg are held and there is room for one more; else false, and nothing
  // has changed.
  bool hold_behind(LegId leg, const HeldCell& cell) noexcept;
  // Takes the cell with the smallest number. Not empty.
  ReleasedCell release_lowest() noexcept;
  // Takes a cell of any lane; nothing if there is none. Trusts no counter.
  std::optional<ReleasedCell> release_any() noexcept;

  [[nodiscard]] bool is_consistent() const noexcept;

 private:
  struct Lane {
    HeldCellRing cells;
    LegId leg;
  };

  void commit_held(const HeldCell& cell) noexcept {
    cells_ += 1;
    bytes_ += cell.cost;
    peak_cells_ = std::max(peak_cells_, cells_);
    peak_bytes_ = std::max(peak_bytes_, bytes_);
  }
  ReleasedCell release(Lane& lane) noexcept;
  void find_lowest() noexcept;

  std::uint64_t cells_ = 0;
  std::uint64_t bytes_ = 0;
  SeqNo lowest_{};
  std::size_t lowest_lane_ = 0;
  std::size_t busy_lanes_ = 0;  // that hold something
  std::vector<Lane> lanes_;     // by slot of the leg
  std::uint64_t peak_cells_ = 0;
  std::uint64_t peak_bytes_ = 0;
};

// What nearly every cell takes, inline.

[[gnu::always_inline]] inline bool OutOfOrderQueue::hold_behind(LegId leg,
                                                                const HeldCell& cell) noexcept {
  const std::size_t slot = slot_of(leg);
  if (slot >= lanes_.size()) return false;
  Lane& lane = lanes_[slot];
  if (lane.leg != leg || lane.cells.empty() || lane.cells.full()) return false;
  lane.cells.push(cell);
  commit_held(cell);
  return true;
}

[[gnu::always_inline]] inline ReleasedCell OutOfOrderQueue::release(Lane& lane) noexcept {
  const HeldCell& cell = lane.cells.front();
  const ReleasedCell released{.token = cell.token, .leg = lane.leg};
  cells_ -= 1;
  bytes_ -= cell.cost;
  lane.cells.pop();
  if (lane.cells.empty()) --busy_lanes_;
  return released;
}

[[gnu::always_inline]] inline ReleasedCell OutOfOrderQueue::release_lowest() noexcept {
  Lane& lane = lanes_[lowest_lane_];
  const ReleasedCell released = release(lane);
  // The usual case: one leg was ahead, and all that is held came from it. With two, another head
  // may repeat the number just released (attack A17), so it takes a look at all of them.
  if (busy_lanes_ == 1 && !lane.cells.empty()) {
    lowest_ = lane.cells.front().seq;
  } else {
    find_lowest();
  }
  return released;
}

}  // namespace conflux
