// Circuits join. Seed: add_legs, join_point_hop, primary_join_point, JoinPoint, cwnd_params.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::IsEmpty;

// The only way in which a refusal may show: the answer, the reason, and which leg.
void expect_refusal(Host& host, const std::vector<Circuit>& circuits, Reason reason,
                    std::uint32_t index) {
  const std::uint32_t before = host.info().leg_count;
  EXPECT_EQ(host.add(circuits), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(host.detail()), reason);
  EXPECT_EQ(host.detail().index, index);
  EXPECT_EQ(host.info().leg_count, before);
}

TEST(Seed, S30_TheJoinPointIsTheLastHopOfTheFirstLeg) {
  Host host({.first = {.hops = 4, .exit = 77}});
  ASSERT_EQ(host.add({{.hops = 4, .exit = 77}}), Status::kOk);
  EXPECT_EQ(host.info().join_hop, 3U);
  EXPECT_EQ(host.leg_info(2).last_hop_tag, 77U);
}

TEST(Seed, S31_TheJoinPointIsKeptByLaterAdditionsAndRemovals) {
  Host host;
  host.join(2);
  host.remove(1);
  ASSERT_EQ(host.add({Circuit{}}), Status::kOk);
  EXPECT_EQ(host.info().join_hop, kExitHop);
  expect_refusal(host, {{.exit = 301}}, Reason::kLastHopDiffers, 0);
}

TEST(Seed, S32_ASinglePathTunnelHasNoJoinPoint) {
  Host host;
  EXPECT_EQ(host.info().join_hop, MPATH_HOP_NONE);
}

TEST(Seed, S33_AnEmptyListOfLegsIsMisuse) {
  Host host;
  expect_refusal(host, {}, Reason::kNoLegs, 0);
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_SINGLE_PATH);
}

TEST(Seed, S34_ALegOfAnotherLengthIsRefused) {
  Host host;
  expect_refusal(host, {{.hops = 2}}, Reason::kLengthDiffers, 0);
  expect_refusal(host, {{.hops = 4}}, Reason::kLengthDiffers, 0);
}

TEST(Seed, S35_ALegWithAnotherLastHopIsRefused) {
  Host host;
  expect_refusal(host, {{.exit = 301}}, Reason::kLastHopDiffers, 0);
}

TEST(Seed, S36_AVirtualLastHopIsRefused) {
  Host host;
  expect_refusal(host, {{.virtual_end = true}}, Reason::kVirtualHop, 0);
  Host service({.first = {.virtual_end = true}});
  expect_refusal(service, {{.virtual_end = true}}, Reason::kVirtualHop, UINT32_MAX);
}

TEST(Seed, S37_ALegWithStreamsIsRefused) {
  Host host;
  expect_refusal(host, {{.flags = MPATH_LEG_EVER_STREAM}}, Reason::kHasStreams, 0);
}

TEST(Seed, S38_ALegThatIsAlreadyMultiPathIsRefused) {
  Host host;
  expect_refusal(host, {{.flags = MPATH_LEG_EVER_JOINED}}, Reason::kAlreadyJoined, 0);
}

TEST(Seed, S39_AFixedWindowAtTheLastHopIsRefused) {
  Host host;
  expect_refusal(host, {{.congestion_control = false}}, Reason::kNoCongestionControl, 0);
}

TEST(Seed, S40_ALegWithoutHopsIsRefused) {
  Host host;
  expect_refusal(host, {{.hops = 0}}, Reason::kNoHops, 0);
}

TEST(Seed, S41_NothingJoinsAFirstLegWithoutHops) {
  Host host({.first = {.hops = 0}});
  expect_refusal(host, {Circuit{}}, Reason::kNoHops, UINT32_MAX);
}

TEST(Seed, S42_OneInvalidLegKeepsAllOut) {
  Host host;
  expect_refusal(host, {Circuit{}, {.exit = 301}, Circuit{}}, Reason::kLastHopDiffers, 1);
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_SINGLE_PATH);
  EXPECT_EQ(host.leg_info(1).state, MPATH_LEG_PLAIN);
}

TEST(Seed, S43_LegsThatShareRelaysAreTheHostsBusiness) {
  Host host;
  EXPECT_EQ(host.add({Circuit{}, Circuit{}}), Status::kOk);  // the same guard and middle thrice
}

TEST(Seed, S44_LegsDoNotLinkBeforeTheyAreTold) {
  Host host;
  host.join(2);
  EXPECT_THAT(host.poll(), IsEmpty());
  EXPECT_EQ(host.leg_info(1).state, MPATH_LEG_UNLINKED);
  EXPECT_EQ(host.leg_info(2).state, MPATH_LEG_UNLINKED);
}

TEST(Seed, S45_TheInitialWindowOfTheJoinPointBoundsTheFirstSwitch) {
  Host small({.first = {.cwnd_init = 31}});
  small.join_and_link(2);
  EXPECT_EQ(small.switched(2, 31 * 2 + 64 + 1), violation(Reason::kSwitchTooFar));

  Host large({.first = {.cwnd_init = 124}});
  large.join_and_link(2);
  EXPECT_EQ(large.switched(2, 31 * 2 + 64 + 1).status, Status::kConsumed);
}

TEST(Seed, S46_StreamsOfTheJoinPointAreSharedByAllLegs) {
  Host host;
  host.join_and_link(2);
  ASSERT_EQ(host.send(kBegin), on_leg(1));
  EXPECT_EQ(host.cell(2, 1, kConnected).status, Status::kOk) << "the answer comes on another leg";
  ASSERT_EQ(host.switched(1, 1).status, Status::kConsumed);
  EXPECT_EQ(host.cell(1, 2).status, Status::kOk);
  EXPECT_THAT(host.delivered(), ::testing::ElementsAre(1U, 2U));
}

}  // namespace
}  // namespace conflux::test
