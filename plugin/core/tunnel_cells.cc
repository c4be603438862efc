// Tunnel: the cell path.
#include <algorithm>

#include "plugin/codec/switch_message.h"
#include "plugin/core/cell_rules.h"
#include "plugin/core/handshake.h"
#include "plugin/core/tunnel.h"
#include "plugin/types/check.h"

namespace conflux {

Outcome Tunnel::route(const RouteRequest& request, const LegViews& views, Instant now,
                      RouteGrant& out) {
  expire(now);
  if (std::holds_alternative<Closed>(state_)) return refuse(Outcome::kClosed, close_reason());
  const MultiPath* multi = multi_path();
  const bool counts =
      multi != nullptr && is_sequenced(request.command) && request.hop == multi->join_point.hop;
  if (!counts) {
    if (request.leg != LegId{} && !legs_.index_of(request.leg)) return refuse(Outcome::kStale);
    out = plan_unsequenced(request);
    return out.blocked == Reason::NONE ? Outcome::kOk : Outcome::kBlocked;
  }
  ViewOfLeg view_of;
  if (!legs_.resolve(views, view_of)) return refuse(Outcome::kViews);
  const LegId before = sender_.has_sent() ? sender_.primary() : LegId{};
  const SendPlan plan = sender_.commit_route(legs_, view_of,
                                             {.command = request.command,
                                              .want = request.want,
                                              .backlog = views.backlog(),
                                              .now = now_,
                                              .stuck_at = stuck_at()});
  out.blocked = plan.blocked;
  if (plan.blocked != Reason::NONE) return Outcome::kBlocked;

  const Leg& leg = legs_[plan.index];
  out.leg = leg.id();
  out.cookie = leg.cookie();
  out.granted = plan.granted;
  out.switch_delta = plan.switch_delta;
  if (sender_.primary() != before) note_primary(before, plan);
  CONFLUX_CHECK(leg.sequence().last_sent() == SeqNo{sender_.sent().raw()});
  return Outcome::kOk;
}

// While it is asked for, something is held: no leg is in turn, and each knows what it received.
std::optional<SeqNo> Tunnel::stuck_at() const noexcept {
  return pressure_ ? std::optional(receiver_.last_delivered()) : std::nullopt;
}

// To be published; but the set is what it was, and what is known of its legs holds.
void Tunnel::note_primary(LegId before, const SendPlan& plan) noexcept {
  ++version_;
  news_ |= kChangeNews;
  log(before == LegId{} ? LogEvent::kInitialPrimary : LogEvent::kPrimarySwitched, LogLevel::kTrace,
      Reason::NONE, legs_[plan.index].ordinal(), plan.switch_delta.value_or(SeqDelta{0}).raw());
}

// Leaky pipe, commands that are not sequenced, and single-path tunnels: the cell keeps its leg.
RouteGrant Tunnel::plan_unsequenced(const RouteRequest& request) const noexcept {
  const LegId id = request.leg == LegId{} ? sender_.primary() : request.leg;
  const Leg& leg = legs_[legs_.index_of(id).value_or(0)];
  // Nothing but LINK may go on a circuit in the middle of its handshake.
  if (leg.is_pending()) return {.blocked = Reason::NOT_LINKED};
  if (leg.is<AckQueued>()) return {.blocked = Reason::ACK_NOT_SENT};
  if (leg.padding_blocked()) return {.blocked = Reason::PADDING_BLOCKED};
  return {.leg = leg.id(), .cookie = leg.cookie(), .granted = request.want};
}

Outcome Tunnel::can_read(const LegViews& views, Instant now, RouteGrant& out) {
  if (std::holds_alternative<Closed>(state_)) return Outcome::kClosed;
  out.leg = sender_.primary();
  if (multi_path() == nullptr) return Outcome::kOk;
  ViewOfLeg view_of;
  if (!legs_.resolve(views, view_of)) return Outcome::kViews;
  const SendPlan plan = sender_.preview(legs_, view_of,
                                        {.command = CommandClass::kData,
                                         .want = Cells{1},
                                         .backlog = views.backlog(),
                                         .now = std::max(now, now_)});
  out.blocked = plan.blocked;
  if (plan.blocked != Reason::NONE) return Outcome::kBlocked;
  out.leg = legs_[plan.index].id();
  return Outcome::kOk;
}

Outcome Tunnel::handle_cell(const ReceivedCell& cell, Instant now, Reason& violation) {
  expire(now);
  if (std::holds_alternative<Closed>(state_)) {
    violation = close_reason();
    return refuse(Outcome::kClosed, violation);
  }
  Leg* const leg = legs_.find(cell.leg);
  if (leg == nullptr) return refuse(Outcome::kStale);
  const MultiPath* multi = multi_path();
  const bool elsewhere = multi != nullptr && cell.hop != multi->join_point.hop;
  const CellKind kind = kind_of(cell.command);
  const CellRule& rule = elsewhere ? client_rule_elsewhere(kind) : client_rule(kind, leg->state());
  switch (rule.action) {
    case CellAction::kPass:
      return Outcome::kPass;
    case CellAction::kCount:
      return handle_sequenced(*leg, cell, violation);
    case CellAction::kHandle:
      return handle_signalling(*leg, cell, violation);
    case CellAction::kIgnore:
      return Outcome::kConsumed;
    case CellAction::kCloseLeg:
    case CellAction::kCloseTunnel:
      break;
  }
  violation = rule.reason;
  return violate(violation, leg->ordinal());
}

Outcome Tunnel::handle_sequenced(Leg& leg, const ReceivedCell& cell, Reason& violation) {
  end_turn();
  const ReceptionResult result = receiver_.handle_sequenced(leg, cell.token, cell.cost, now_);
  switch (result.reception) {
    case Reception::kDeliver:
      return Outcome::kOk;
    case Reception::kHold:
      arm(receiver_.stall_deadline());
      news_ |= kHeldNews;
      commit_pressure();
      return Outcome::kHeld;
    case Reception::kRefuse:
      break;
  }
  violation = result.reason;
  if (is_violation(violation)) return violate(violation, leg.ordinal());
  // Our own limit, which an honest exit can hit too when a leg stalls.
  close(violation);
  return refuse(Outcome::kClosed, violation);
}

Outcome Tunnel::handle_signalling(Leg& leg, const ReceivedCell& cell, Reason& violation) {
  if (kind_of(cell.command) == CellKind::kLinked) {
    violation = handle_linked(leg, cell.body, nonce_, legs_.highest_sent(), now_);
    if (violation != Reason::NONE) return violate(violation, leg.ordinal());
    const Micros rtt = leg.handshake_rtt().value_or(Micros::zero());
    note(EventKind::kSendCell, leg, Reason::NONE);
    note(EventKind::kLinkResult, leg, Reason::NONE, static_cast<std::uint64_t>(rtt.count()));
    commit_news();
    log(LogEvent::kLinked, LogLevel::kInfo, Reason::NONE, leg.ordinal(),
        static_cast<std::uint64_t>(rtt.count()));
    return Outcome::kConsumed;
  }
  end_turn();
  const std::optional<SeqDelta> delta = parse_switch(cell.body);
  violation = !delta ? Reason::SWITCH_MALFORMED
                     : receiver_.handle_switch(leg, *delta, legs_.count_linked(),
                                               multi_path()->cwnd_init, sender_.sent());
  if (violation != Reason::NONE) return violate(violation, leg.ordinal());
  return Outcome::kConsumed;
}

void Tunnel::commit_pressure() noexcept {
  const Bytes held = receiver_.queue().bytes();
  if (!pressure_ && held >= config_.reorder.high_water) {
    pressure_ = true;
    receiver_.commit_pressure(true);
    log(LogEvent::kHighWater, LogLevel::kInfo, Reason::NONE, LegOrdinal{0}, held.raw());
  } else if (pressure_ && held <= config_.reorder.low_water) {
    pressure_ = false;
    receiver_.commit_pressure(false);
    log(LogEvent::kLowWater, LogLevel::kDebug, Reason::NONE, LegOrdinal{0}, held.raw());
  }
}

}  // namespace conflux
