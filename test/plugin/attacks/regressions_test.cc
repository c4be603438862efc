// Weaknesses found by reading C tor and Arti (R36 to R46), as far as a client has them.
#include <gmock/gmock.h>

#include "test/plugin/support/exit.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;

TEST(Regression, R36_ADuplicateAheadDoesNotJamTheQueue) {
  Host host;
  host.join_and_link(3);
  host.switched(2, 1);
  host.switched(3, 1);
  host.cell(2, 2);
  host.cell(3, 20);  // the same number
  host.cell(2, 3);
  host.cell(1, 1);
  host.drain();
  EXPECT_EQ(host.close_reason(), Reason::kSequenceRepeated);
  EXPECT_EQ(host.info().held_cells, 0U);
}

TEST(Regression, R37_ABaseFromThePeerIsNeverTrusted) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(10));
  LinkBody body = host.link_body(1);
  body.last_sent = UINT64_MAX;  // where C tor would start counting
  host.receive(1, kLinked, encode(body));
  host.poll();
  EXPECT_EQ(host.cell(1, 1).status, Status::kOk);
  EXPECT_EQ(host.leg_info(1).last_seq_received, 1U);
}

TEST(Regression, R38_WithoutAnyRttCellsStillGo) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.linked(1);
  host.linked(2);
  host.poll();
  ASSERT_EQ(host.leg_info(1).handshake_rtt_us, MPATH_NEVER);
  EXPECT_EQ(host.send(kBegin), on_leg(1));
  EXPECT_EQ(host.send(kData, 5), on_leg(1, 5));
}

TEST(Regression, R39_ASecondLinkedDoesNotMeasureAgain) {
  Host host;
  host.join_and_link(2);
  ASSERT_EQ(host.leg_info(1).handshake_rtt_us, ms(100));
  host.advance(seconds(7));
  EXPECT_EQ(host.linked(1), violation(Reason::kLinkedUnexpected));
}

TEST(Regression, R40_TheUxOfALaterLegChangesNothing) {
  Host host({.config = lab_config("high_throughput")});
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(10));
  for (const int leg : {1, 2}) {
    LinkBody body = host.link_body(leg);
    body.ux = leg == 1 ? 3 : 1;
    ASSERT_EQ(host.receive(leg, kLinked, encode(body)).status, Status::kConsumed);
    host.poll();
  }
  host.send(kBegin);
  host.view(1).inflight = 124;
  EXPECT_EQ(host.send(kData), on_leg(2).after_switch(1)) << "still high throughput";
}

TEST(Regression, R41_AStalledLegDoesNotLetTheOtherQueueWithoutBound) {
  Host host({.config = lab_config("high_throughput", "  reorder:\n    tunnel_limit: 2MiB\n")});
  host.join_and_link(2);
  host.send(kBegin);
  host.switched(2, 1);
  std::uint64_t token = 2;
  while (host.cell(2, token).status == Status::kHeld) ++token;
  EXPECT_EQ(host.close_reason(), Reason::kReorderLimit);
  EXPECT_LE(host.info().peak_held_bytes, 2U << 20);

  Host slow({.config = lab_config("high_throughput", "  reorder:\n    stall_timeout: 30s\n")});
  slow.join_and_link(2);
  slow.switched(2, 1);
  slow.cell(2, 2);
  slow.advance(seconds(30));
  slow.poll();
  EXPECT_EQ(slow.close_reason(), Reason::kStalled);
}

TEST(Regression, R42_AnUnansweredLinkStopsNobodyElse) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(80));
  host.linked(2);
  host.poll();
  EXPECT_EQ(host.send(kBegin), on_leg(2));
  host.advance(seconds(60));
  host.poll();
  ASSERT_EQ(host.remove(1, Reason::kHandshakeTimeout), Status::kOk);
  EXPECT_EQ(host.send(kData), on_leg(2));
}

// Neither the RTT order nor a query before the first cell makes a SWITCH(0).
TEST(Regression, R43_SwitchZeroIsNeverSentAndIsTakenBeforeTheFirstCell) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.can_read();
  host.view(1).ewma_rtt_us = 900'000;
  host.view(2).ewma_rtt_us = 1000;
  host.can_read();
  host.backlog = 9;
  host.poll();
  EXPECT_EQ(host.send(kBegin).switch_delta, std::nullopt);
  EXPECT_NE(host.send(kData).switch_delta, std::optional(0U));

  Host receiver;
  receiver.join_and_link(2);
  EXPECT_EQ(receiver.switched(1, 0).status, Status::kConsumed);
}

TEST(Regression, R44_CellsThatAreNotDataDoNotCountAgainstTheInitialWindow) {
  Host host;
  host.join_and_link(2);
  // CONNECTED + 124 DATA on leg 1, none of which has arrived.
  ASSERT_EQ(host.switched(2, 125).status, Status::kConsumed);
  EXPECT_EQ(host.cell(2, 126).status, Status::kHeld);
  for (std::uint64_t seq = 1; seq <= 125; ++seq) host.cell(1, seq);
  EXPECT_EQ(host.delivered(), in_order(126));
}

TEST(Regression, R45_TheOldestReorderDataGoesFirst) {
  Host old;
  Host young({.beside = &old});
  for (Host* host : {&old, &young}) {
    host->join_and_link(2);
    host->switched(2, 1);
  }
  young.now_us = old.now_us + seconds(5);
  old.cell(2, 2);
  for (std::uint64_t token = 2; token < 20; ++token) young.cell(2, token);
  mpath_tunnel_id victim = 0;
  std::uint32_t count = 0;
  ASSERT_EQ(old.table.instance_shed(old.instance, 1, &victim, 1, &count), MPATH_OK);
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(victim, old.tunnel) << "not the one that holds most";
  old.poll();
  young.poll();
  EXPECT_EQ(old.close_reason(), Reason::kShed);
  EXPECT_EQ(young.close_reason(), Reason::kNone);
  old.drain();
  EXPECT_THAT(old.discarded(), ElementsAre(2U));
}

}  // namespace
}  // namespace conflux::test
