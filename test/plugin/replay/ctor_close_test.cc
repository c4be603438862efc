// What C tor's `link_fail` and `close` would test, were they not compiled out: every way in which
// legs and tunnels end. Regression R46.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;
using ::testing::ValuesIn;

TEST(CTor, LinkFailLeavesNothingWhenBothLegsCloseBeforeTheHandshake) {
  for (const bool begun : {false, true}) {
    Host host;
    host.join(2);
    if (begun) host.link();
    host.remove(1);
    host.remove(2);
    EXPECT_EQ(host.close_reason(), Reason::kDepleted);
    EXPECT_EQ(host.info().leg_count, 0U);
    EXPECT_EQ(host.info().next_deadline_us, MPATH_NEVER);
    host.poll();
    EXPECT_EQ(host.table.tunnel_destroy(host.instance, host.tunnel), MPATH_OK);
  }
}

// Who closes, and how: the host, the channel, a relay.
class CTorClose : public ::testing::TestWithParam<Reason> {};

TEST_P(CTorClose, AnUnlinkedLegGoesAlone) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.add({Circuit{}});
  ASSERT_EQ(host.remove(3, GetParam()), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kNone);
  EXPECT_EQ(host.send(kData), on_leg(1));
}

TEST_P(CTorClose, ALegThatMattersNotGoesAlone) {
  for (const bool with_streams : {false, true}) {
    Host host;
    host.join_and_link(2);
    if (with_streams) host.send(kBegin);
    host.view(2).open_streams = with_streams ? 3 : 0;
    ASSERT_EQ(host.remove(2, GetParam()), Status::kOk);
    EXPECT_EQ(host.close_reason(), Reason::kNone);
    EXPECT_THAT(host.poll(), ElementsAre("leg 2: LEG_GONE " + words(GetParam())));
  }
}

TEST_P(CTorClose, TheSendingLegTakesTheTunnelWithIt) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  ASSERT_EQ(host.remove(1, GetParam()), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kPrimaryLost);
  host.poll();
  EXPECT_EQ(host.send(kData).status, Status::kErrorClosed);
  EXPECT_EQ(host.cell(2, 1).status, Status::kErrorClosed);
}

TEST_P(CTorClose, TheLegThatBroughtMostTakesTheTunnelWithIt) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.cell(2, 1, kConnected);
  ASSERT_EQ(host.remove(2, GetParam()), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kHighestReceivedLost);
}

INSTANTIATE_TEST_SUITE_P(Every, CTorClose,
                         ValuesIn({Reason::kChannelClosed, Reason::kCircuitDestroyed,
                                   Reason::kRetired}),
                         [](const auto& tested) { return words(tested.param); });

}  // namespace
}  // namespace conflux::test
