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
  // Neither empty nor full, in one comparison.
  [[nodiscard]] bool takes_another() const noexcept { return size_ - 1 < capacity_ - 1; }
  [[nodiscard]] const HeldCell& front() const noexcept { return cells_[head_]; }
  // Throws std::bad_alloc and is then unchanged.
  void push(const HeldCell& cell) {
    if (full()) grow();
    push_in_place(cell.seq, cell.token, cell.arrived, cell.cost);
  }
  // There is room. By field: a copy of the whole would wait until its parts have reached memory.
  void push_in_place(SeqNo seq, Token token, Instant arrived, std::uint32_t cost) noexcept {
    HeldCell& cell = cells_[(head_ + size_) & (capacity_ - 1)];
    cell.seq = seq;
    cell.token = token;
    cell.arrived = arrived;
    cell.cost = cost;
    ++size_;
  }
  // Gives the front to `take`, and what follows it while each has the next number; `count` at most,
  // which is not 0. Answers how many. Not empty.
  template <class Take>
  std::uint32_t pop_run(std::uint64_t count, Take&& take) noexcept {
    const auto most = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, size_));
    SeqNo seq = front().seq;
    std::uint32_t taken = 0;
    for (; taken < most; ++taken, seq = next(seq)) {
      const HeldCell& cell = cells_[(head_ + taken) & (capacity_ - 1)];
      if (cell.seq != seq) break;
      take(cell);
    }
    head_ = (head_ + taken) & (capacity_ - 1);
    size_ -= taken;
    if (size_ == 0 && capacity_ > kKeptCapacity) release();
    return taken;
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
// lanes. Bound: the caller's, by footprint() before each hold().
class OutOfOrderQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return cells_ == 0; }
  [[nodiscard]] Cells cells() const noexcept { return Cells{cells_}; }
  [[nodiscard]] Bytes bytes() const noexcept { return Bytes{bytes_}; }
  // The same with our own share, so that cheap cells are not free (attack A30): what limits count.
  [[nodiscard]] Bytes footprint() const noexcept {
    return Bytes{bytes_ + cells_ * sizeof(HeldCell)};
  }
  [[nodiscard]] Cells peak_cells() const noexcept { return Cells{std::max(peak_cells_, cells_)}; }
  [[nodiscard]] Bytes peak_bytes() const noexcept { return Bytes{std::max(peak_bytes_, bytes_)}; }
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
  bool hold_behind(LegId leg, SeqNo seq, Token token, Instant arrived, std::uint32_t cost) noexcept;
  // Gives the cell with the smallest number to `take`, and those that follow it without a gap until
  // another leg may have the next one; `count` at most, which is not 0. Answers how many. Not
  // empty.
  template <class Take>
  std::uint64_t release_run(std::uint64_t count, Take&& take) noexcept;
  // Takes a cell of any lane; nothing if there is none. Trusts no counter.
  std::optional<ReleasedCell> release_any() noexcept;

  [[nodiscard]] bool is_consistent() const noexcept;

 private:
  struct Lane {
    HeldCellRing cells;
    LegId leg;
  };

  // Gives a run from the front of a lane that holds something; `count` at most, which is not 0.
  template <class Take>
  std::uint64_t release_from(Lane& lane, std::uint64_t count, Take&& take) noexcept;
  // The smallest head but for those of `lane`; the largest number if there is none.
  [[nodiscard]] SeqNo lowest_beside(const Lane& lane) const noexcept;
  void find_lowest() noexcept;

  std::uint64_t cells_ = 0;
  std::uint64_t bytes_ = 0;
  SeqNo lowest_{};
  std::uint32_t lowest_lane_ = 0;
  std::uint32_t busy_lanes_ = 0;  // that hold something
  std::vector<Lane> lanes_;       // by slot of the leg
  std::uint64_t peak_cells_ = 0;  // as of the last release
  std::uint64_t peak_bytes_ = 0;
};

// What nearly every cell takes, inline.

[[gnu::always_inline]] inline bool OutOfOrderQueue::hold_behind(LegId leg, SeqNo seq, Token token,
                                                                Instant arrived,
                                                                std::uint32_t cost) noexcept {
  const std::size_t slot = slot_of(leg);
  if (slot >= lanes_.size()) return false;
  Lane& lane = lanes_[slot];
  if (lane.leg != leg || !lane.cells.takes_another()) return false;
  lane.cells.push_in_place(seq, token, arrived, cost);
  cells_ += 1;
  bytes_ += cost;
  return true;
}

template <class Take>
[[gnu::always_inline]] inline std::uint64_t OutOfOrderQueue::release_from(Lane& lane,
                                                                          std::uint64_t count,
                                                                          Take&& take) noexcept {
  // Both only grow between two releases, so it is enough to look before one.
  peak_cells_ = peak_cells().raw();
  peak_bytes_ = peak_bytes().raw();
  std::uint64_t bytes = 0;
  const std::uint64_t taken = lane.cells.pop_run(count, [&](const HeldCell& cell) {
    bytes += cell.cost;
    take(ReleasedCell{.token = cell.token, .leg = lane.leg});
  });
  cells_ -= taken;
  bytes_ -= bytes;
  if (lane.cells.empty()) --busy_lanes_;
  return taken;
}

template <class Take>
[[gnu::always_inline]] inline std::uint64_t OutOfOrderQueue::release_run(std::uint64_t count,
                                                                         Take&& take) noexcept {
  Lane& lane = lanes_[lowest_lane_];
  // The usual case: one leg was ahead, and all that is held came from it. With two, another head
  // may come next, or repeat a number of this one's (attack A17).
  const bool alone = busy_lanes_ == 1;
  if (!alone) count = std::min(count, lowest_beside(lane).raw() - lowest_.raw());
  const std::uint64_t taken = release_from(lane, std::max<std::uint64_t>(count, 1), take);
  if (alone && !lane.cells.empty()) {
    lowest_ = lane.cells.front().seq;
  } else {
    find_lowest();
  }
  return taken;
}

}  // namespace conflux
