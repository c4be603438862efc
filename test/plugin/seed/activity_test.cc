// How active is a tunnel? Seed: tunnel_activity.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

TEST(Seed, S27_ATunnelIsAsActiveAsItsMostActiveLeg) {
  Host host;
  host.join(3);
  host.view(1).open_streams = 2;
  host.view(2).open_streams = 5;
  host.view(3).disused_since_us = host.now_us;
  EXPECT_EQ(host.activity().kind, MPATH_ACTIVITY_IN_USE);
  EXPECT_EQ(host.activity().value, 5U);
}

TEST(Seed, S28_TheLatestDisuseCounts) {
  Host host;
  host.join(3);
  host.view(1).disused_since_us = seconds(10);
  host.view(3).disused_since_us = seconds(20);
  EXPECT_EQ(host.activity().kind, MPATH_ACTIVITY_DISUSED);
  EXPECT_EQ(host.activity().value, seconds(20));
}

TEST(Seed, S29_ATunnelWithoutUsedLegsOrWithoutLegsWasNeverUsed) {
  Host host;
  host.join(2);
  EXPECT_EQ(host.activity().kind, MPATH_ACTIVITY_NEVER_USED);
  host.view(1).open_streams = 1;
  host.table.tunnel_close(host.instance, host.tunnel, host.now_us);
  EXPECT_EQ(host.activity().kind, MPATH_ACTIVITY_NEVER_USED);
}

}  // namespace
}  // namespace conflux::test
