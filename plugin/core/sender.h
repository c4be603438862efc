// The sending side of a tunnel: which leg carries the next cells, and the SWITCH before them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "plugin/core/leg_set.h"
#include "plugin/sched/scheduler.h"
#include "plugin/types/reason.h"
#include "plugin/types/relay_command.h"
#include "plugin/types/strong.h"

namespace conflux {

// Cells that are sequenced, all DATA or all not, and go to the join point.
struct SendRequest {
  CommandClass command;
  Cells want;  // at least 1
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
};

class Sender {
 public:
  Sender(SchedulerKind scheduler, LegId first) noexcept : scheduler_(scheduler), primary_(first) {}

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
  // Carries out a plan that is not blocked: primary, counters and sequence numbers in one place.
  // Answers whether the primary changed.
  bool commit(const SendPlan& plan, LegSet& legs) noexcept;
  // The primary has left the set before anything was sent.
  void commit_primary(LegId leg) noexcept { primary_ = leg; }

 private:
  [[nodiscard]] Pick choose(const LegSet& legs, const ViewOfLeg& views, const SendRequest& request,
                            std::size_t current) const noexcept;

  SchedulerKind scheduler_;
  LegId primary_;
  Cells sent_{};
  std::uint64_t switches_ = 0;
};

}  // namespace conflux
