// The decision table: command x role x where the leg stands -> what happens to the cell.
//
// The one place that says which cell may arrive when. plugin/core/DECISIONS.md is this table,
// printed. Spec: prop329 [SIDE_CHANNELS], [LINKING_CIRCUITS]. Attacks A1, A2, A4, A5, A6, A32.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "plugin/core/leg_state.h"
#include "plugin/types/reason.h"
#include "plugin/types/relay_command.h"

namespace conflux {

// What the table tells apart: all commands that a tunnel counts are one kind.
enum class CellKind : std::uint8_t {
  kUnsequenced,
  kSequenced,
  kLink,
  kLinked,
  kLinkedAck,
  kSwitch,
};
inline constexpr std::size_t kCellKinds = 6;

enum class CellAction : std::uint8_t {
  kPass,         // it acts on its leg alone: the host handles it at once
  kCount,        // it has the next number of its leg; it is delivered or held
  kHandle,       // signalling, to be parsed and judged
  kIgnore,       // the peer could not know better
  kCloseLeg,     // the peer broke the protocol on this circuit, which is not yet one of several
  kCloseTunnel,  // the peer broke the protocol, and is the peer of all legs
};

struct CellRule {
  CellAction action;
  Reason reason = Reason::NONE;  // of a close

  friend constexpr bool operator==(const CellRule&, const CellRule&) = default;
};

// A client's columns: each LegState in its order, then any leg if the cell came from another hop
// than the join point.
inline constexpr std::size_t kClientColumns = std::variant_size_v<LegState> + 1;
inline constexpr std::size_t kOtherHopColumn = kClientColumns - 1;

// An exit's columns. Version 1.0 makes no exit tunnels (MPATH_E_UNSUPPORTED); this is what the exit
// role will go by, and what our client can expect of an exit.
enum class ExitLegState : std::uint8_t {
  kPlain,        // no LINK has come
  kAwaitingAck,  // LINKED has gone
  kLinked,
  kOtherHop,  // any of these, and the circuit goes on to another relay
};
inline constexpr std::size_t kExitColumns = 4;

namespace detail {

inline constexpr CellRule kPass{CellAction::kPass};
inline constexpr CellRule kCount{CellAction::kCount};
inline constexpr CellRule kHandle{CellAction::kHandle};
inline constexpr CellRule kIgnore{CellAction::kIgnore};
[[nodiscard]] constexpr CellRule close_leg(Reason reason) noexcept {
  return {CellAction::kCloseLeg, reason};
}
[[nodiscard]] constexpr CellRule close_tunnel(Reason reason) noexcept {
  return {CellAction::kCloseTunnel, reason};
}

inline constexpr CellRule kNotMultipath = close_tunnel(Reason::NOT_MULTIPATH);
inline constexpr CellRule kWrongHop = close_tunnel(Reason::WRONG_HOP);
inline constexpr CellRule kLinkToClient = close_tunnel(Reason::LINK_TO_CLIENT);
inline constexpr CellRule kAckToClient = close_tunnel(Reason::LINKED_ACK_TO_CLIENT);
inline constexpr CellRule kUnexpectedLinked = close_tunnel(Reason::LINKED_UNEXPECTED);
inline constexpr CellRule kSwitchUnlinked = close_tunnel(Reason::SWITCH_UNLINKED);
inline constexpr CellRule kEarly = close_tunnel(Reason::CELL_BEFORE_LINKED);

// Rows in the order of CellKind. A LINKED that comes after our timeout is late, which the peer
// could not know (D7); a SWITCH or a counted cell on that leg is not.
using ClientRow = std::array<CellRule, kClientColumns>;
inline constexpr std::array<ClientRow, kCellKinds> kClientRules = {{
    // Plain, Unlinked, LinkQueued, AwaitingLinked, AckQueued, Linked, TimedOut; another hop
    {kPass, kPass, kPass, kPass, kPass, kPass, kPass, kPass},
    {kPass, kEarly, kEarly, kEarly, kCount, kCount, kEarly, kPass},
    {kNotMultipath, kLinkToClient, kLinkToClient, kLinkToClient, kLinkToClient, kLinkToClient,
     kLinkToClient, kWrongHop},
    {kNotMultipath, kUnexpectedLinked, kUnexpectedLinked, kHandle, kUnexpectedLinked,
     kUnexpectedLinked, kIgnore, kWrongHop},
    {kNotMultipath, kAckToClient, kAckToClient, kAckToClient, kAckToClient, kAckToClient,
     kAckToClient, kWrongHop},
    {kNotMultipath, kSwitchUnlinked, kSwitchUnlinked, kSwitchUnlinked, kHandle, kHandle,
     kSwitchUnlinked, kWrongHop},
}};

inline constexpr CellRule kUnexpected = close_leg(Reason::UNEXPECTED_MESSAGE);
inline constexpr CellRule kNotLinked = close_leg(Reason::NOT_MULTIPATH);
inline constexpr CellRule kNotTheExit = close_leg(Reason::WRONG_HOP);

// One client's circuits say nothing about another's, so an exit closes the circuit (C tor does the
// same); what the loss then means for the tunnel, removal_rules.h says.
using ExitRow = std::array<CellRule, kExitColumns>;
inline constexpr std::array<ExitRow, kCellKinds> kExitRules = {{
    // Plain, AwaitingAck, Linked; another hop
    {kPass, kPass, kPass, kPass},
    {kPass, kCount, kCount, kPass},
    {kHandle, kUnexpected, kUnexpected, kNotTheExit},
    {kUnexpected, kUnexpected, kUnexpected, kNotTheExit},
    {kNotLinked, kHandle, kUnexpected, kNotTheExit},
    {kNotLinked, kHandle, kHandle, kNotTheExit},
}};

// One load on the cell path instead of a chain of comparisons.
inline constexpr auto kKinds = [] {
  std::array<CellKind, 256> kinds{};
  for (unsigned command = 0; command < kinds.size(); ++command) {
    const bool counted = is_sequenced(classify(static_cast<std::uint8_t>(command)));
    kinds[command] = counted ? CellKind::kSequenced : CellKind::kUnsequenced;
  }
  const auto at = [&](RelayCommand command) -> CellKind& {
    return kinds[static_cast<std::uint8_t>(command)];
  };
  at(RelayCommand::kConfluxLink) = CellKind::kLink;
  at(RelayCommand::kConfluxLinked) = CellKind::kLinked;
  at(RelayCommand::kConfluxLinkedAck) = CellKind::kLinkedAck;
  at(RelayCommand::kConfluxSwitch) = CellKind::kSwitch;
  return kinds;
}();

}  // namespace detail

[[nodiscard]] constexpr CellKind kind_of(std::uint8_t command) noexcept {
  return detail::kKinds[command];
}

// A cell from the join point (on a plain circuit: from any hop).
[[nodiscard]] constexpr const CellRule& client_rule(CellKind kind, const LegState& state) noexcept {
  return detail::kClientRules[static_cast<std::size_t>(kind)][state.index()];
}
// A cell from another hop of a multi-path tunnel.
[[nodiscard]] constexpr const CellRule& client_rule_elsewhere(CellKind kind) noexcept {
  return detail::kClientRules[static_cast<std::size_t>(kind)][kOtherHopColumn];
}
[[nodiscard]] constexpr CellRule exit_rule(CellKind kind, ExitLegState state) noexcept {
  return detail::kExitRules[static_cast<std::size_t>(kind)][static_cast<std::size_t>(state)];
}

}  // namespace conflux
