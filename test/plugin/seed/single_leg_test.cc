// The only leg of a tunnel. Seed: take_single_leg, single_leg, single_leg_mut, NotSingleLegError.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;

Status take(Host& host, mpath_leg_info* out) {
  *out = mpath::sized<mpath_leg_info>();
  return Status{host.table.leg_take_single(host.instance, host.tunnel, out, host.now_us)};
}

Status look(const Host& host, mpath_leg_id* out) {
  return Status{host.table.leg_single(host.instance, host.tunnel, out)};
}

TEST(Seed, S12_TakingTheOnlyLegReturnsItAndEmptiesTheTunnel) {
  Host host;
  mpath_leg_info leg;
  ASSERT_EQ(take(host, &leg), Status::kOk);
  EXPECT_EQ(leg.leg, host.id(1));
  EXPECT_EQ(leg.cookie, 1U);
  EXPECT_EQ(leg.joined, 0U) << "a plain circuit may be used again";
  EXPECT_EQ(host.info().leg_count, 0U);
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: LEG_GONE TAKEN", "CLOSED TAKEN"));
}

TEST(Seed, S13_TakingTheOnlyLegOfTwoIsAnErrorThatSaysTwo) {
  Host host;
  host.join(2);
  mpath_leg_info leg;
  EXPECT_EQ(take(host, &leg), Status::kErrorNotSingle);
  EXPECT_EQ(host.detail().index, 2U);
}

TEST(Seed, S14_TakingTheOnlyLegOfNoneIsAnErrorThatSaysNone) {
  Host host;
  host.remove(1);
  mpath_leg_info leg;
  EXPECT_EQ(take(host, &leg), Status::kErrorNotSingle);
  EXPECT_EQ(host.detail().index, 0U);
}

TEST(Seed, S15_TheOnlyLegCanBeLookedAtWithoutTakingIt) {
  Host host;
  mpath_leg_id leg = 0;
  ASSERT_EQ(look(host, &leg), Status::kOk);
  EXPECT_EQ(leg, host.id(1));
  EXPECT_EQ(host.info().leg_count, 1U);
  host.join(3);
  EXPECT_EQ(look(host, &leg), Status::kErrorNotSingle);
  EXPECT_EQ(host.detail().index, 3U);
}

TEST(Seed, S16_AskingForTheOnlyLegOfTwoIsTheHostsMistakeAndChangesNothing) {
  Host host;
  host.join_and_link(2);
  mpath_leg_info leg;
  const Status status = take(host, &leg);
  EXPECT_EQ(mpath::family(status), mpath::StatusFamily::kMisuse);
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_READY);
  EXPECT_EQ(host.info().leg_count, 2U);
}

}  // namespace
}  // namespace conflux::test
