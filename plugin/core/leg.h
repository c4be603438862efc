// One circuit of a tunnel.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <variant>

#include "plugin/core/cell_rules.h"
#include "plugin/core/leg_path.h"
#include "plugin/core/leg_progress.h"
#include "plugin/core/leg_sequence.h"
#include "plugin/core/leg_state.h"
#include "plugin/sched/delivered_rate.h"
#include "plugin/types/leg_view.h"
#include "plugin/types/reason.h"
#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

struct LegIdentity {
  LegId id;
  LegOrdinal ordinal;
  Cookie cookie;
};

class Leg {
 public:
  Leg(LegIdentity identity, const LegPath& path) noexcept
      : id_(identity.id), cookie_(identity.cookie), ordinal_(identity.ordinal), path_(path) {}

  [[nodiscard]] LegId id() const noexcept { return id_; }
  [[nodiscard]] LegOrdinal ordinal() const noexcept { return ordinal_; }
  [[nodiscard]] Cookie cookie() const noexcept { return cookie_; }
  [[nodiscard]] const LegPath& path() const noexcept { return path_; }
  [[nodiscard]] const LegState& state() const noexcept { return state_; }
  [[nodiscard]] const LegSequence& sequence() const noexcept { return sequence_; }
  [[nodiscard]] LegSequence& sequence() noexcept { return sequence_; }
  [[nodiscard]] const LegProgress& progress() const noexcept { return progress_; }
  [[nodiscard]] LegProgress& progress() noexcept { return progress_; }
  [[nodiscard]] const DeliveredRate& delivered() const noexcept { return delivered_; }
  [[nodiscard]] DeliveredRate& delivered() noexcept { return delivered_; }
  [[nodiscard]] bool padding_blocked() const noexcept { return padding_blocked_; }

  template <class State>
  [[nodiscard]] bool is() const noexcept {
    return std::holds_alternative<State>(state_);
  }
  // May it carry cells? Only once its LINKED_ACK has been drained: a stock exit never sends DATA
  // on a leg where BEGIN overtook the LINKED_ACK.
  [[nodiscard]] bool is_linked() const noexcept { return is<Linked>(); }
  // Has the peer answered? Then it may send sequenced cells, whether or not our ACK has left.
  [[nodiscard]] bool peer_is_linked() const noexcept { return is<Linked>() || is<AckQueued>(); }
  // Are sequenced cells that arrive counted?
  [[nodiscard]] bool counts_received() const noexcept {
    return client_rule(CellKind::kSequenced, state_).action == CellAction::kCount;
  }
  // Seed: ConfluxStatus::Pending.
  [[nodiscard]] bool is_pending() const noexcept {
    return is<LinkQueued>() || is<AwaitingLinked>() || is<TimedOut>();
  }
  // LINK to LINKED, if it was measured. Seed: init_rtt.
  [[nodiscard]] std::optional<Micros> handshake_rtt() const noexcept {
    if (const auto* linked = std::get_if<Linked>(&state_)) return linked->rtt;
    if (const auto* queued = std::get_if<AckQueued>(&state_)) return queued->rtt;
    return std::nullopt;
  }
  [[nodiscard]] Instant handshake_deadline() const noexcept {
    if (const auto* queued = std::get_if<LinkQueued>(&state_)) return queued->timeout;
    if (const auto* awaiting = std::get_if<AwaitingLinked>(&state_)) return awaiting->timeout;
    return kNever;
  }

  void commit_path(const LegPath& path) noexcept { path_ = path; }
  void commit_state(LegState state) noexcept {
    state_ = std::move(state);
    if (const auto rtt = handshake_rtt()) progress_.commit_handshake_rtt(*rtt);
  }
  void commit_padding_blocked(bool blocked) noexcept { padding_blocked_ = blocked; }

 private:
  // What each cell asks for first: a cache line, up to the RTT that `progress_` begins with. Then
  // what it asks of the leg that carries it.
  LegId id_;
  Cookie cookie_;
  LegSequence sequence_;
  LegProgress progress_;
  LegState state_{Plain{}};
  LegOrdinal ordinal_;
  bool padding_blocked_ = false;
  LegPath path_;
  DeliveredRate delivered_;
  // To the end of a cache line, so that the next leg begins with one.
  [[maybe_unused]] std::array<std::byte, 8> filler_;
};

static_assert(sizeof(Leg) % 64 == 0);

// Why a leg cannot take DATA now; or NONE.
[[nodiscard]] inline Reason obstacle_of(const Leg& leg, const LegView& view) noexcept {
  if (takes_data(view) && !leg.padding_blocked()) [[likely]]
    return Reason::NONE;
  if (has(view, MPATH_VIEW_INPUT_CLOSED)) return Reason::CHANNEL_CLOSED;
  if (leg.padding_blocked()) return Reason::PADDING_BLOCKED;
  return has(view, MPATH_VIEW_CHANNEL_BLOCKED) ? Reason::CHANNEL_BLOCKED : Reason::PRIMARY_FULL;
}

}  // namespace conflux
