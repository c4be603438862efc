// Legs leave. Seed: remove, remove_unchecked, remove_conflux, max_last_seq_recv, max_last_seq_sent.
// Spec: prop329 [CLOSING_CIRCUITS].
#include <gmock/gmock.h>

#include "plugin/core/removal_rules.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;

TEST(Seed, S17_RemovingAnUnknownLegIsAnError) {
  Host host;
  host.join(2);
  const mpath_leg_views views = host.raw_views();
  EXPECT_EQ(host.table.leg_remove(host.instance, host.tunnel, host.id(2) + 1,
                                  MPATH_REASON_CHANNEL_CLOSED, &views, host.now_us),
            MPATH_E_STALE);
  EXPECT_EQ(host.info().leg_count, 2U);
}

TEST(Seed, S18_RemovingTheSendingLegClosesTheTunnel) {
  Host host;
  host.join_and_link(2);
  ASSERT_EQ(host.send(kBegin), on_leg(1));
  ASSERT_EQ(host.remove(1), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kPrimaryLost);
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: LEG_GONE CHANNEL_CLOSED", "CLOSED PRIMARY_LOST",
                                       "leg 2: LEG_GONE TUNNEL_CLOSED"));
}

TEST(Seed, S19_AnUnlinkedLegThatDoesNotSendLeavesFreely) {
  Host host;
  host.join(3);
  host.view(3).inflight = 100;  // whatever the host says of it
  ASSERT_EQ(host.remove(3), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kNone);
  EXPECT_THAT(host.poll(), ElementsAre("leg 3: LEG_GONE CHANNEL_CLOSED"));
}

TEST(Seed, S20_ALegInItsHandshakeLeavesWithAResult) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  ASSERT_EQ(host.remove(2, Reason::kCircuitDestroyed), Status::kOk);
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: LINK_RESULT CIRCUIT_DESTROYED",
                                       "leg 2: LEG_GONE CIRCUIT_DESTROYED"));
  EXPECT_EQ(host.close_reason(), Reason::kNone);
}

TEST(Seed, S21_RemovingTheLegWithTheHighestReceivedSequenceClosesTheTunnel) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  ASSERT_EQ(host.cell(2, 1, kConnected).status, Status::kOk);
  host.remove(2);
  EXPECT_EQ(host.close_reason(), Reason::kHighestReceivedLost);
}

TEST(Seed, S22_OnlyAStrictlyHigherReceivedSequenceCloses) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  ASSERT_EQ(host.cell(2, 1, kConnected).status, Status::kOk);
  ASSERT_EQ(host.switched(1, 1).status, Status::kConsumed);  // leg 1 now stands at 1 as well
  host.remove(2);
  EXPECT_EQ(host.close_reason(), Reason::kNone);
}

// The sending leg always has the highest sent sequence, so its own rule comes first; this one is
// for whoever changes that.
TEST(Seed, S23_RemovingTheLegWithTheHighestSentSequenceClosesTheTunnel) {
  Leg leg({.id = LegId{1}, .ordinal = LegOrdinal{1}, .cookie = Cookie{}},
          {.hop_count = 3, .sendme_inc = Cells{31}});
  leg.commit_state(Linked{.rtt = std::nullopt});
  leg.sequence().commit_sent(Cells{7});
  RemovalContext context{.legs_left = 1,
                         .is_primary = false,
                         .highest_sent = SeqNo{6},
                         .highest_received = SeqNo{0},
                         .inflight = Cells{0}};
  EXPECT_EQ(check_removal(leg, context), conflux::Reason::HIGHEST_SENT_LOST);
  context.highest_sent = SeqNo{7};
  EXPECT_EQ(check_removal(leg, context), conflux::Reason::NONE);
}

TEST(Seed, S24_RemovingALegWithASendmesWorthInFlightClosesTheTunnel) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.view(2).inflight = 31;
  host.remove(2);
  EXPECT_EQ(host.close_reason(), Reason::kDataInFlightLost);
}

TEST(Seed, S25_LessThanASendmesWorthInFlightDoesNotClose) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.view(2).inflight = 30;
  host.remove(2);
  EXPECT_EQ(host.close_reason(), Reason::kNone);
}

TEST(Seed, S26_TheOtherLegsServeOnAfterARemoval) {
  Host host;
  host.join_and_link(3);
  host.send(kBegin);
  host.remove(3);
  EXPECT_EQ(host.send(kData, 5), on_leg(1, 5));
  EXPECT_EQ(host.cell(2, 1, kConnected).status, Status::kOk);
  host.remove(2);
  EXPECT_EQ(host.close_reason(), Reason::kHighestReceivedLost);
}

}  // namespace
}  // namespace conflux::test
