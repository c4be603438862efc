#include "plugin/core/held_cells.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace conflux {

void HeldCells::make_room() {
  if (blocks_.empty()) {
    blocks_.push_back({std::make_unique_for_overwrite<HeldCell[]>(kFirstCapacity), kFirstCapacity});
    last_ = blocks_.begin();
    head_ = last_->cells.get();
  } else if (empty()) {
    head_ = last_->cells.get();
  } else {
    if (std::next(last_) == blocks_.end()) {
      const std::uint32_t capacity = std::min(last_->capacity * 2, kMostCapacity);
      blocks_.push_back({std::make_unique_for_overwrite<HeldCell[]>(capacity), capacity});
    }
    ++last_;
  }
  tail_ = last_->cells.get();
  tail_end_ = tail_ + last_->capacity;
}

bool HeldCells::leave_block() noexcept {
  if (blocks_.begin() == last_) {
    head_ = nullptr;
    tail_ = tail_end_;
    return false;
  }
  const auto reserve = std::next(last_);
  if (reserve == blocks_.end()) {
    blocks_.splice(reserve, blocks_, blocks_.begin());
  } else if (reserve->capacity < blocks_.front().capacity) {
    std::swap(*reserve, blocks_.front());
    blocks_.pop_front();
  } else {
    blocks_.pop_front();
  }
  head_ = blocks_.front().cells.get();
  return true;
}

}  // namespace conflux
