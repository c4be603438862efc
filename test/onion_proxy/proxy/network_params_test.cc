#include "examples/onion_proxy/proxy/network_params.h"

#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

Consensus consensus_with(std::map<std::string, int32_t, std::less<>> params) {
  Consensus consensus;
  consensus.params = std::move(params);
  return consensus;
}

TEST(NetworkParams, ASilentConsensusMeansCTorsStreamFlow) {
  const StreamFlowParams flow = stream_flow_of(Consensus{});
  EXPECT_EQ(flow.xoff_limit, 500u * 488);
  EXPECT_EQ(flow.xon_interval, 500u * 498);
  EXPECT_EQ(flow.xon_ewma_count, 2u);
  EXPECT_EQ(flow.xon_change_pct, 25u);
  EXPECT_EQ(flow.peer_xoff_limit, 500u * 488);
  EXPECT_EQ(flow.peer_xon_interval, 500u * 498);
}

TEST(NetworkParams, OurBuffersAreTheClientsAndThePeersAreTheExits) {
  const StreamFlowParams flow = stream_flow_of(consensus_with({{"cc_xoff_client", 1000},
                                                               {"cc_xoff_exit", 10},
                                                               {"cc_xon_rate", 20},
                                                               {"cc_xon_ewma_cnt", 3},
                                                               {"cc_xon_change_pct", 50}}));
  EXPECT_EQ(flow.xoff_limit, 1000u * 488);
  EXPECT_EQ(flow.xon_interval, 20u * 498);
  EXPECT_EQ(flow.xon_ewma_count, 3u);
  EXPECT_EQ(flow.xon_change_pct, 50u);
  EXPECT_EQ(flow.peer_xoff_limit, 10u * 488);
  EXPECT_EQ(flow.peer_xon_interval, 20u * 498);
}

TEST(NetworkParams, AnExitThatMayNotHaveOurConsensusYetIsJudgedByNoMoreThanTheDefaults) {
  const StreamFlowParams flow =
      stream_flow_of(consensus_with({{"cc_xoff_exit", 5000}, {"cc_xon_rate", 5000}}));
  EXPECT_EQ(flow.peer_xoff_limit, 500u * 488);
  EXPECT_EQ(flow.peer_xon_interval, 500u * 498);
  EXPECT_EQ(flow.xon_interval, 5000u * 498) << "our own is what the consensus says";
}

TEST(NetworkParams, ValuesOutOfRangeCountAsTheNearestThatIsAllowed) {
  const StreamFlowParams least = stream_flow_of(consensus_with({{"cc_xoff_client", 0},
                                                                {"cc_xoff_exit", -1},
                                                                {"cc_xon_rate", 0},
                                                                {"cc_xon_ewma_cnt", 0},
                                                                {"cc_xon_change_pct", 0}}));
  EXPECT_EQ(least.xoff_limit, 488u);
  EXPECT_EQ(least.peer_xoff_limit, 488u);
  EXPECT_EQ(least.xon_interval, 498u);
  EXPECT_EQ(least.xon_ewma_count, 2u);
  EXPECT_EQ(least.xon_change_pct, 1u);
  const StreamFlowParams most = stream_flow_of(consensus_with({{"cc_xoff_client", 99999},
                                                               {"cc_xon_rate", 99999},
                                                               {"cc_xon_ewma_cnt", 999},
                                                               {"cc_xon_change_pct", 100}}));
  EXPECT_EQ(most.xoff_limit, 10000u * 488);
  EXPECT_EQ(most.xon_interval, 5000u * 498);
  EXPECT_EQ(most.xon_ewma_count, 100u);
  EXPECT_EQ(most.xon_change_pct, 99u);
}

}  // namespace
}  // namespace onion_proxy
