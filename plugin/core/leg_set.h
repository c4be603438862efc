// The legs of a tunnel, in the order in which they joined.
#pragma once

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

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

  // The place of a leg, or nothing if it is not (or no longer) in the set. One look, however many
  // legs there are.
  [[nodiscard]] std::optional<std::size_t> index_of(LegId id) const noexcept {
    const std::size_t place = offset_of(id) / sizeof(Leg);
    if (empty() || legs_[place].id() != id) return std::nullopt;
    return place;
  }

  // The leg, or null if it is not (or no longer) in the set.
  [[nodiscard]] Leg* find(LegId id) noexcept { return empty() ? nullptr : find_of_some(id); }
  // The same of a set that is not empty.
  [[nodiscard]] Leg* find_of_some(LegId id) noexcept {
    Leg& leg = *reinterpret_cast<Leg*>(reinterpret_cast<std::byte*>(legs_.data()) + offset_of(id));
    return leg.id() == id ? &leg : nullptr;
  }

  // Finds each leg's view. False if a leg has none or two; views of other legs do not matter.
  [[nodiscard]] bool resolve(const LegViews& views, ViewOfLeg& out) const noexcept {
    if (views.size() == legs_.size()) [[likely]] {
      std::size_t i = 0;
      while (i < legs_.size() && views[i].leg == legs_[i].id().raw()) {
        out[i] = &views[i];
        ++i;
      }
      if (i == legs_.size()) return true;
    }
    return resolve_unordered(views, out);
  }

  // Are these the views of all legs, in leg order, as the contract wants them, and is each RTT what
  // it was when last looked at? Two legs have a way of their own: nearly every cell asks, and
  // nearly every tunnel has two.
  [[nodiscard, gnu::always_inline]] bool are_as_known(LegViews views) const noexcept {
    if (views.size() != legs_.size()) return false;
    if (legs_.size() == 2) [[likely]]
      return has_known_rtt(legs_[0], views[0]) && has_known_rtt(legs_[1], views[1]) &&
             (views[0].reserved | views[1].reserved) == 0;
    // Counted down with the condition at the end: one jump for each leg, and no register more.
    std::size_t left = legs_.size();
    if (left == 0) return true;
    const Leg* leg = legs_.data();
    std::size_t at = 0;
    do {
      if (!is_as_known(*leg++, views[at++])) return false;
    } while (--left != 0);
    return true;
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
  void commit_add(const Leg& leg) {
    legs_.push_back(leg);
    index();
  }
  void commit_remove(std::size_t index_in_order) noexcept {
    legs_.erase(legs_.begin() + static_cast<std::ptrdiff_t>(index_in_order));
    index();
  }
  void clear() noexcept { legs_.clear(); }

 private:
  // What nearly every tunnel has lies inside it, where its other state has been fetched anyway.
  static constexpr std::size_t kInlineLegs = 2;

  // Where the leg is, or another if it is not in the set, which is not empty. In bytes from the
  // first leg: it saves each cell a multiplication.
  [[nodiscard]] std::size_t offset_of(LegId id) const noexcept {
    return offset_[slot_of(id) % kLegsMax];
  }
  void index() noexcept {
    offset_.fill(0);  // no id that has gone leads outside the set
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      offset_[slot_of(legs_[i].id()) % kLegsMax] = static_cast<std::uint16_t>(i * sizeof(Leg));
    }
  }
  [[nodiscard, gnu::always_inline]] static bool is_as_known(const Leg& leg,
                                                            const LegView& view) noexcept {
    return has_known_rtt(leg, view) && view.reserved == 0;
  }
  [[nodiscard, gnu::always_inline]] static bool has_known_rtt(const Leg& leg,
                                                              const LegView& view) noexcept {
    return view.leg == leg.id().raw() && leg.progress().knows_rtt(view);
  }
  [[nodiscard]] bool resolve_unordered(const LegViews& views, ViewOfLeg& out) const noexcept {
    std::fill_n(out.begin(), legs_.size(), nullptr);
    std::size_t found = 0;
    for (std::size_t v = 0; v < views.size(); ++v) {
      const std::optional<std::size_t> at = index_of(LegId{views[v].leg});
      if (!at) continue;
      if (out[*at] != nullptr) return false;
      out[*at] = &views[v];
      ++found;
    }
    return found == legs_.size();
  }

  static_assert(kLegsMax * sizeof(Leg) <= UINT16_MAX);
  std::array<std::uint16_t, kLegsMax> offset_{};  // in leg order, by the slot of a leg's id
  boost::container::small_vector<Leg, kInlineLegs> legs_;
};

}  // namespace conflux
