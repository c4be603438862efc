#include "examples/onion_proxy/directory/network_view.h"

#include <utility>

namespace onion_proxy {
namespace {

Relay make_relay(const Router& router, const Microdescriptor& microdescriptor) {
  Relay relay;
  relay.nickname = router.nickname;
  relay.info.rsa_id = router.rsa_id;
  relay.info.ed_id = microdescriptor.ed_id;
  relay.info.ntor_key = microdescriptor.ntor_key;
  relay.info.ipv4 = router.ipv4;
  relay.info.or_port = router.or_port;
  relay.flags = router.flags;
  relay.protocols = router.protocols;
  relay.bandwidth = router.bandwidth;
  relay.exit_ports = microdescriptor.exit_ports;
  relay.family_ids = microdescriptor.family_ids;
  return relay;
}

}  // namespace

bool Relay::supports_conflux() const {
  // Relay=4 is ntor-v3 with extensions, in which congestion control is negotiated.
  return protocols.supports("Conflux", 1) && supports_congestion_control() &&
         protocols.supports("Relay", 4);
}

std::shared_ptr<const NetworkView> make_network_view(
    Consensus consensus, const std::map<Sha256Digest, Microdescriptor>& microdescriptors) {
  auto view = std::make_shared<NetworkView>();
  view->consensus = std::move(consensus);
  for (const Router& router : view->consensus.routers) {
    if (!router.flags.running || !router.flags.valid || router.or_port == 0) continue;
    const auto found = microdescriptors.find(router.microdescriptor);
    if (found == microdescriptors.end()) {
      ++view->without_microdescriptor;
      continue;
    }
    view->relays.push_back(make_relay(router, found->second));
  }
  return view;
}

}  // namespace onion_proxy
