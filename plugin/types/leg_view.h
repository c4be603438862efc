// The host's view of its legs, read in place: nothing is copied on the cell path.
#pragma once

#include <mpath/cells.h>

#include <cstddef>
#include <cstdint>

#include "plugin/types/strong.h"

namespace conflux {

// The contract's plain data. What is asked of it is asked by the functions below.
using LegView = ::mpath_leg_view;

// DATA cells that the congestion window of the leg still admits; 0 if it is full or overdrawn.
// Spec: prop324 [CONGESTION_WINDOW]; unit: cells.
[[nodiscard]] constexpr Cells room(const LegView& view) noexcept {
  return Cells{view.cwnd > view.inflight ? std::uint64_t{view.cwnd} - view.inflight : 0};
}

[[nodiscard]] constexpr bool has(const LegView& view, std::uint32_t flag) noexcept {
  return (view.flags & flag) != 0;
}

// Do channel and window take one more DATA cell?
[[nodiscard]] constexpr bool takes_data(const LegView& view) noexcept {
  return !has(view, MPATH_VIEW_INPUT_CLOSED | MPATH_VIEW_CHANNEL_BLOCKED) &&
         view.cwnd > view.inflight;
}

// The views of one call. Borrowed; elements are `stride` bytes apart, as the host was compiled.
class LegViews {
 public:
  LegViews() = default;
  LegViews(const LegView* first, std::size_t count, std::size_t stride, Cells backlog) noexcept
      : first_(reinterpret_cast<const std::byte*>(first)),
        count_(count),
        stride_(stride),
        backlog_(backlog) {}

  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] const LegView& operator[](std::size_t i) const noexcept {
    return *reinterpret_cast<const LegView*>(first_ + i * stride_);
  }
  // Cells that streams of the join point could fill now.
  [[nodiscard]] Cells backlog() const noexcept { return backlog_; }

  // The view of a leg, or null. Hosts that keep leg order are answered by the first look.
  [[nodiscard]] const LegView* find(LegId leg, std::size_t expected_at) const noexcept {
    if (expected_at < count_ && (*this)[expected_at].leg == leg.raw()) return &(*this)[expected_at];
    for (std::size_t i = 0; i < count_; ++i) {
      if ((*this)[i].leg == leg.raw()) return &(*this)[i];
    }
    return nullptr;
  }

 private:
  const std::byte* first_ = nullptr;
  std::size_t count_ = 0;
  std::size_t stride_ = sizeof(LegView);
  Cells backlog_{};
};

}  // namespace conflux
