#include "examples/onion_proxy/app/network_summary.h"

#include <gmock/gmock.h>

namespace onion_proxy {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// Twenty relays, each of which could be any hop.
NetworkView network_with(std::map<std::string, int32_t, std::less<>> params) {
  NetworkView network;
  network.consensus.params = std::move(params);
  Relay relay;
  relay.protocols = ProtocolSet::parse("Conflux=1 FlowCtrl=1-2 Relay=2-6").value();
  relay.exit_ports = ExitPorts::parse("accept 1-65535").value();
  network.relays.assign(20, relay);
  return network;
}

TEST(NetworkSummary, JudgesByAsManyLegsAsAreAskedForElseByWhatTheConsensusSays) {
  EXPECT_THAT(summarise_network(network_with({{"cfx_num_legs_set", 3}}), 5),
              EndsWith("Ready for 5 disjoint legs.\n"));
  EXPECT_THAT(summarise_network(network_with({{"cfx_num_legs_set", 3}}), std::nullopt),
              EndsWith("Ready for 3 disjoint legs.\n"));
  EXPECT_THAT(summarise_network(network_with({}), std::nullopt),
              EndsWith("Ready for 2 disjoint legs.\n"));
  EXPECT_THAT(summarise_network(network_with({{"cfx_num_legs_set", 255}}), std::nullopt),
              EndsWith("Ready for 8 disjoint legs.\n"));
}

TEST(NetworkSummary, SaysThatConfluxIsSwitchedOff) {
  const std::string text = summarise_network(network_with({{"cfx_enabled", 0}}), std::nullopt);
  EXPECT_THAT(text, HasSubstr("cfx_enabled is 0: exits refuse Conflux"));
}

TEST(NetworkSummary, SaysWhichParametersTheConsensusDoesNotState) {
  const std::string text = summarise_network(network_with({{"cfx_enabled", 1}}), std::nullopt);
  EXPECT_THAT(text, HasSubstr("cfx_enabled          1\n"));
  EXPECT_THAT(text, HasSubstr("cfx_num_legs_set     2 (default)\n"));
}

}  // namespace
}  // namespace onion_proxy
