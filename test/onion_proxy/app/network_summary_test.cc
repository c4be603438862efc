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

constexpr LegCount kUnchosen{.by_consensus = true};

TEST(NetworkSummary, JudgesByAsManyLegsAsTheProxyWouldBuild) {
  const NetworkView network = network_with({{"cfx_num_legs_set", 3}});
  EXPECT_THAT(summarise_network(network, {.legs = 5}), EndsWith("Ready for 5 disjoint legs.\n"));
  EXPECT_THAT(summarise_network(network, kUnchosen), EndsWith("Ready for 3 disjoint legs.\n"));
  EXPECT_THAT(summarise_network(network_with({}), kUnchosen),
              EndsWith("Ready for 2 disjoint legs.\n"));
  EXPECT_THAT(summarise_network(network, {.by_consensus = true, .most = 2}),
              EndsWith("Ready for 2 disjoint legs.\n"));
}

TEST(NetworkSummary, PromisesNoLegsWhereSingleCircuitsAreBuilt) {
  EXPECT_THAT(summarise_network(network_with({{"cfx_num_legs_set", 0}}), kUnchosen),
              EndsWith("single circuits: cfx_num_legs_set is 0, and nobody has chosen a number of "
                       "legs.\n"));
  EXPECT_THAT(summarise_network(network_with({}), {.legs = 1}),
              EndsWith("Ready for single circuits: one leg is asked for.\n"));
}

TEST(NetworkSummary, SaysThatConfluxIsSwitchedOff) {
  const std::string text = summarise_network(network_with({{"cfx_enabled", 0}}), kUnchosen);
  EXPECT_THAT(text, HasSubstr("Ready for single circuits: cfx_enabled is 0, exits refuse Conflux"));
}

TEST(NetworkSummary, PromisesNothingWithoutAnExitThatCanDoIt) {
  NetworkView network = network_with({});
  for (Relay& relay : network.relays) relay.protocols = ProtocolSet::parse("FlowCtrl=1-2").value();
  EXPECT_THAT(summarise_network(network, {.legs = 2}),
              EndsWith("No exit speaks Conflux: only --legs 1 will work.\n"));
  EXPECT_THAT(summarise_network(network, {.legs = 1}), HasSubstr("Ready for single circuits"));
  for (Relay& relay : network.relays) relay.exit_ports = {};
  EXPECT_THAT(summarise_network(network, {.legs = 1}),
              EndsWith("No exit does congestion control: no circuit can be built.\n"));
}

TEST(NetworkSummary, SaysWhichParametersTheConsensusDoesNotState) {
  const std::string text = summarise_network(network_with({{"cfx_enabled", 1}}), kUnchosen);
  EXPECT_THAT(text, HasSubstr("cfx_enabled          1\n"));
  EXPECT_THAT(text, HasSubstr("cfx_num_legs_set     2 (default)\n"));
}

}  // namespace
}  // namespace onion_proxy
