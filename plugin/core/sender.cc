#include "plugin/core/sender.h"

#include <algorithm>
#include <span>
#include <utility>

#include "plugin/core/candidates.h"
#include "plugin/core/peer_window.h"

namespace conflux {
namespace {

// How badly a leg can take a cell that need not go on it. One whose circuit ends would take the
// tunnel along, one that padding blocks would keep the cell, and behind one that stands in a shut
// channel all others would wait; but for the latter stock tor does not look.
int reluctance_of(const Leg& leg, const LegView& view, bool watches_legs) noexcept {
  if (has(view, MPATH_VIEW_INPUT_CLOSED)) return 3;
  if (leg.padding_blocked()) return 2;
  return watches_legs && has(view, MPATH_VIEW_CHANNEL_BLOCKED) ? 1 : 0;
}

// The leg to begin with: of those that can take cells the one with the lowest handshake RTT, ties
// to the first; without any RTT, the first that is linked (regression R38). Nothing if none is
// linked.
std::optional<std::size_t> initial_primary(const LegSet& legs, const ViewOfLeg& views,
                                           bool watches_legs) noexcept {
  const auto cost_of = [&](std::size_t at) {
    return std::pair(reluctance_of(legs[at], *views[at], watches_legs),
                     legs[at].handshake_rtt().value_or(Micros::max()));
  };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    if (!legs[i].is_linked()) continue;
    if (!best || cost_of(i) < cost_of(*best)) best = i;
  }
  return best;
}

Reason why_none_linked(const LegSet& legs) noexcept {
  return std::ranges::any_of(legs, &Leg::is<AckQueued>) ? Reason::ACK_NOT_SENT : Reason::NOT_LINKED;
}

// The leg for an XOFF: of those that deliver the one that takes it best; the current one if no
// other is better, else the nearest.
std::size_t find_unstuck(const LegSet& legs, const ViewOfLeg& views,
                         std::span<const Candidate> candidates, std::size_t current,
                         const SendRequest& request, bool watches_legs) noexcept {
  const auto delivers = [&](std::size_t i) {
    return !legs[i].padding_blocked() && legs[i].sequence().last_received() > *request.stuck_at;
  };
  const auto reluctance = [&](std::size_t i) {
    return reluctance_of(legs[i], *views[i], watches_legs);
  };
  const auto cost_of = [&](const Candidate& candidate) {
    return std::pair(reluctance(candidate.index), candidate.rtt_us);
  };
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    if (!delivers(candidate.index)) continue;
    if (best == nullptr || cost_of(candidate) < cost_of(*best)) best = &candidate;
  }
  if (best == nullptr) return current;
  const bool stays = delivers(current) && reluctance(current) <= reluctance(best->index);
  return stays ? current : best->index;
}

Pick stay(const LegSet& legs, const ViewOfLeg& views, std::size_t current) noexcept {
  const Reason obstacle = obstacle_of(legs[current], *views[current]);
  if (obstacle != Reason::NONE) return {.index = std::nullopt, .reason = obstacle};
  return {.index = current};
}

}  // namespace

// One decision, with all that it rests on.
struct Sender::Deliberation {
  Candidates candidates;
  Situation situation;
  Pick pick;
  Cells peer_left{};
  bool scheduled = false;  // by the scheduler, which wants to know what became of it
};

void Sender::choose(const LegSet& legs, const ViewOfLeg& views, const SendRequest& request,
                    std::size_t current, Deliberation& out) const noexcept {
  out.candidates.gather(legs, views, current,
                        config_.watches_legs ? std::optional(request.now) : std::nullopt);
  const std::span<const Candidate> all = out.candidates.all();
  if (request.command == CommandClass::kControl && request.stuck_at) {
    out.pick = {.index = find_unstuck(legs, views, all, current, request, config_.watches_legs)};
  } else if (out.candidates.overdue()) {
    out.pick = {.index = out.candidates.overdue()};
  } else if (all.empty()) {
    out.pick = stay(legs, views, current);
  } else {
    schedule(legs, views, request, current, out);
  }
}

void Sender::schedule(const LegSet& legs, const ViewOfLeg& views, const SendRequest& request,
                      std::size_t current, Deliberation& out) const noexcept {
  const std::span<const Candidate> all = out.candidates.all();
  out.scheduled = true;
  out.situation = {.legs = all, .current = current};
  if (!config_.watches_legs) {
    out.pick = pick(scheduler_, out.situation);
    out.peer_left = kMostAtOnce;
    return;
  }
  out.situation.now = request.now;
  // What was left the last time is left still, and more may be, unless a view has changed since.
  // Less only if the scheduler's limit has sunk with time, which waits for the next change: how
  // many cells are asked for must not decide whether one may go.
  PeerWindow peer{.left = peer_left().raw()};
  if (request.want > peer_left()) {
    const PeerWindow anew = plan_peer_window(
        legs, views, all, sent_, peer_limit(scheduler_, out.situation, config_.peer_limit));
    if (peer.left == 0 || (!anew.top_up && anew.left > peer.left)) peer = anew;
  }
  out.peer_left = peer.top_up ? Cells{0} : std::min(Cells{peer.left}, kMostAtOnce);
  out.situation.backlog = std::max(request.backlog, request.want);
  out.situation.window = Cells{3 * out.candidates.sum_of_windows()};
  out.situation.window_is_full = peer.left == 0;
  out.pick = pick(scheduler_, out.situation);
  // What is not DATA goes where the scheduler would have it go: behind the cells that a leg is
  // topped up with, it would be the next one that no SENDME covers.
  if (request.command != CommandClass::kData) return;
  if (peer.top_up) {
    out.pick = {.index = peer.top_up, .limit = Cells{peer.left}};
  } else if (peer.left == 0) {
    out.pick = {.index = std::nullopt, .reason = Reason::PEER_WINDOW_FULL};
  } else {
    out.pick.limit = std::min(out.pick.limit, Cells{peer.left});
  }
}

SendPlan Sender::decide(const LegSet& legs, const ViewOfLeg& views, const SendRequest& request,
                        Deliberation& out) const noexcept {
  const std::optional<std::size_t> current =
      has_sent() ? legs.index_of(primary_) : initial_primary(legs, views, config_.watches_legs);
  if (!current) return {.blocked = why_none_linked(legs)};
  if (has_sent()) {
    choose(legs, views, request, *current, out);
  } else {
    out.pick = stay(legs, views, *current);
  }
  const bool is_data = request.command == CommandClass::kData;
  if (is_data && !out.pick.index) return {.blocked = out.pick.reason};
  SendPlan plan{.index = out.pick.index.value_or(*current), .granted = request.want};
  // Nothing but padding leaves a leg that padding blocks.
  if (legs[plan.index].padding_blocked()) return {.blocked = Reason::PADDING_BLOCKED};
  if (is_data) {
    plan.granted = std::min({request.want, room(*views[plan.index]), out.pick.limit});
  }
  if (has_sent() && plan.index != *current) {
    plan.switch_delta =
        distance(legs[plan.index].sequence().last_sent(), legs[*current].sequence().last_sent());
  }
  return plan;
}

SendPlan Sender::plan(const LegSet& legs, const ViewOfLeg& views,
                      const SendRequest& request) const noexcept {
  Deliberation deliberation;
  return decide(legs, views, request, deliberation);
}

SendPlan Sender::commit_look(LegSet& legs, const ViewOfLeg& views,
                             const SendRequest& request) noexcept {
  commit_views(legs, views, request.now);
  Deliberation deliberation;
  const SendPlan plan = decide(legs, views, request, deliberation);
  if (deliberation.scheduled) {
    conflux::commit(scheduler_, deliberation.situation, deliberation.pick, Cells{0});
  }
  // The scheduler remembers that it waits, and must be told of the next cell.
  if (deliberation.pick.waits) standing_.until = sent_;
  return plan;
}

SendPlan Sender::preview(LegSet& legs, const ViewOfLeg& views,
                         const SendRequest& request) const noexcept {
  struct Known {
    LegProgress progress;
    DeliveredRate delivered;
  };
  std::array<Known, kLegsMax> known;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    known[i] = {.progress = legs[i].progress(), .delivered = legs[i].delivered()};
  }
  Sender as_known(*this);
  as_known.commit_views(legs, views, request.now);
  const SendPlan plan = as_known.plan(legs, views, request);
  for (std::size_t i = 0; i < legs.size(); ++i) {
    legs[i].progress() = known[i].progress;
    legs[i].delivered() = known[i].delivered;
  }
  return plan;
}

Instant Sender::next_change(const LegSet& legs, const ViewOfLeg& views,
                            Instant now) const noexcept {
  if (!config_.watches_legs) return kNever;
  const bool by_rate = goes_by_rate(scheduler_);
  Instant next = kNever;
  std::optional<Instant> forgotten;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    if (!legs[i].is_linked()) continue;
    const Cells sendme_inc = legs[i].path().sendme_inc;
    next = std::min(next, legs[i].progress().next_stall(*views[i], sendme_inc, now));
    if (!by_rate) continue;
    const Instant at = legs[i].delivered().forgotten_at(now);
    if (at != kNever) forgotten = std::max(forgotten.value_or(at), at);
  }
  return std::min(next, forgotten.value_or(kNever));
}

SendPlan Sender::commit_route(LegSet& legs, const ViewOfLeg& views,
                              const SendRequest& request) noexcept {
  commit_views(legs, views, request.now);
  Deliberation deliberation;
  const SendPlan plan = decide(legs, views, request, deliberation);
  const bool goes = plan.blocked == Reason::NONE;
  const bool is_data = request.command == CommandClass::kData;
  std::uint64_t left = peer_left().raw();
  if (deliberation.scheduled) {
    conflux::commit(scheduler_, deliberation.situation, deliberation.pick,
                    goes ? plan.granted : Cells{0});
    left = deliberation.peer_left.raw();
    left -= std::min(left, plan.granted.raw());
  }
  if (goes) commit(plan, is_data, legs[plan.index], *views[plan.index], request.now);
  peer_until_ = Cells{sent_.raw() + left};
  standing_.until = sent_;
  // Behind a cell that is not DATA the leg's progress has to hear of the next one.
  if (goes && is_data && deliberation.scheduled) commit_standing(deliberation, legs, views);
  return plan;
}

void Sender::commit_standing(const Deliberation& deliberation, const LegSet& legs,
                             const ViewOfLeg& views) noexcept {
  if (!takes_the_fastest(scheduler_)) return;
  const Candidate& favourite = fastest(deliberation.situation.legs);
  if (favourite.index != deliberation.pick.index) return;
  // A leg that moves again may be faster, though its RTT need not say anything new.
  if (std::ranges::any_of(deliberation.situation.legs, &Candidate::stalled)) return;
  standing_.index = favourite.index;
  standing_.sendme_inc =
      config_.watches_legs
          ? static_cast<std::uint32_t>(legs[favourite.index].path().sendme_inc.raw())
          : 0;
  standing_.patience = legs[favourite.index].progress().patience_with(*views[favourite.index]);
  Cells until = peer_until_;
  for (const Candidate& candidate : deliberation.situation.legs) {
    if (candidate.index == favourite.index) continue;
    const std::uint64_t left_at = legs[candidate.index].sequence().last_sent().raw();
    until = std::min(until, Cells{left_at + Candidates::kVisitLag});
  }
  standing_.until = std::max(until, sent_);
}

void Sender::commit(const SendPlan& plan, bool is_data, Leg& leg, const LegView& view,
                    Instant now) noexcept {
  if (plan.switch_delta) {
    const SeqNo reached{leg.sequence().last_sent().raw() + plan.switch_delta->raw()};
    leg.sequence().commit_take_over(reached);
    switches_ += 1;
  }
  primary_ = leg.id();
  if (config_.watches_legs) {
    leg.progress().commit_sent(view,
                               {.first = next(SeqNo{sent_.raw()}),
                                .takes_over = plan.switch_delta.has_value(),
                                .is_data = is_data},
                               leg.path().sendme_inc, now);
  }
  leg.sequence().commit_sent(plan.granted);
  sent_ = Cells{sent_.raw() + plan.granted.raw()};
}

void Sender::commit_views(LegSet& legs, const ViewOfLeg& views, Instant now) noexcept {
  for (std::size_t i = 0; i < legs.size(); ++i) {
    if (!legs[i].progress().commit_view(*views[i], now)) continue;
    standing_.until = peer_until_ = sent_;
    if (goes_by_rate(scheduler_)) legs[i].delivered().commit_acked(views[i]->data_acked, now);
  }
}

}  // namespace conflux
