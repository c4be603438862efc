#include "plugin/core/cell_rules.h"

#include <gtest/gtest.h>

#include <set>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

// What the specification says, in sentences and not as a table: tor-spec "Relay cells" numbers the
// commands, prop329 says which are counted and who may send what.
const std::set<unsigned> kCounted = {1, 2, 3, 4, 11, 12, 43, 44};
constexpr unsigned kLink = 19;
constexpr unsigned kLinked = 20;
constexpr unsigned kLinkedAck = 21;
constexpr unsigned kSwitch = 22;

constexpr CellRule close_leg(Reason reason) { return {CellAction::kCloseLeg, reason}; }
constexpr CellRule close_tunnel(Reason reason) { return {CellAction::kCloseTunnel, reason}; }
constexpr CellRule just(CellAction action) { return {action}; }

bool is_signalling(unsigned command) { return command >= kLink && command <= kSwitch; }

CellRule expected_of_client(unsigned command, const LegState& state) {
  const bool plain = std::holds_alternative<Plain>(state);
  const bool answered =
      std::holds_alternative<AckQueued>(state) || std::holds_alternative<Linked>(state);
  if (kCounted.contains(command)) {
    if (plain) return just(CellAction::kPass);
    return answered ? just(CellAction::kCount) : close_tunnel(Reason::CELL_BEFORE_LINKED);
  }
  if (!is_signalling(command)) return just(CellAction::kPass);
  if (plain) return close_tunnel(Reason::NOT_MULTIPATH);
  if (command == kLink) return close_tunnel(Reason::LINK_TO_CLIENT);
  if (command == kLinkedAck) return close_tunnel(Reason::LINKED_ACK_TO_CLIENT);
  if (command == kSwitch) {
    return answered ? just(CellAction::kHandle) : close_tunnel(Reason::SWITCH_UNLINKED);
  }
  if (std::holds_alternative<AwaitingLinked>(state)) return just(CellAction::kHandle);
  return std::holds_alternative<TimedOut>(state) ? just(CellAction::kIgnore)
                                                 : close_tunnel(Reason::LINKED_UNEXPECTED);
}

CellRule expected_of_exit(unsigned command, ExitLegState state) {
  const bool plain = state == ExitLegState::kPlain;
  const bool elsewhere = state == ExitLegState::kOtherHop;
  if (kCounted.contains(command)) {
    return just(plain || elsewhere ? CellAction::kPass : CellAction::kCount);
  }
  if (!is_signalling(command)) return just(CellAction::kPass);
  if (elsewhere) return close_leg(Reason::WRONG_HOP);
  if (command == kLinked) return close_leg(Reason::UNEXPECTED_MESSAGE);
  if (command == kLink) {
    return plain ? just(CellAction::kHandle) : close_leg(Reason::UNEXPECTED_MESSAGE);
  }
  if (plain) return close_leg(Reason::NOT_MULTIPATH);
  if (command == kSwitch) return just(CellAction::kHandle);
  return state == ExitLegState::kAwaitingAck ? just(CellAction::kHandle)
                                             : close_leg(Reason::UNEXPECTED_MESSAGE);
}

CellKind kind(unsigned command) { return kind_of(static_cast<std::uint8_t>(command)); }

TEST(CellRules, DecideEveryCommandInEveryStateOfAClientsLeg) {
  const std::vector<LegState> states = test::all_states();
  ASSERT_EQ(states.size(), std::variant_size_v<LegState>);
  for (unsigned command = 0; command < 256; ++command) {
    for (const LegState& state : states) {
      EXPECT_EQ(client_rule(kind(command), state), expected_of_client(command, state))
          << "command " << command << ", state " << state.index();
    }
  }
}

TEST(CellRules, LetNoOtherHopSignalAndCountNothingOfIt) {
  for (unsigned command = 0; command < 256; ++command) {
    const CellRule expected =
        is_signalling(command) ? close_tunnel(Reason::WRONG_HOP) : just(CellAction::kPass);
    EXPECT_EQ(client_rule_elsewhere(kind(command)), expected) << "command " << command;
  }
}

TEST(CellRules, DecideEveryCommandInEveryStateOfAnExitsCircuit) {
  for (unsigned command = 0; command < 256; ++command) {
    for (const ExitLegState state : {ExitLegState::kPlain, ExitLegState::kAwaitingAck,
                                     ExitLegState::kLinked, ExitLegState::kOtherHop}) {
      EXPECT_EQ(exit_rule(kind(command), state), expected_of_exit(command, state))
          << "command " << command << ", state " << static_cast<int>(state);
    }
  }
}

TEST(CellRules, CloseForAReasonAndNameNoneOtherwise) {
  const auto holds = [](const CellRule& rule) {
    const bool closes =
        rule.action == CellAction::kCloseLeg || rule.action == CellAction::kCloseTunnel;
    return closes ? is_violation(rule.reason) : rule.reason == Reason::NONE;
  };
  for (const auto& row : detail::kClientRules) EXPECT_TRUE(std::ranges::all_of(row, holds));
  for (const auto& row : detail::kExitRules) EXPECT_TRUE(std::ranges::all_of(row, holds));
}

}  // namespace
}  // namespace conflux
