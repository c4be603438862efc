// How many legs a tunnel gets: what the user chose, or what the network asks for.
#pragma once

#include <cstddef>
#include <string>

#include "examples/onion_proxy/directory/consensus.h"

namespace onion_proxy {

struct LegCount {
  size_t legs = 2;  ///< 1: plain circuits, whatever the consensus says
  /// As stock tor's clients do: `cfx_num_legs_set` of the consensus, and `legs` if it is silent.
  bool by_consensus = false;
  size_t most = 8;  ///< that the plugin takes, whatever the consensus says

  /// False: plain circuits. Where the network has switched Conflux off, exits refuse LINK; and a
  /// set of no legs is none. Of one leg it can be, if the consensus says so.
  bool is_multipath(const Consensus& consensus) const;
  /// At least 1.
  size_t in(const Consensus& consensus) const;
};

/// "2 legs", or what else there is to say of them.
std::string to_string(const LegCount& count);

}  // namespace onion_proxy
