// Tunnel: the short way of nearly every cell, inline. It takes numbers and not structs, so that all
// of a call stays in registers; whatever it does not know for certain, the general way decides.
#pragma once

#include "plugin/core/tunnel.h"

namespace conflux {

[[gnu::always_inline]] inline bool Tunnel::time_goes_on(Instant now) const noexcept {
  return now >= now_ && now < next_deadline_;
}

[[gnu::always_inline]] inline const Leg* Tunnel::route_again(CellKey key, Cells want,
                                                             LegViews views, Instant now,
                                                             Cells& granted) noexcept {
  if (key != sent_key_ || !time_goes_on(now) || !sender_.stays(legs_, views, want, now)) {
    return nullptr;
  }
  granted = sender_.commit_again(legs_, views, want, now);
  // Only now: a call that the general way refuses must not have moved it.
  now_ = now;
  return &legs_[sender_.standing()];
}

[[gnu::always_inline]] inline bool Tunnel::deliver_in_turn(CellKey key, LegId id,
                                                           Instant now) noexcept {
  if (key != turn_key_ || !time_goes_on(now) || id != turn_leg_) return false;
  now_ = now;
  // Nobody asks whether a number is left (attack A19): as many cells have come as have numbers.
  receiver_.deliver_known();
  return true;
}

inline void Tunnel::settle_turn() const noexcept {
  if (turn_key_ == kNoCellKey) return;
  if (Leg* leg = legs_.find(turn_leg_)) {
    leg->sequence().commit_received(receiver_.last_delivered());
  }
}

[[gnu::always_inline]] inline Leg* Tunnel::find_counting(CellKey key, LegId id,
                                                         Instant now) noexcept {
  if (key != received_key_ || !time_goes_on(now)) return nullptr;
  // The key is that of a tunnel that has legs, which all count: none is asked for its state.
  Leg* const leg = legs_.find_of_some(id);
  if (leg == nullptr) return nullptr;
  end_turn();
  now_ = now;
  return leg;
}

[[gnu::always_inline]] inline bool Tunnel::deliver_plainly(Leg& leg) noexcept {
  if (!receiver_.deliver_plainly(leg)) return false;
  if (receiver_.queue().empty()) {
    turn_leg_ = leg.id();
    turn_key_ = received_key_;
  }
  return true;
}

template <class Take>
std::uint64_t Tunnel::drain(std::uint64_t count, Take&& take) noexcept {
  std::uint64_t left = count;
  if (!std::holds_alternative<Closed>(state_)) {
    const DrainResult result = receiver_.drain(count, [&](const ReleasedCell& cell) {
      take(DrainedToken{.token = cell.token, .leg = cell.leg, .deliver = true});
    });
    left -= result.taken;
    if (result.violation != Reason::NONE) violate(result.violation, LegOrdinal{0});
  }
  for (; left > 0 && std::holds_alternative<Closed>(state_); --left) {
    const std::optional<ReleasedCell> cell = receiver_.discard_next();
    if (!cell) break;
    take(DrainedToken{.token = cell->token, .leg = cell->leg, .deliver = false});
  }
  news_ |= kHeldNews;
  commit_pressure();
  return count - left;
}

[[gnu::always_inline]] inline bool Tunnel::has_tokens() const noexcept {
  return std::holds_alternative<Closed>(state_) ? !receiver_.queue().empty() : receiver_.has_next();
}

}  // namespace conflux
