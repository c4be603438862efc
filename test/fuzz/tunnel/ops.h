// The numbers of steps in the input of fuzz_tunnel. The low five bits of a step's first byte say
// which it is; the others, from 5 on, that something is odd about its arguments.
#pragma once

#include <cstdint>

namespace conflux::fuzz {

// Each but those of the instance is followed by a byte that names one of four tunnels.
enum class Op : std::uint8_t {
  kCreate,
  kDestroy,
  kEstablish,  // all steps to linked legs
  kAddLegs,
  kLinkLegs,
  kRemove,
  kTake,
  kClose,
  kSetPath,
  kView,
  kPadding,
  kAsk,
  kPoll,
  kPollWhole,
  kReceive,
  kBurst,
  kExitSends,
  kExitDelivers,
  kDrain,
  kDrainAll,
  kRoute,
  kCanRead,
  kBacklog,
  kExitDeliversUnseen,
  // Of the instance.
  kReload = 24,
  kShed,
  kTick,
  kDrainLog,
  kTime,
  kMisuse,
  kNegotiate,
};

}  // namespace conflux::fuzz
