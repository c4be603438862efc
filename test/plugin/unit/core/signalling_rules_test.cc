#include "plugin/core/signalling_rules.h"

#include <gtest/gtest.h>

#include <array>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

// The whole table, written out: rows are states in their order, columns LINK, LINKED, LINKED_ACK,
// SWITCH.
constexpr std::array kCommands = {RelayCommand::kConfluxLink, RelayCommand::kConfluxLinked,
                                  RelayCommand::kConfluxLinkedAck, RelayCommand::kConfluxSwitch};
using Row = std::array<Reason, 4>;

constexpr Row kPlainRow = {Reason::NOT_MULTIPATH, Reason::NOT_MULTIPATH, Reason::NOT_MULTIPATH,
                           Reason::NOT_MULTIPATH};
constexpr Row kNotAskedRow = {Reason::LINK_TO_CLIENT, Reason::LINKED_UNEXPECTED,
                              Reason::LINKED_ACK_TO_CLIENT, Reason::SWITCH_UNLINKED};
constexpr Row kAskedRow = {Reason::LINK_TO_CLIENT, Reason::NONE, Reason::LINKED_ACK_TO_CLIENT,
                           Reason::SWITCH_UNLINKED};
constexpr Row kLinkedRow = {Reason::LINK_TO_CLIENT, Reason::LINKED_UNEXPECTED,
                            Reason::LINKED_ACK_TO_CLIENT, Reason::NONE};
constexpr std::array<Row, std::variant_size_v<LegState>> kTable = {
    kPlainRow,     // Plain
    kNotAskedRow,  // Unlinked
    kNotAskedRow,  // LinkQueued: nothing has been sent yet
    kAskedRow,     // AwaitingLinked
    kLinkedRow,    // AckQueued
    kLinkedRow,    // Linked
    kAskedRow,     // TimedOut: LINKED is late, which the peer could not know
};

TEST(CheckSignalling, DecidesEveryCommandInEveryState) {
  const std::vector<LegState> states = test::all_states();
  for (std::size_t row = 0; row < states.size(); ++row) {
    ASSERT_EQ(states[row].index(), row);
    for (std::size_t column = 0; column < kCommands.size(); ++column) {
      EXPECT_EQ(check_signalling(kCommands[column], states[row]), kTable[row][column])
          << "state " << row << ", command " << int{static_cast<std::uint8_t>(kCommands[column])};
    }
  }
}

}  // namespace
}  // namespace conflux
