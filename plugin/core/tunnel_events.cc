// Tunnel: time and events.
#include <algorithm>

#include "plugin/core/handshake.h"
#include "plugin/core/tunnel.h"
#include "plugin/types/check.h"
#include "plugin/types/limits.h"

namespace conflux {

void Tunnel::arm(Instant at) noexcept { next_deadline_ = std::min(next_deadline_, at); }

Instant Tunnel::next_deadline() const noexcept {
  if (std::holds_alternative<Closed>(state_)) return kNever;
  Instant next = receiver_.stall_deadline();
  for (const Leg& leg : legs_) next = std::min(next, leg.handshake_deadline());
  return next;
}

Instant Tunnel::next_deadline(const LegViews& views) const noexcept {
  const Instant next = next_deadline();
  ViewOfLeg view_of;
  const bool sends = multi_path() != nullptr && views.backlog() > Cells{0};
  if (!sends || !legs_.resolve(views, view_of)) return next;
  return std::min(next, sender_.next_change(legs_, view_of, now_));
}

void Tunnel::expire(Instant now) noexcept {
  if (now < now_) {
    ++clock_steps_back_;
    news_ |= kChangeNews;
  } else {
    now_ = now;
  }
  if (now_ >= next_deadline_) expire_due();
}

void Tunnel::expire_due() noexcept {
  if (std::holds_alternative<Closed>(state_)) return;
  for (Leg& leg : legs_) {
    // At the deadline is too late, even if LINKED comes in the same instant.
    if (now_ < leg.handshake_deadline()) continue;
    forget_cells_of(leg.id());
    leg.commit_state(TimedOut{});
    note(EventKind::kLinkResult, leg, Reason::HANDSHAKE_TIMEOUT);
    commit_news();
    log(LogEvent::kHandshakeTimedOut, LogLevel::kWarn, Reason::HANDSHAKE_TIMEOUT, leg.ordinal(), 0);
  }
  if (receiver_.commit_stall_check(now_)) {
    close(Reason::STALLED);
    return;
  }
  next_deadline_ = std::min(next_deadline(), kEndOfTime);
}

std::size_t Tunnel::events_needed() const noexcept {
  constexpr std::size_t kConditions = 2;  // READY and PRESSURE
  static_assert(kPendingEventsMax + kNotesPerLeg * kLegsMax + 1 + kConditions +
                    kRoundEventsPerLeg * kLegsMax <=
                MPATH_EVENTS_MAX);
  return notes_.size() + kConditions + kRoundEventsPerLeg * legs_.size();
}

Outcome Tunnel::poll(const LegViews& views, Instant now, EventSink& sink) {
  // First, so that a bug found here loses none of the notes.
  CONFLUX_CHECK(is_consistent());
  expire(now);
  ViewOfLeg view_of;
  if (!legs_.resolve(views, view_of)) return refuse(Outcome::kViews);
  if (events_needed() > sink.capacity()) return refuse(Outcome::kBuffer);
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    if (!has(*view_of[i], MPATH_VIEW_INPUT_UNEXPECTED)) continue;
    violate(Reason::UNEXPECTED_MESSAGE, legs_[i].ordinal());
    break;
  }
  tell_notes(now_, sink);
  tell_conditions(sink);
  append_round({.legs = legs_,
                .views = view_of,
                .join = plan_join_streams(view_of, views.backlog()),
                .multi_path = multi_path() != nullptr,
                .backlog = views.backlog(),
                .now = now_},
               sink);
  return Outcome::kOk;
}

JoinStreams Tunnel::plan_join_streams(const ViewOfLeg& views, Cells backlog) noexcept {
  if (multi_path() == nullptr || backlog == Cells{0}) return {};
  const SendPlan plan = sender_.commit_look(
      legs_, views,
      {.command = CommandClass::kData, .want = backlog, .backlog = backlog, .now = now_});
  if (plan.blocked != paused_for_ && plan.blocked != Reason::NONE) {
    log(LogEvent::kStreamsPaused, LogLevel::kTrace, plan.blocked, LegOrdinal{0}, backlog.raw());
  }
  paused_for_ = plan.blocked;
  if (plan.blocked != Reason::NONE) return {};
  return {.carrier = plan.index, .granted = plan.granted};
}

void Tunnel::tell_notes(Instant now, EventSink& sink) noexcept {
  for (const Note& note : notes_) {
    Event& event = note.kind == EventKind::kSendCell
                       ? tell_control_cell(legs_[legs_.index_of(note.leg).value_or(0)], now, sink)
                       : sink.append(note.kind);
    event.reason = note.reason;
    event.leg = note.leg;
    event.cookie = note.cookie;
    event.value = note.value;
  }
  notes_.clear();
}

// A cell that has been drained counts as sent: the leg moves on.
Event& Tunnel::tell_control_cell(Leg& leg, Instant now, EventSink& sink) noexcept {
  Event& event = sink.append(EventKind::kSendCell);
  const HopNum hop = multi_path()->join_point.hop;
  if (const auto* queued = std::get_if<LinkQueued>(&leg.state())) {
    // Stock exits close a circuit whose LINK asks for a UX that they do not know.
    const std::uint8_t ux = config_.desired_ux <= kDesiredUxMax
                                ? config_.desired_ux
                                : static_cast<std::uint8_t>(DesiredUx::kMinLatency);
    if (ux != config_.desired_ux) {
      log(LogEvent::kUnknownDesiredUx, LogLevel::kWarn, Reason::NONE, leg.ordinal(),
          config_.desired_ux);
    }
    auto body = encode(plan_link(nonce_, ux));
    event.cell = make_control_cell(RelayCommand::kConfluxLink, hop, body);
    wipe(body);
    leg.commit_state(AwaitingLinked{.link_sent_at = now, .timeout = queued->timeout});
    log(LogEvent::kLinkSent, LogLevel::kDebug, Reason::NONE, leg.ordinal(), 0);
  } else {
    event.cell = make_control_cell(RelayCommand::kConfluxLinkedAck, hop, {});
    leg.commit_state(Linked{.rtt = leg.handshake_rtt()});
  }
  commit_news();
  return event;
}

void Tunnel::tell_conditions(EventSink& sink) noexcept {
  if (auto* multi = std::get_if<MultiPath>(&state_);
      multi != nullptr && !multi->ready_told && std::ranges::any_of(legs_, &Leg::is_linked)) {
    sink.append(EventKind::kReady).cookie = identity_.cookie;
    multi->ready_told = true;
  }
  if (pressure_ == pressure_told_ || std::holds_alternative<Closed>(state_)) return;
  Event& event = sink.append(EventKind::kPressure);
  event.cookie = identity_.cookie;
  event.value = receiver_.queue().bytes().raw();
  event.detail = pressure_ ? MPATH_WATER_HIGH : MPATH_WATER_LOW;
  pressure_told_ = pressure_;
}

}  // namespace conflux
