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
  // Plans, and takes in what the views say and what the scheduler made of it: that it waits, say.
  // Nothing is sent.
  SendPlan commit_look(LegSet& legs, const ViewOfLeg& views, const SendRequest& request) noexcept;
  // What commit_look() would plan; all stays as it was.
  [[nodiscard]] SendPlan preview(LegSet& legs, const ViewOfLeg& views,
                                 const SendRequest& request) const noexcept;
  // When time alone lets DATA go that waits now, if the views stay as they are: when the next leg
  // counts as stalled, so that another one is taken, or when the last thing is forgotten that the
  // scheduler's own bound on the peer's window rests on.
  [[nodiscard]] Instant next_change(const LegSet& legs, const ViewOfLeg& views,
                                    Instant now) const noexcept;
  // Is the leg that was chosen last chosen again, whatever else there is to see? Pure.
  [[nodiscard]] bool stays(const LegSet& legs, LegViews views, Cells want,
                           Instant now) const noexcept;
  // Then this is commit_route() of DATA for little money: what nearly every cell of a transfer
  // takes. Answers how many cells may go.
  Cells commit_again(LegSet& legs, LegViews views, Cells want, Instant now) noexcept;
  // The leg that stays() and commit_again() speak of.
  [[nodiscard]] std::size_t standing() const noexcept { return standing_.index; }
  // Plans and, unless that is blocked, carries it out: primary, counters and sequence numbers in
  // one place.
  SendPlan commit_route(LegSet& legs, const ViewOfLeg& views, const SendRequest& request) noexcept;
  // The primary has left the set before anything was sent.
  void commit_primary(LegId leg) noexcept { primary_ = leg; }
  // A leg came or went, or changed its state, or padding blocks it or does not any more.
  void commit_set_changed() noexcept { standing_.until = sent_; }

  [[nodiscard]] bool is_consistent() const noexcept {
    return sent_ <= standing_.until && standing_.until <= peer_until_ && peer_left() <= kMostAtOnce;
  }

 private:
  class Candidates;
  struct Deliberation;
  // As much as a call can ask for, and so as good as no limit.
  static constexpr Cells kMostAtOnce{UINT32_MAX};

  [[nodiscard]] SendPlan decide(const LegSet& legs, const ViewOfLeg& views,
                                const SendRequest& request, Deliberation& out) const noexcept;
  void choose(const LegSet& legs, const ViewOfLeg& views, const SendRequest& request,
              std::size_t current, Deliberation& out) const noexcept;
  void schedule(const LegSet& legs, const ViewOfLeg& views, const SendRequest& request,
                std::size_t current, Deliberation& out) const noexcept;
  void commit_views(LegSet& legs, const ViewOfLeg& views, Instant now) noexcept;
  void commit(const SendPlan& plan, bool is_data, Leg& leg, const LegView& view,
              Instant now) noexcept;
  void commit_standing(const Deliberation& deliberation, const LegSet& legs,
                       const ViewOfLeg& views) noexcept;
  // DATA cells that may go before the peer's window is reckoned again.
  [[nodiscard]] Cells peer_left() const noexcept { return Cells{peer_until_.raw() - sent_.raw()}; }

  // A decision that stands. Schedulers that take the fastest leg whenever it is open have nothing
  // to decide as long as it is, and no RTT changes.
  struct Standing {
    // Up to this number and no further: another leg must be visited then (attack A19), or the
    // peer's window be reckoned again.
    Cells until{};
    std::uint32_t index = 0;  // in leg order
    // As long as fewer cells are under way, each restarts the clock that tells a stall. 0: nobody
    // watches legs.
    std::uint32_t sendme_inc = 0;
    Micros patience{};  // of that clock
  };

  // What each cell asks for first.
  Cells sent_{};
  Standing standing_{};
  Cells peer_until_{};  // the last number that the peer's window surely takes
  LegId primary_;
  std::uint64_t switches_ = 0;
  SendConfig config_;
  Schedulers scheduler_;
};

// What nearly every cell takes, inline.

[[gnu::always_inline]] inline bool Sender::stays(const LegSet& legs, LegViews views, Cells want,
                                                 Instant now) const noexcept {
  // Of no cell at all the number wraps, and the general way says what it thinks of that.
  const bool fits = want.raw() - 1 < standing_.until.raw() - sent_.raw();
  if (!fits || !legs.are_as_known(views)) return false;
  const Leg& leg = legs[standing_.index];
  const LegView& view = views[standing_.index];
  // The last number of the sending leg is the number of all cells: what a SWITCH rests on. If it is
  // not, Tunnel::route() finds our bug.
  if (!takes_data(view) || leg.sequence().last_sent() != SeqNo{sent_.raw()}) return false;
  return !leg.progress().is_stalled(view, Cells{standing_.sendme_inc}, now) ||
         standing_.sendme_inc == 0;
}

[[gnu::always_inline]] inline Cells Sender::commit_again(LegSet& legs, LegViews views, Cells want,
                                                         Instant now) noexcept {
  const LegView& view = views[standing_.index];
  Leg& leg = legs[standing_.index];
  const Cells granted = std::min(want, room(view));
  leg.progress().commit_sent_more(view, Cells{standing_.sendme_inc}, standing_.patience, now);
  sent_ = Cells{sent_.raw() + granted.raw()};
  leg.sequence().commit_sent_up_to(SeqNo{sent_.raw()});
  return granted;
}

}  // namespace conflux
