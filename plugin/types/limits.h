// A named limit on everything that a peer or a host can make grow.
#pragma once

#include <cstddef>
#include <cstdint>

namespace conflux {

// Legs of one tunnel. C tor's exits accept 8 unless the consensus says otherwise (3..255).
inline constexpr std::size_t kLegsMax = 16;

// Hops of one leg: C tor refuses the ninth RELAY_EARLY; onion service paths are longer.
inline constexpr std::size_t kHopsMax = 16;

// DATA cells that an honest exit may have in flight on one leg, generously: twice the largest
// window ever seen in simulation (about 3000, reference: tor congestion control) times ten. It
// bounds how far ahead a SWITCH may point (attack A16); a lie within it costs no memory.
inline constexpr std::uint64_t kPlausibleInflight = 65536;

// Sequenced cells other than DATA that an honest exit may send before we have received anything:
// CONNECTED, END and XON of early streams. Slack on the first SWITCH (regression R44), and more for
// each cell that we have sent, as it may have been a BEGIN.
inline constexpr std::uint64_t kFirstSwitchSlack = 64;
inline constexpr std::uint64_t kAnswersPerCell = 4;

// SWITCH cells that may exceed the number of sequenced cells received, over the life of a tunnel
// (attack A14): one per leg is honest, as each leg may be switched to before anything arrives.
inline constexpr std::uint64_t kSwitchSlack = 2 * kLegsMax;

// Notes that may wait when legs join; a host that adds and removes legs without ever polling is
// refused beyond it.
inline constexpr std::size_t kPendingEventsMax = 4 * kLegsMax + 8;

// Notes that one leg can leave without a poll: LINK or LINKED_ACK, a result and a farewell.
inline constexpr std::size_t kNotesPerLeg = 3;

// Log entries of one call; later ones of the same call are dropped.
inline constexpr std::size_t kLogEntriesMax = 32;

// Tunnels of one instance.
inline constexpr std::size_t kTunnelsMax = std::size_t{1} << 20;

}  // namespace conflux
