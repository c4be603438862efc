// May streams be read? Seed: is_join_point_blocked_on_cc, should_skip_join_point.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

Host& fill(Host& host, const std::vector<int>& legs) {
  for (const int leg : legs) host.view(leg).inflight = host.view(leg).cwnd;
  return host;
}

TEST(Seed, S65_ASinglePathTunnelIsNeverBlockedByThePlugin) {
  Host host;
  fill(host, {1});
  EXPECT_EQ(host.can_read().status, Status::kOk);
  EXPECT_EQ(host.route(kData, 1000), on_leg(1, 1000));
}

TEST(Seed, S66_StreamsAreReadWhileThePrimaryHasRoom) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  host.view(1).inflight = host.view(1).cwnd - 1;
  int leg = 0;
  EXPECT_EQ(host.can_read(&leg).status, Status::kOk);
  EXPECT_EQ(leg, 1);
}

TEST(Seed, S67_AFullPrimaryPausesStreamsWhenItMayNotBeLeft) {
  for (const char* ux : {"no_opinion", "min_latency", "low_mem_latency", "low_mem_throughput"}) {
    Host host({.config = lab_config(ux)});
    host.join_and_link(2);
    host.send(kBegin);
    fill(host, {1});
    EXPECT_EQ(host.can_read(), (Answer{Status::kBlocked, Reason::kPrimaryFull})) << ux;
  }
}

TEST(Seed, S68_HighThroughputReadsOnWhileAnyLegHasRoom) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  fill(host, {1});
  int leg = 0;
  EXPECT_EQ(host.can_read(&leg).status, Status::kOk);
  EXPECT_EQ(leg, 2);
}

TEST(Seed, S69_HighThroughputPausesWhenAllLegsAreFull) {
  Host host;
  host.join_and_link(3);
  host.send(kBegin);
  fill(host, {1, 2, 3});
  EXPECT_EQ(host.can_read(), (Answer{Status::kBlocked, Reason::kAllFull}));
}

TEST(Seed, S70_AskingWhetherStreamsMayBeReadChangesNothing) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  fill(host, {1});
  host.can_read();
  EXPECT_EQ(host.number(host.info().primary), 1);
  EXPECT_EQ(host.info().cells_sent, 1U);
  EXPECT_EQ(host.info().switches_sent, 0U);
}

}  // namespace
}  // namespace conflux::test
