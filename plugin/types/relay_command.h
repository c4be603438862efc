// Relay commands, and which of them a multi-path tunnel counts.
#pragma once

#include <array>
#include <cstdint>

namespace conflux {

// Spec: tor-spec "Relay cells"; prop329 [SEQUENCING]. A byte that is none of these is kOther.
enum class RelayCommand : std::uint8_t {
  kOther = 0,
  kBegin = 1,
  kData = 2,
  kEnd = 3,
  kConnected = 4,
  kResolve = 11,
  kResolved = 12,
  kConfluxLink = 19,
  kConfluxLinked = 20,
  kConfluxLinkedAck = 21,
  kConfluxSwitch = 22,
  kXoff = 43,
  kXon = 44,
};

// What a command means to a multi-path tunnel.
enum class CommandClass : std::uint8_t {
  kUnsequenced,  // acts at once on its own leg: SENDME, EXTEND2, DROP, ... and unknown ones
  kData,         // sequenced, and counts in the congestion window
  kControl,      // sequenced, not in the window: BEGIN, END, CONNECTED, RESOLVE(D), XON, XOFF
  kSignalling,   // ours: LINK, LINKED, LINKED_ACK, SWITCH; never sequenced
};

namespace detail {

[[nodiscard]] constexpr CommandClass class_of(RelayCommand command) noexcept {
  switch (command) {
    case RelayCommand::kData:
      return CommandClass::kData;
    case RelayCommand::kBegin:
    case RelayCommand::kEnd:
    case RelayCommand::kConnected:
    case RelayCommand::kResolve:
    case RelayCommand::kResolved:
    case RelayCommand::kXoff:
    case RelayCommand::kXon:
      return CommandClass::kControl;
    case RelayCommand::kConfluxLink:
    case RelayCommand::kConfluxLinked:
    case RelayCommand::kConfluxLinkedAck:
    case RelayCommand::kConfluxSwitch:
      return CommandClass::kSignalling;
    case RelayCommand::kOther:
      break;
  }
  return CommandClass::kUnsequenced;
}

// One load on the cell path instead of a chain of comparisons.
inline constexpr auto kClasses = [] {
  std::array<CommandClass, 256> classes{};
  for (unsigned command = 0; command < classes.size(); ++command) {
    classes[command] = class_of(static_cast<RelayCommand>(command));
  }
  return classes;
}();

}  // namespace detail

// Seed: cmd_counts_towards_seqno. C tor: conflux_should_multiplex.
[[nodiscard]] constexpr CommandClass classify(std::uint8_t command) noexcept {
  return detail::kClasses[command];
}

[[nodiscard]] constexpr bool is_sequenced(CommandClass command_class) noexcept {
  return command_class == CommandClass::kData || command_class == CommandClass::kControl;
}

// Command and hop of a cell in one number: what nearly every cell is compared by.
using CellKey = std::uint32_t;
[[nodiscard]] constexpr CellKey make_cell_key(std::uint8_t command, std::uint8_t hop) noexcept {
  return static_cast<CellKey>(hop) << 8U | command;
}
// Of no cell, whatever command and hop a peer or a host may name: hence more than 16 bits.
inline constexpr CellKey kNoCellKey = UINT32_MAX;

}  // namespace conflux
