// The life of a tunnel, and what may be asked of it. Seed: ConfluxSet::new, leg, len, is_empty,
// TunnelMutableState.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::uint32_t> states(const std::vector<mpath_leg_summary>& legs) {
  std::vector<std::uint32_t> result;
  for (const mpath_leg_summary& leg : legs) result.push_back(leg.state);
  return result;
}

TEST(Seed, S1_ATunnelStartsAsASinglePathOfOneCircuitWithoutHops) {
  Host host({.first = {.hops = 0}});
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_SINGLE_PATH);
  EXPECT_EQ(host.info().leg_count, 1U);
  EXPECT_EQ(host.leg_info(1).hop_count, 0U);
  EXPECT_EQ(host.leg_info(1).state, MPATH_LEG_PLAIN);
}

TEST(Seed, S2_TheOnlyCircuitIsExtendedHopByHop) {
  Host host({.first = {.hops = 0}});
  for (std::uint32_t hops = 1; hops <= 3; ++hops) {
    EXPECT_EQ(host.set_path(1, {.hops = hops}), Status::kOk);
    EXPECT_EQ(host.leg_info(1).hop_count, hops);
  }
  EXPECT_EQ(host.leg_info(1).last_hop_tag, 300U);
}

TEST(Seed, S3_ASinglePathTunnelNeitherCountsNorReorders) {
  Host host;
  EXPECT_EQ(host.receive(1, kData).status, Status::kPass);
  EXPECT_EQ(host.route(kData, 500), on_leg(1, 500));
  EXPECT_EQ(host.info().cells_sent, 0U);
  EXPECT_EQ(host.info().cells_received, 0U);
  EXPECT_EQ(host.leg_info(1).last_seq_sent, 0U);
}

TEST(Seed, S4_AddingALegMakesTheTunnelMultiPath) {
  Host host;
  ASSERT_EQ(host.add({Circuit{}}), Status::kOk);
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_LINKING);
  EXPECT_EQ(host.info().leg_count, 2U);
  EXPECT_EQ(host.info().join_hop, kExitHop);
}

TEST(Seed, S5_ATunnelWithoutLegsShutsDown) {
  Host single;
  ASSERT_EQ(single.remove(1), Status::kOk);
  EXPECT_EQ(single.close_reason(), Reason::kDepleted);
  EXPECT_THAT(single.poll(), ElementsAre("leg 1: LEG_GONE CHANNEL_CLOSED", "CLOSED DEPLETED"));

  Host multi;
  multi.join(2);
  multi.remove(2);
  ASSERT_EQ(multi.info().state, MPATH_TUNNEL_LINKING);
  multi.remove(1);
  EXPECT_EQ(multi.close_reason(), Reason::kDepleted);
}

TEST(Seed, S6_TheStateOfTheFirstLegIsVisibleFromTheStart) {
  Host host;
  const auto legs = host.snapshot();
  ASSERT_EQ(legs.size(), 1U);
  EXPECT_EQ(legs[0].leg, host.id(1));
  EXPECT_EQ(legs[0].cookie, 1U);
  EXPECT_EQ(legs[0].hop_count, 3U);
  EXPECT_EQ(legs[0].is_primary, 1U);
}

TEST(Seed, S7_LegsThatAreAddedAppearInTheSnapshot) {
  Host host;
  host.join(3);
  EXPECT_THAT(states(host.snapshot()),
              ElementsAre(MPATH_LEG_UNLINKED, MPATH_LEG_UNLINKED, MPATH_LEG_UNLINKED));
  host.link();
  host.poll();
  host.advance(ms(10));
  host.linked(2);
  EXPECT_THAT(states(host.snapshot()), ElementsAre(MPATH_LEG_AWAITING_LINKED, MPATH_LEG_ACK_QUEUED,
                                                   MPATH_LEG_AWAITING_LINKED));
}

TEST(Seed, S8_LegsThatAreRemovedVanishFromTheSnapshot) {
  Host host;
  host.join(3);
  host.remove(2);
  const auto legs = host.snapshot();
  ASSERT_EQ(legs.size(), 2U);
  EXPECT_EQ(legs[0].leg, host.id(1));
  EXPECT_EQ(legs[1].leg, host.id(3));
  host.table.tunnel_close(host.instance, host.tunnel, host.now_us);
  EXPECT_THAT(host.snapshot(), IsEmpty());
}

TEST(Seed, S9_TheFirstLegIsPrimaryUntilACellSaysOtherwise) {
  Host host;
  EXPECT_EQ(host.number(host.info().primary), 1);
  host.join_and_link(2);
  EXPECT_EQ(host.number(host.info().primary), 1);
}

TEST(Seed, S10_ALegIsFoundByItsIdAndOnlyWhileItIsInTheSet) {
  Host host;
  host.join(2);
  EXPECT_EQ(host.leg_info(2).leg, host.id(2));
  EXPECT_EQ(host.leg_info(2).ordinal, 2U);
  host.remove(2);
  EXPECT_EQ(host.leg_status(2), Status::kErrorStale);
}

TEST(Seed, S11_TheTunnelCountsItsLegs) {
  Host host;
  EXPECT_EQ(host.info().leg_count, 1U);
  host.join(3);
  EXPECT_EQ(host.info().leg_count, 3U);
  host.remove(3);
  EXPECT_EQ(host.info().leg_count, 2U);
  host.table.tunnel_close(host.instance, host.tunnel, host.now_us);
  EXPECT_EQ(host.info().leg_count, 0U);
}

}  // namespace
}  // namespace conflux::test
