#include "plugin/core/out_of_order_queue.h"

#include <algorithm>

#include "plugin/types/check.h"

namespace conflux {
Instant OutOfOrderQueue::oldest_arrival() const noexcept {
  Instant oldest = kNever;
  for (const Lane& lane : lanes_) {
    if (!lane.cells.empty()) oldest = std::min(oldest, lane.cells.front().arrived);
  }
  return oldest;
}

void OutOfOrderQueue::hold(LegId leg, const HeldCell& cell) {
  const std::size_t slot = slot_of(leg);
  if (slot >= lanes_.size()) lanes_.resize(slot + 1);
  Lane& lane = lanes_[slot];
  const bool was_empty = lane.cells.empty();
  CONFLUX_CHECK(was_empty || lane.leg == leg);
  lane.cells.push(cell);
  lane.leg = leg;
  if (was_empty) ++busy_lanes_;
  if (was_empty && (empty() || cell.seq < lowest_)) {
    lowest_ = cell.seq;
    lowest_lane_ = static_cast<std::uint32_t>(slot);
  }
  cells_ += 1;
  footprint_ += weight(cell.cost);
}

std::optional<ReleasedCell> OutOfOrderQueue::release_any() noexcept {
  for (Lane& lane : lanes_) {
    if (lane.cells.empty()) continue;
    std::optional<ReleasedCell> released;
    release_from(lane, 1, [&](const ReleasedCell& cell) { released = cell; });
    return released;
  }
  // Whatever they said: a tunnel with a bug in its counters must end, too.
  cells_ = 0;
  footprint_ = 0;
  busy_lanes_ = 0;
  return std::nullopt;
}

SeqNo OutOfOrderQueue::lowest_beside(const Lane& beside) const noexcept {
  SeqNo lowest{UINT64_MAX};
  for (const Lane& lane : lanes_) {
    if (&lane != &beside && !lane.cells.empty()) {
      lowest = std::min(lowest, lane.cells.front().seq);
    }
  }
  return lowest;
}

void OutOfOrderQueue::find_lowest() noexcept {
  bool found = false;
  for (std::size_t slot = 0; slot < lanes_.size(); ++slot) {
    if (lanes_[slot].cells.empty()) continue;
    const SeqNo head = lanes_[slot].cells.front().seq;
    if (found && head >= lowest_) continue;
    lowest_ = head;
    lowest_lane_ = static_cast<std::uint32_t>(slot);
    found = true;
  }
}

bool OutOfOrderQueue::is_consistent() const noexcept {
  if (empty()) return footprint_ == 0 && busy_lanes_ == 0;
  SeqNo smallest{UINT64_MAX};
  std::size_t busy = 0;
  for (const Lane& lane : lanes_) {
    if (lane.cells.empty()) continue;
    ++busy;
    smallest = std::min(smallest, lane.cells.front().seq);
  }
  return smallest == lowest_ && busy == busy_lanes_ && footprint_ >= cells_ * sizeof(HeldCell);
}

}  // namespace conflux
