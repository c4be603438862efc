// Tunnel: the short way of nearly every cell, inline. It takes numbers and not structs, so that all
// of a call stays in registers; whatever it does not know for certain, the general way decides.
#pragma once

#include "plugin/core/tunnel.h"

namespace conflux {

[[gnu::always_inline]] inline bool Tunnel::commit_time(Instant now) noexcept {
  if (now < now_ || now >= next_deadline_) return false;
  now_ = now;
  return true;
}

[[gnu::always_inline]] inline const Leg* Tunnel::single_leg_again(LegId from,
                                                                  Instant now) noexcept {
  if (!std::holds_alternative<SinglePath>(state_) || !commit_time(now)) return nullptr;
  const Leg& leg = legs_[0];
  return (from == LegId{} || from == leg.id()) && !leg.padding_blocked() ? &leg : nullptr;
}

[[gnu::always_inline]] inline const Leg* Tunnel::route_again(CommandClass command, HopNum hop,
                                                             LegId from, Cells want, LegViews views,
                                                             Instant now, Cells& granted) {
  const MultiPath* multi = multi_path();
  if (multi == nullptr) {
    granted = want;
    return single_leg_again(from, now);
  }
  if (hop != multi->join_point.hop || !is_sequenced(command) || pressure_ || !commit_time(now) ||
      !sender_.stays(legs_, views, want, now)) {
    return nullptr;
  }
  const Leg& leg = sender_.commit_again(legs_, views, command, want, now, granted);
  // The last number of the sending leg is the number of all cells: what a SWITCH rests on.
  CONFLUX_CHECK(leg.sequence().last_sent() == SeqNo{sender_.sent().raw()});
  return &leg;
}

[[gnu::always_inline]] inline Reception Tunnel::receive_plainly(LegId id, std::uint8_t command,
                                                                HopNum hop, Token token,
                                                                std::uint32_t cost,
                                                                Instant now) noexcept {
  const MultiPath* multi = multi_path();
  const bool elsewhere = multi != nullptr && hop != multi->join_point.hop;
  if (elsewhere || !commit_time(now)) return Reception::kRefuse;
  Leg* const leg = legs_.find(id);
  if (leg == nullptr) return Reception::kRefuse;
  const CellRule& rule = client_rule(kind_of(command), leg->state());
  if (rule.action == CellAction::kPass) return Reception::kPass;
  if (rule.action != CellAction::kCount) return Reception::kRefuse;
  const Reception reception = receiver_.receive_plainly(*leg, token, cost, now);
  if (reception == Reception::kHold) commit_held();
  return reception;
}

[[gnu::always_inline]] inline void Tunnel::commit_held() noexcept {
  news_ |= kHeldNews;
  const Bytes held = receiver_.queue().bytes();
  if (pressure_ ? held <= config_.reorder.low_water : held >= config_.reorder.high_water) {
    commit_pressure();
  }
}

template <class Take>
void Tunnel::drain(std::size_t count, Take&& take) noexcept {
  if (!std::holds_alternative<Closed>(state_)) {
    std::size_t taken = 0;
    const Reason violation = receiver_.drain(count, [&](const ReleasedCell& cell) {
      take(DrainedToken{.token = cell.token, .leg = cell.leg, .deliver = true});
      ++taken;
    });
    count -= taken;
    if (violation != Reason::NONE) violate(violation, LegOrdinal{0});
  }
  for (; count > 0 && std::holds_alternative<Closed>(state_); --count) {
    const std::optional<ReleasedCell> cell = receiver_.discard_next();
    if (!cell) break;
    take(DrainedToken{.token = cell->token, .leg = cell->leg, .deliver = false});
  }
  commit_held();
}

[[gnu::always_inline]] inline bool Tunnel::has_tokens() const noexcept {
  return std::holds_alternative<Closed>(state_) ? !receiver_.queue().empty() : receiver_.has_next();
}

}  // namespace conflux
