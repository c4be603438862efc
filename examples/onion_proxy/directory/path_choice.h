// Which relays a tunnel runs through: one exit for all legs, a guard and a middle for each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "examples/onion_proxy/directory/network_view.h"

namespace onion_proxy {

/// A uniform number in [0, bound), bound at least 1. Injected so that tests replay.
using RandomBelow = std::function<uint64_t(uint64_t bound)>;

/// From OpenSSL's CSPRNG, without bias.
RandomBelow make_random_below();

/// Relays by nickname for one leg, for tests on private networks; an empty name leaves the choice
/// open.
struct PathPins {
  std::string guard;
  std::string middle;
  std::string exit;
};

/// `GUARD,MIDDLE,EXIT`; a part may be empty or `*`.
Result<PathPins> parse_path_pins(std::string_view text);

struct PathRequest {
  size_t legs = 2;
  bool multipath = false;          ///< the exit must speak Conflux, be there only one leg
  uint16_t port = 0;               ///< the exit must allow it; 0 for any port
  std::string exit_nickname{};     ///< empty: any
  std::vector<PathPins> pins{};    ///< pins[i] binds leg i; legs beyond are free
  std::vector<RelayInfo> avoid{};  ///< taken only when nothing else is left: failed lately
};

struct ChosenPath {
  std::vector<RelayInfo> hops;         ///< guard, middle, exit
  std::vector<std::string> nicknames;  ///< of the same
};

struct PathChoice {
  std::vector<ChosenPath> legs;
  ExitPorts exit_ports;  ///< what the exit of all of them allows
  /// Where legs are not disjoint, in words for the log: "legs 1 and 2 share the guard".
  std::vector<std::string> sharing;
};

/// Bandwidth-weighted. Guards and middles are distinct over all legs as far as the network has
/// them: first relays that no leg uses and that are no exits, then unused exits, then shared ones.
/// No leg visits a relay twice. More than one leg needs an exit that speaks Conflux. The error says
/// what the network lacks.
Result<PathChoice> choose_paths(const NetworkView& network, const PathRequest& request,
                                const RandomBelow& random_below);

/// One more leg to the exit of `existing` (not empty), distinct from those as far as possible.
Result<PathChoice> choose_further_leg(const NetworkView& network, const PathRequest& request,
                                      const std::vector<ChosenPath>& existing,
                                      const RandomBelow& random_below);

}  // namespace onion_proxy
