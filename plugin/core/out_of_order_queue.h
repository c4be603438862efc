// Cells that arrived before their turn, as the host's tokens.
#pragma once

#include <algorithm>
#include <boost/container/vector.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "plugin/core/held_cells.h"
#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

struct ReleasedCell {
  Token token;
  LegId leg;
};

// Why it is not a heap: what one leg carries arrives in ascending order, so each leg has a lane
// that is sorted by itself, and the next cell of the tunnel is at the head of one of at most 16
// lanes. Holding and releasing are O(1) however many are held; a SWITCH that points far ahead
// costs nothing (attack A16); and a lane outlives its leg, so that cells of a leg that has gone
// are still delivered (reference: Arti's queue loses the tunnel then).
//
// Invariant: lowest_ is the smallest head; cells and footprint are the sums over lanes, which
// is_consistent() does not add up. Bound: the caller's, by footprint() before each hold().
class OutOfOrderQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return cells_ == 0; }
  [[nodiscard]] Cells cells() const noexcept { return Cells{cells_}; }
  [[nodiscard]] Bytes bytes() const noexcept {
    return Bytes{footprint_ - cells_ * sizeof(HeldCell)};
  }
  // The same with our own share, so that cheap cells are not free (attack A30): what limits count.
  [[nodiscard]] Bytes footprint() const noexcept { return Bytes{footprint_}; }
  // What one cell adds to it.
  [[nodiscard]] static constexpr std::uint64_t weight(std::uint32_t cost) noexcept {
    return sizeof(HeldCell) + std::uint64_t{cost};
  }
  [[nodiscard]] Cells peak_cells() const noexcept { return Cells{std::max(peak_cells_, cells_)}; }
  [[nodiscard]] Bytes peak_bytes() const noexcept { return std::max(peak_bytes_, bytes()); }
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
    HeldCells cells;
    LegId leg;
  };

  // Gives a run from the front of a lane that holds something; `count` at most, which is not 0.
  template <class Take>
  std::uint64_t release_from(Lane& lane, std::uint64_t count, Take&& take) noexcept;
  // The smallest head but for those of `lane`; the largest number if there is none.
  [[nodiscard]] SeqNo lowest_beside(const Lane& lane) const noexcept;
  void find_lowest() noexcept;

  std::uint64_t cells_ = 0;
  std::uint64_t footprint_ = 0;
  SeqNo lowest_{};
  std::uint32_t lowest_lane_ = 0;
  std::uint32_t busy_lanes_ = 0;  // that hold something
  // By slot of the leg. Of this vector the size lies ready, and each cell asks for it.
  boost::container::vector<Lane> lanes_;
  std::uint64_t peak_cells_ = 0;  // as of the last release
  Bytes peak_bytes_{};
};

// What nearly every cell takes, inline.

[[gnu::always_inline]] inline bool OutOfOrderQueue::hold_behind(LegId leg, SeqNo seq, Token token,
                                                                Instant arrived,
                                                                std::uint32_t cost) noexcept {
  const std::size_t slot = slot_of(leg);
  if (slot >= lanes_.size()) return false;
  Lane& lane = lanes_[slot];
  if (lane.leg != leg || !lane.cells.takes_another()) return false;
  cells_ += 1;
  footprint_ += weight(cost);
  lane.cells.push_in_place(seq, token, arrived, cost);
  return true;
}

template <class Take>
[[gnu::always_inline]] inline std::uint64_t OutOfOrderQueue::release_from(Lane& lane,
                                                                          std::uint64_t count,
                                                                          Take&& take) noexcept {
  // Both only grow between two releases, so it is enough to look before one.
  peak_cells_ = peak_cells().raw();
  peak_bytes_ = peak_bytes();
  const LegId leg = lane.leg;
  std::uint64_t bytes = 0;
  const std::uint64_t taken = lane.cells.pop_run(count, [&](const HeldCell& cell) {
    bytes += cell.cost;
    take(ReleasedCell{.token = cell.token, .leg = leg});
  });
  cells_ -= taken;
  footprint_ -= bytes + taken * sizeof(HeldCell);
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
