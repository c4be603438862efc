// The sending side of a tunnel: which leg carries the next cells, and the SWITCH before them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "plugin/core/leg_set.h"
#include "plugin/core/tunnel_config.h"
#include "plugin/sched/schedulers.h"
#include "plugin/types/reason.h"
#include "plugin/types/relay_command.h"
#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

// Cells that are sequenced, all DATA or all not, and go to the join point.
struct SendRequest {
  CommandClass command;
  Cells want;       // at least 1
  Cells backlog{};  // that streams could fill, these among them or not
  Instant now{};
  // While too much is held back: the last cell that was in order. What is missing then sits on a
  // leg that has not got past it, and an XOFF on that leg would be stuck behind it.
  std::optional<SeqNo> stuck_at = std::nullopt;
};

// A decision that has not been carried out.
struct SendPlan {
  Reason blocked = Reason::NONE;                        // anything else: send nothing now
  std::size_t index = 0;                                // in leg order
  Cells granted{};                                      // 1..want
  std::optional<SeqDelta> switch_delta = std::nullopt;  // a SWITCH goes first on that leg

  friend bool operator==(const SendPlan&, const SendPlan&) = default;
};

class Sender {
 public:
  Sender(const SendConfig& config, LegId first) noexcept
      : primary_(first), config_(config), scheduler_(make_scheduler(config.scheduler)) {}

  // The sending leg. Until a sequenced cell has gone it is only the first of the set.
  [[nodiscard]] LegId primary() const noexcept { return primary_; }
  // Has a sequenced cell gone? Before that, the primary is free to change without a SWITCH.
  [[nodiscard]] bool has_sent() const noexcept { return sent_ > Cells{0}; }
  [[nodiscard]] Cells sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t switches() const noexcept { return switches_; }

  // Pure. At least one leg is in the set. DATA never overdraws a window (regression R50); what is
  // not DATA goes on the current leg if no leg can take it, so that order holds. Seed:
  // maybe_update_primary_leg, maybe_select_init_primary, select_primary_leg.
  [[nodiscard]] SendPlan plan(const LegSet& legs, const ViewOfLeg& views,
                              const SendRequest& request) const noexcept;
  // Plans, and takes in what the views say of the legs and what the scheduler made of it: that it
  // waits, say. Nothing is sent.
  SendPlan commit_look(LegSet& legs, const ViewOfLeg& views, const SendRequest& request) noexcept;
  // Is the leg that was chosen last chosen again, whatever else there is to see? Then
  // commit_again() is commit_route() for little money: what nearly every cell of a transfer takes.
  // Not while XOFF must find a way around what is stuck.
  [[nodiscard]] bool stays(const LegSet& legs, LegViews views, Cells want,
                           Instant now) const noexcept;
  const Leg& commit_again(LegSet& legs, LegViews views, CommandClass command, Cells want,
                          Instant now, Cells& granted) noexcept;
  // Plans and, unless that is blocked, carries it out: primary, counters and sequence numbers in
  // one place.
  SendPlan commit_route(LegSet& legs, const ViewOfLeg& views, const SendRequest& request) noexcept;
  // The primary has left the set before anything was sent.
  void commit_primary(LegId leg) noexcept { primary_ = leg; }
  // A leg came or went, or changed its state.
  void commit_set_changed() noexcept { favourite_until_ = Cells{0}; }

 private:
  class Candidates;
  struct Deliberation;

  [[nodiscard]] SendPlan decide(const LegSet& legs, const ViewOfLeg& views,
                                const SendRequest& request, Deliberation& out) const noexcept;
  void choose(const LegSet& legs, const ViewOfLeg& views, const SendRequest& request,
              std::size_t current, Deliberation& out) const noexcept;
  void schedule(const LegSet& legs, const ViewOfLeg& views, const SendRequest& request,
                std::size_t current, Deliberation& out) const noexcept;
  void commit_views(LegSet& legs, const ViewOfLeg& views, Instant now) noexcept;
  void commit(const SendPlan& plan, Leg& leg, const LegView& view, Instant now) noexcept;
  void commit_on(Leg& leg, const LegView& view, Cells granted, bool takes_over,
                 Instant now) noexcept;
  void commit_favourite(const Deliberation& deliberation, const LegSet& legs) noexcept;

  LegId primary_;
  Cells sent_{};
  // Schedulers that take the fastest leg whenever it is open have nothing to decide as long as it
  // is, and no RTT changes. Up to the cell after which another leg must be visited (attack A19).
  std::uint32_t favourite_ = 0;  // in leg order
  Cells favourite_until_{};      // not valid for numbers from here on
  Cells peer_left_{};            // that may go before the peer's window is reckoned again
  std::uint64_t switches_ = 0;
  SendConfig config_;
  Schedulers scheduler_;
};

// What nearly every cell takes, inline.

[[gnu::always_inline]] inline bool Sender::stays(const LegSet& legs, LegViews views, Cells want,
                                                 Instant now) const noexcept {
  if (sent_ >= favourite_until_ || want > peer_left_ || views.size() != legs.size()) return false;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    if (views[i].leg != legs[i].id().raw() || !legs[i].progress().knows_rtt(views[i])) return false;
  }
  const Leg& leg = legs[favourite_];
  const LegView& view = views[favourite_];
  return obstacle_of(leg, view) == Reason::NONE &&
         !(config_.watches_legs && leg.progress().is_stalled(view, leg.path().sendme_inc, now));
}

[[gnu::always_inline]] inline const Leg& Sender::commit_again(LegSet& legs, LegViews views,
                                                              CommandClass command, Cells want,
                                                              Instant now,
                                                              Cells& granted) noexcept {
  const LegView& view = views[favourite_];
  Leg& leg = legs[favourite_];
  granted = command == CommandClass::kData ? std::min(want, room(view)) : want;
  if (config_.watches_legs) peer_left_ = Cells{peer_left_.raw() - granted.raw()};
  commit_on(leg, view, granted, false, now);
  return leg;
}

[[gnu::always_inline]] inline void Sender::commit_on(Leg& leg, const LegView& view, Cells granted,
                                                     bool takes_over, Instant now) noexcept {
  if (config_.watches_legs) {
    leg.progress().commit_sent(view, next(SeqNo{sent_.raw()}), takes_over, leg.path().sendme_inc,
                               now);
  }
  leg.sequence().commit_sent(granted);
  sent_ = Cells{sent_.raw() + granted.raw()};
}

}  // namespace conflux
