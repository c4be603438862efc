// The network as one verified consensus and its microdescriptors describe it: what path choice and
// circuits work from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "examples/onion_proxy/circuit/relay_info.h"
#include "examples/onion_proxy/directory/consensus.h"
#include "examples/onion_proxy/directory/microdescriptor.h"

namespace onion_proxy {

/// A relay that circuits can use: running, valid, and with a microdescriptor.
struct Relay {
  std::string nickname;  ///< no identity: relays may share one
  RelayInfo info;
  RouterFlags flags;
  ProtocolSet protocols;
  uint64_t bandwidth = 0;
  ExitPorts exit_ports;
  std::vector<std::string> family_ids;

  /// By the `p` line: test networks vote the Exit flag for every relay.
  bool is_exit() const { return exit_ports.allows_any() && !flags.bad_exit; }
  /// What a Conflux join point must speak: congestion control is a condition of it.
  bool supports_conflux() const;
  bool supports_congestion_control() const { return protocols.supports("FlowCtrl", 2); }
};

/// Immutable once built; shared between the directory and every tunnel built from it.
struct NetworkView {
  Consensus consensus;        ///< `routers` included
  std::vector<Relay> relays;  ///< in the order of the consensus
  size_t without_microdescriptor = 0;

  bool is_live(UnixTime now) const { return now <= consensus.valid_until; }
  /// Whether a newer consensus should exist by now.
  bool is_stale(UnixTime now) const { return now >= consensus.fresh_until; }
};

/// Joins the two; leaves out relays that are not running or have no microdescriptor.
std::shared_ptr<const NetworkView> make_network_view(
    Consensus consensus, const std::map<Sha256Digest, Microdescriptor>& microdescriptors);

}  // namespace onion_proxy
