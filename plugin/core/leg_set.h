// The legs of a tunnel, in the order in which they joined.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "plugin/core/leg.h"
#include "plugin/types/leg_view.h"
#include "plugin/types/limits.h"
#include "plugin/types/strong.h"

namespace conflux {

// The host's view of each leg, by the leg's place in the set. Borrowed.
using ViewOfLeg = std::array<const LegView*, kLegsMax>;

class LegSet {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return legs_.size(); }
  [[nodiscard]] bool empty() const noexcept { return legs_.empty(); }
  [[nodiscard]] const Leg& operator[](std::size_t i) const noexcept { return legs_[i]; }
  [[nodiscard]] Leg& operator[](std::size_t i) noexcept { return legs_[i]; }
  [[nodiscard]] auto begin() const noexcept { return legs_.begin(); }
  [[nodiscard]] auto end() const noexcept { return legs_.end(); }
  [[nodiscard]] auto begin() noexcept { return legs_.begin(); }
  [[nodiscard]] auto end() noexcept { return legs_.end(); }

  // The place of a leg, or nothing if it is not (or no longer) in the set.
  [[nodiscard]] std::optional<std::size_t> index_of(LegId id) const noexcept {
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      if (legs_[i].id() == id) return i;
    }
    return std::nullopt;
  }

  // Finds each leg's view. False if a leg has none or two; views of other legs do not matter.
  [[nodiscard]] bool resolve(const LegViews& views, ViewOfLeg& out) const noexcept {
    std::size_t found = 0;
    for (std::size_t v = 0; v < views.size(); ++v) {
      const LegId id{views[v].leg};
      const std::optional<std::size_t> at =
          v < legs_.size() && legs_[v].id() == id ? std::optional(v) : index_of(id);
      if (!at) continue;
      if (found == 0) std::fill_n(out.begin(), legs_.size(), nullptr);
      if (out[*at] != nullptr) return false;
      out[*at] = &views[v];
      ++found;
    }
    return found == legs_.size();
  }

  // Seed: max_last_seq_sent, max_last_seq_recv. `without`: a leg that does not count.
  [[nodiscard]] SeqNo highest_sent(LegId without = LegId{}) const noexcept {
    SeqNo highest{};
    for (const Leg& leg : legs_) {
      if (leg.id() != without) highest = std::max(highest, leg.sequence().last_sent());
    }
    return highest;
  }
  [[nodiscard]] SeqNo highest_received(LegId without = LegId{}) const noexcept {
    SeqNo highest{};
    for (const Leg& leg : legs_) {
      if (leg.id() != without) highest = std::max(highest, leg.sequence().last_received());
    }
    return highest;
  }
  [[nodiscard]] std::size_t count_linked() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(legs_, &Leg::peer_is_linked));
  }

  // Makes room, so that commit_add cannot fail. Throws std::bad_alloc.
  void reserve(std::size_t count) { legs_.reserve(count); }
  void commit_add(const Leg& leg) { legs_.push_back(leg); }
  void commit_remove(std::size_t index) noexcept {
    legs_.erase(legs_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  void clear() noexcept { legs_.clear(); }

 private:
  std::vector<Leg> legs_;
};

}  // namespace conflux
