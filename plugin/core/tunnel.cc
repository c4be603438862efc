// Tunnel: life cycle and legs. Cells are in tunnel_cells.cc, events in tunnel_events.cc.
#include "plugin/core/tunnel.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>

#include "plugin/core/removal_rules.h"
#include "plugin/types/check.h"
#include "plugin/types/limits.h"

namespace conflux {
namespace {

constexpr std::size_t kLegsMintedMax = UINT16_MAX;

// {tunnel, count, slot} in one word: never zero, never reused, and foreign ids do not match.
LegId make_leg_id(TunnelOrdinal tunnel, std::uint32_t ordinal, std::size_t slot) noexcept {
  return LegId{tunnel.raw() << 24U | std::uint64_t{ordinal} << 8U | slot};
}

// Of a leg that may be the first.
JoinPoint join_point_of(const LegPath& path) noexcept {
  return {.hop = *path.last_hop_num(), .relay = path.last_hop};
}

}  // namespace

Tunnel::Tunnel(TunnelIdentity identity, const TunnelConfig& config, const Nonce& nonce,
               const JoinRequest& first)
    : receiver_(config.reorder),
      sender_(config.send, make_leg_id(identity.ordinal, 1, 0)),
      state_(SinglePath{.ever_stream = first.ever_stream, .ever_joined = first.ever_joined}),
      identity_(identity),
      config_(config),
      nonce_(nonce) {
  notes_.reserve(kNotesPerLeg + 2);
  legs_.commit_add(Leg({sender_.primary(), LegOrdinal{1}, first.cookie}, first.path));
  legs_minted_ = 1;
  if (first.founds_set) {
    CONFLUX_CHECK(check_first_leg(first) == Reason::NONE);
    commit_multi_path(join_point_of(first.path));
    commit_news();
  }
  log(LogEvent::kTunnelCreated, LogLevel::kDebug, Reason::NONE, LegOrdinal{1}, 0);
}

Reason Tunnel::close_reason() const noexcept {
  const auto* closed = std::get_if<Closed>(&state_);
  return closed == nullptr ? Reason::NONE : closed->reason;
}

std::size_t Tunnel::count_unlinked() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      legs_, [](const Leg& leg) { return leg.is<Plain>() || leg.is<Unlinked>(); }));
}

Outcome Tunnel::refuse(Outcome outcome, Reason reason, std::uint32_t index) noexcept {
  detail_ = {.outcome = outcome, .reason = reason, .index = index};
  return outcome;
}

Outcome Tunnel::set_path(LegId id, const LegPath& path) {
  if (std::holds_alternative<Closed>(state_)) return refuse(Outcome::kClosed, close_reason());
  if (!std::holds_alternative<SinglePath>(state_)) return refuse(Outcome::kState);
  const std::optional<std::size_t> at = legs_.index_of(id);
  if (!at) return refuse(Outcome::kStale);
  legs_[*at].commit_path(path);
  commit_news();
  CONFLUX_CHECK(is_consistent());
  return Outcome::kOk;
}

std::optional<LegId> Tunnel::mint_leg(std::uint32_t taken_slots) const noexcept {
  const auto minted_now = static_cast<std::uint32_t>(std::popcount(taken_slots));
  const std::uint32_t ordinal = legs_minted_ + minted_now + 1;
  if (ordinal > kLegsMintedMax) return std::nullopt;
  for (const Leg& leg : legs_) taken_slots |= 1U << slot_of(leg.id());
  for (std::size_t slot = 0; slot < kLegsMax; ++slot) {
    // A lane that still holds cells of a leg that has gone cannot take those of another.
    if ((taken_slots >> slot & 1U) != 0 || !receiver_.queue().lane_is_free(slot)) continue;
    return make_leg_id(identity_.ordinal, ordinal, slot);
  }
  return std::nullopt;
}

Reason Tunnel::check_join(std::span<const JoinRequest> requests, const LegViews& views,
                          JoinPoint& join_point, std::uint32_t& index) const noexcept {
  if (requests.empty()) return Reason::NO_LEGS;
  index = kFirstLegIndex;
  if (const auto* multi = std::get_if<MultiPath>(&state_)) {
    join_point = multi->join_point;
  } else {
    const auto& single = std::get<SinglePath>(state_);
    const Leg& first = legs_[0];
    const LegView* view = views.find(first.id(), 0);
    const bool streams =
        view != nullptr && (has(*view, MPATH_VIEW_EVER_STREAM) || view->open_streams > 0);
    const Reason why = check_first_leg({.path = first.path(),
                                        .cookie = first.cookie(),
                                        .ever_stream = single.ever_stream || streams,
                                        .ever_joined = single.ever_joined});
    if (why != Reason::NONE) return why;
    join_point = join_point_of(first.path());
  }
  for (index = 0; index < requests.size(); ++index) {
    const Reason why = check_leg(requests[index], join_point);
    if (why != Reason::NONE) return why;
  }
  index = 0;
  return legs_.size() + requests.size() > config_.legs_max ? Reason::TOO_MANY_LEGS : Reason::NONE;
}

Outcome Tunnel::add_legs(std::span<const JoinRequest> requests, const LegViews& views,
                         std::span<LegId> out) {
  if (std::holds_alternative<Closed>(state_)) return refuse(Outcome::kClosed, close_reason());
  ViewOfLeg view_of;
  if (!legs_.resolve(views, view_of)) return refuse(Outcome::kViews);
  JoinPoint join_point{};
  std::uint32_t index = 0;
  const Reason why = check_join(requests, views, join_point, index);
  if (why != Reason::NONE) return refuse(Outcome::kLegInvalid, why, index);
  if (notes_.size() > kPendingEventsMax) return refuse(Outcome::kLimit);

  std::uint32_t taken_slots = 0;
  for (LegId& id : out) {
    const std::optional<LegId> minted = mint_leg(taken_slots);
    if (!minted) return refuse(Outcome::kLimit);
    id = *minted;
    taken_slots |= 1U << slot_of(id);
  }
  legs_.reserve(legs_.size() + requests.size());
  notes_.reserve(notes_.size() + kNotesPerLeg * (legs_.size() + requests.size()) + 2);

  // From here on nothing can fail: all legs join, or none has.
  if (std::holds_alternative<SinglePath>(state_)) commit_multi_path(join_point);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Leg leg({out[i], LegOrdinal{++legs_minted_}, requests[i].cookie}, requests[i].path);
    leg.commit_state(Unlinked{});
    legs_.commit_add(leg);
  }
  commit_news();
  log(LogEvent::kLegsAdded, LogLevel::kInfo, Reason::NONE, LegOrdinal{0}, legs_.size());
  CONFLUX_CHECK(is_consistent());
  return Outcome::kOk;
}

void Tunnel::commit_multi_path(const JoinPoint& join_point) noexcept {
  legs_[0].commit_state(Unlinked{});
  state_ = MultiPath{.join_point = join_point, .cwnd_init = legs_[0].path().cwnd_init};
}

Outcome Tunnel::link(Instant now) {
  expire(now);
  if (std::holds_alternative<Closed>(state_)) return refuse(Outcome::kClosed, close_reason());
  if (!std::holds_alternative<MultiPath>(state_)) return refuse(Outcome::kState);
  const Instant timeout = deadline(now_, config_.handshake_timeout);
  for (Leg& leg : legs_) {
    if (!leg.is<Unlinked>()) continue;
    leg.commit_state(LinkQueued{.timeout = timeout});
    note(EventKind::kSendCell, leg, Reason::NONE);
    arm(timeout);
    commit_news();
  }
  CONFLUX_CHECK(is_consistent());
  return Outcome::kOk;
}

Outcome Tunnel::remove_leg(LegId id, Reason reason, const LegViews& views, Instant now) {
  expire(now);
  if (std::holds_alternative<Closed>(state_)) return refuse(Outcome::kClosed, close_reason());
  const std::optional<std::size_t> at = legs_.index_of(id);
  if (!at) return refuse(Outcome::kStale);
  end_turn();
  const Leg leg = legs_[*at];
  const LegView* view = views.find(id, *at);
  if (view == nullptr && leg.peer_is_linked()) return refuse(Outcome::kViews);

  const bool was_primary = sender_.primary() == id;
  const Reason verdict =
      check_removal(leg, {.legs_left = legs_.size() - 1,
                          .is_primary = was_primary && sender_.has_sent(),
                          .highest_sent = legs_.highest_sent(id),
                          .highest_received = legs_.highest_received(id),
                          .inflight = Cells{view == nullptr ? 0 : view->inflight}});
  forget_cells_of(id);
  if (leg.is<LinkQueued>() || leg.is<AwaitingLinked>()) note(EventKind::kLinkResult, leg, reason);
  note(EventKind::kLegGone, leg, reason);
  legs_.commit_remove(*at);
  if (was_primary && !legs_.empty()) sender_.commit_primary(legs_[0].id());
  commit_news();
  log(LogEvent::kLegRemoved, LogLevel::kInfo, reason, leg.ordinal(), legs_.size());
  // What was routed on it counts as sent but never was: the sequence has a hole for good.
  if (reason == Reason::SEND_FAILED && leg.sequence().carried_out() > Cells{0}) {
    close(Reason::SEND_FAILED);
  } else if (verdict != Reason::NONE) {
    close(verdict);
  }
  CONFLUX_CHECK(is_consistent());
  return Outcome::kOk;
}

Outcome Tunnel::check_single() noexcept {
  if (legs_.size() == 1) return Outcome::kOk;
  return refuse(Outcome::kNotSingle, close_reason(), static_cast<std::uint32_t>(legs_.size()));
}

Outcome Tunnel::take_single_leg(std::optional<Leg>& out, Instant now) {
  expire(now);
  if (const Outcome outcome = check_single(); outcome != Outcome::kOk) return outcome;
  end_turn();
  out = legs_[0];
  forget_cells_of(out->id());
  if (out->is<LinkQueued>() || out->is<AwaitingLinked>()) {
    note(EventKind::kLinkResult, *out, Reason::TAKEN);
  }
  note(EventKind::kLegGone, *out, Reason::TAKEN);
  legs_.clear();
  commit_news();
  log(LogEvent::kLegTaken, LogLevel::kDebug, Reason::TAKEN, out->ordinal(), 0);
  close(Reason::TAKEN);
  return Outcome::kOk;
}

Outcome Tunnel::handle_padding(LegId id, std::uint32_t action, Instant now) {
  expire(now);
  const std::optional<std::size_t> at = legs_.index_of(id);
  // It went away after the event was made. Seed: run_padding_event.
  if (!at) return Outcome::kIgnored;
  switch (action) {
    case MPATH_PADDING_SEND:
      return Outcome::kOk;
    case MPATH_PADDING_BLOCK:
    case MPATH_PADDING_UNBLOCK:
      legs_[*at].commit_padding_blocked(action == MPATH_PADDING_BLOCK);
      sender_.commit_set_changed();
      return Outcome::kOk;
    default:
      return refuse(Outcome::kArgument);
  }
}

void Tunnel::close(Reason reason) noexcept {
  if (std::holds_alternative<Closed>(state_)) return;
  for (const Leg& leg : legs_) {
    forget_cells_of(leg.id());
    if (leg.is<LinkQueued>() || leg.is<AwaitingLinked>()) note(EventKind::kLinkResult, leg, reason);
  }
  notes_.push_back({EventKind::kClosed, reason, LegId{}, identity_.cookie, 0});
  for (const Leg& leg : legs_) note(EventKind::kLegGone, leg, Reason::TUNNEL_CLOSED);
  legs_.clear();
  state_ = Closed{.reason = reason};
  next_deadline_ = kEndOfTime;
  commit_news();
  const LogLevel level = is_violation(reason) ? LogLevel::kWarn : LogLevel::kInfo;
  log(LogEvent::kTunnelClosed, level, reason, LegOrdinal{0}, receiver_.queue().cells().raw());
}

Tunnel::ShortKeys Tunnel::plan_short_keys() const noexcept {
  const MultiPath* multi = multi_path();
  if (multi == nullptr || legs_.empty()) return {};
  const CellKey data =
      make_cell_key(static_cast<std::uint8_t>(RelayCommand::kData), multi->join_point.hop.raw());
  const bool all_count = std::ranges::all_of(legs_, &Leg::counts_received);
  return {.sent = data, .received = all_count ? data : kNoCellKey};
}

Outcome Tunnel::violate(Reason reason, LegOrdinal leg) noexcept {
  log(LogEvent::kViolation, LogLevel::kWarn, reason, leg, 0);
  close(reason);
  return refuse(Outcome::kViolation, reason);
}

void Tunnel::forget_cells_of(LegId leg) noexcept {
  std::erase_if(notes_, [leg](const Note& note) {
    return note.kind == EventKind::kSendCell && note.leg == leg;
  });
}

void Tunnel::note(EventKind kind, const Leg& leg, Reason reason, std::uint64_t value) {
  assert(notes_.size() < notes_.capacity());  // add_legs made room: close() must not allocate
  notes_.push_back({kind, reason, leg.id(), leg.cookie(), value});
}

void Tunnel::log(LogEvent event, LogLevel level, Reason reason, LegOrdinal leg,
                 std::uint64_t value) noexcept {
  if (level > config_.log_level || log_.size() >= kLogEntriesMax) return;
  news_ |= kChangeNews;
  try {
    log_.push_back({event, level, reason, leg, value});
  } catch (const std::bad_alloc&) {
    // A log entry is never worth a tunnel.
  }
}

bool Tunnel::turn_is_consistent() const noexcept {
  if (turn_key_ == kNoCellKey) return true;
  const std::optional<std::size_t> at = legs_.index_of(turn_leg_);
  return turn_key_ == received_key_ && receiver_.queue().empty() && at &&
         legs_[*at].sequence().last_received() <= receiver_.last_delivered();
}

bool Tunnel::is_consistent() const noexcept {
  if (ShortKeys{sent_key_, received_key_} != plan_short_keys() || !turn_is_consistent()) {
    return false;
  }
  // A closed tunnel only gives back what it holds: what it counted does not matter any more.
  if (std::holds_alternative<Closed>(state_)) return legs_.empty() && next_deadline_ == kEndOfTime;
  if (!receiver_.is_consistent() || !sender_.is_consistent()) return false;
  if (std::holds_alternative<SinglePath>(state_)) {
    return legs_.size() == 1 && legs_[0].is<Plain>() && receiver_.received() == Cells{0} &&
           !sender_.has_sent();
  }
  if (!legs_.index_of(sender_.primary())) return false;
  settle_turn();
  // What legs carried that have left is in the sums only.
  Cells sent{};
  Cells received{};
  for (const Leg& leg : legs_) {
    sent = Cells{sent.raw() + leg.sequence().carried_out().raw()};
    received = Cells{received.raw() + leg.sequence().carried_in().raw()};
  }
  if (sent > sender_.sent() || received > receiver_.received()) return false;
  return std::ranges::none_of(legs_, &Leg::is<Plain>) &&
         legs_.highest_sent() == SeqNo{sender_.sent().raw()};
}

}  // namespace conflux
