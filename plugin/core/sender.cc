#include "plugin/core/sender.h"

#include <algorithm>
#include <array>
#include <span>

namespace conflux {
namespace {

// A leg that has been left this far behind is visited for a cell, while one SWITCH still reaches
// it (attack A19; the seed fails, C tor closes the set).
constexpr std::uint64_t kVisitLag = std::uint64_t{1} << 31U;
// C tor's own limit on what it emits is one less than the field holds.
constexpr SeqDelta kSwitchMax{UINT32_MAX - 1};

Reason obstacle_of(const Leg& leg, const LegView& view) noexcept {
  if (has(view, MPATH_VIEW_INPUT_CLOSED)) return Reason::CHANNEL_CLOSED;
  if (leg.padding_blocked()) return Reason::PADDING_BLOCKED;
  if (has(view, MPATH_VIEW_CHANNEL_BLOCKED)) return Reason::CHANNEL_BLOCKED;
  if (room(view) == Cells{0}) return Reason::PRIMARY_FULL;
  return Reason::NONE;
}

std::uint64_t rtt_us_of(const Leg& leg, const LegView& view) noexcept {
  if (view.ewma_rtt_us != 0) return view.ewma_rtt_us;
  return static_cast<std::uint64_t>(leg.handshake_rtt().value_or(Micros::zero()).count());
}

// The linked legs that a SWITCH from `from` reaches and whose RTT is known.
class Candidates {
 public:
  Candidates(const LegSet& legs, const ViewOfLeg& views, SeqNo from) noexcept {
    for (std::size_t i = 0; i < legs.size(); ++i) {
      if (!legs[i].is_linked()) continue;
      const std::optional<SeqDelta> lag = distance(legs[i].sequence().last_sent(), from);
      const std::uint64_t rtt_us = rtt_us_of(legs[i], *views[i]);
      if (!lag || *lag > kSwitchMax || rtt_us == 0) continue;
      const Candidate candidate{.index = i,
                                .rtt_us = rtt_us,
                                .room = room(*views[i]),
                                .obstacle = obstacle_of(legs[i], *views[i])};
      if (lag->raw() >= kVisitLag && candidate.obstacle == Reason::NONE) overdue_ = i;
      candidates_[count_++] = candidate;
    }
  }
  [[nodiscard]] std::span<const Candidate> all() const noexcept {
    return {candidates_.data(), count_};
  }
  [[nodiscard]] std::optional<std::size_t> overdue() const noexcept { return overdue_; }

 private:
  std::array<Candidate, kLegsMax> candidates_;
  std::size_t count_ = 0;
  std::optional<std::size_t> overdue_;
};

// The leg to begin with: lowest handshake RTT, ties to the first; without any RTT, the first that
// is linked (regression R38). Nothing if none is linked.
std::optional<std::size_t> initial_primary(const LegSet& legs) noexcept {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    if (!legs[i].is_linked()) continue;
    const auto rtt_of = [&](std::size_t at) {
      return legs[at].handshake_rtt().value_or(Micros::max());
    };
    if (!best || rtt_of(i) < rtt_of(*best)) best = i;
  }
  return best;
}

Reason why_none_linked(const LegSet& legs) noexcept {
  return std::ranges::any_of(legs, &Leg::is<AckQueued>) ? Reason::ACK_NOT_SENT : Reason::NOT_LINKED;
}

// The leg for an XOFF: the current one if it delivers, else the nearest that does.
std::size_t find_unstuck(const LegSet& legs, std::span<const Candidate> candidates,
                         std::size_t current, SeqNo stuck_at) noexcept {
  const auto delivers = [&](std::size_t i) {
    return !legs[i].padding_blocked() && legs[i].sequence().last_received() > stuck_at;
  };
  if (delivers(current)) return current;
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    if (!delivers(candidate.index)) continue;
    if (best == nullptr || candidate.rtt_us < best->rtt_us) best = &candidate;
  }
  return best == nullptr ? current : best->index;
}

}  // namespace

SendPlan Sender::plan(const LegSet& legs, const ViewOfLeg& views,
                      const SendRequest& request) const noexcept {
  const bool is_data = request.command == CommandClass::kData;
  const std::optional<std::size_t> current =
      has_sent() ? legs.index_of(primary_) : initial_primary(legs);
  if (!current) return {.blocked = why_none_linked(legs)};

  const Pick choice = choose(legs, views, request, *current);
  if (!choice.index && is_data) return {.blocked = choice.reason};
  const std::size_t index = choice.index.value_or(*current);
  // Nothing but padding leaves a leg that padding blocks.
  if (legs[index].padding_blocked()) return {.blocked = Reason::PADDING_BLOCKED};
  SendPlan plan{.index = index, .granted = request.want};
  if (is_data) plan.granted = std::min(request.want, room(*views[index]));
  if (has_sent() && index != *current) {
    plan.switch_delta =
        distance(legs[index].sequence().last_sent(), legs[*current].sequence().last_sent());
  }
  return plan;
}

Pick Sender::choose(const LegSet& legs, const ViewOfLeg& views, const SendRequest& request,
                    std::size_t current) const noexcept {
  const auto stay = [&]() -> Pick {
    const Reason obstacle = obstacle_of(legs[current], *views[current]);
    if (obstacle != Reason::NONE) return {.index = std::nullopt, .reason = obstacle};
    return {.index = current};
  };
  if (!has_sent()) return stay();
  const Candidates candidates(legs, views, legs[current].sequence().last_sent());
  if (request.command == CommandClass::kControl && request.stuck_at) {
    return {.index = find_unstuck(legs, candidates.all(), current, *request.stuck_at)};
  }
  if (candidates.overdue()) return {.index = candidates.overdue()};
  return candidates.all().empty() ? stay() : pick(scheduler_, candidates.all());
}

bool Sender::commit(const SendPlan& plan, LegSet& legs) noexcept {
  Leg& leg = legs[plan.index];
  if (plan.switch_delta) {
    const SeqNo reached{leg.sequence().last_sent().raw() + plan.switch_delta->raw()};
    leg.sequence().commit_take_over(reached);
    switches_ += 1;
  }
  const bool changed = primary_ != leg.id();
  primary_ = leg.id();
  leg.sequence().commit_sent(plan.granted);
  sent_ = Cells{sent_.raw() + plan.granted.raw()};
  return changed;
}

}  // namespace conflux
