// Linking. Seed: link_circuits, num_unlinked, the handshake timeout of next_circ_event,
// ClientConfluxMsgHandler. Spec: prop329 [LINKING_CIRCUITS].
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Seed, S99_LinkSendsLinkDownEachUnlinkedLeg) {
  Host host;
  host.join(3);
  ASSERT_EQ(host.link(), Status::kOk);
  EXPECT_THAT(host.poll(), ElementsAre("leg 1: SEND_CELL LINK", "leg 2: SEND_CELL LINK",
                                       "leg 3: SEND_CELL LINK"));
  EXPECT_EQ(host.sent_cell(2).hop, kExitHop);
}

TEST(Seed, S100_EachLinkCarriesTheSameNonceAndTheDesiredUx) {
  Host host({.config = lab_config("low_mem_latency")});
  host.join(2);
  host.link();
  host.poll();
  ASSERT_EQ(mpath::body_of(host.sent_cell(1)).size(), 50U);
  const LinkBody& first = host.link_body(1);
  const LinkBody& second = host.link_body(2);
  EXPECT_EQ(first.version, 1);
  EXPECT_EQ(first.ux, 2);
  EXPECT_EQ(first.last_sent, 0U);
  EXPECT_EQ(first.last_received, 0U);
  EXPECT_EQ(first.nonce, second.nonce);
  EXPECT_THAT(first.nonce[0], 0xA0) << "made of the seed";
}

TEST(Seed, S101_LegsThatHaveBegunAreNotLinkedAgain) {
  Host host;
  host.join_and_link(2);
  host.add({Circuit{}});
  host.link();
  EXPECT_THAT(host.poll(), ElementsAre("leg 3: SEND_CELL LINK"));
  host.link();
  EXPECT_THAT(host.poll(), IsEmpty());
}

TEST(Seed, S102_LinkWithoutAJoinPointIsAnError) {
  Host host;
  EXPECT_EQ(host.link(), Status::kErrorState);
  EXPECT_THAT(host.poll(), IsEmpty());
}

TEST(Seed, S103_UnlinkedLegsAreCountedAndThoseThatKnowOfNoHandshakeToo) {
  Host host;
  EXPECT_EQ(host.info().unlinked_count, 1U) << "a plain circuit";
  host.join(3);
  EXPECT_EQ(host.info().unlinked_count, 3U);
  host.link();
  EXPECT_EQ(host.info().unlinked_count, 0U);
  EXPECT_EQ(host.info().linked_count, 0U);
}

TEST(Seed, S104_LinkedIsAnsweredWithLinkedAck) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(100));
  ASSERT_EQ(host.linked(2).status, Status::kConsumed);
  EXPECT_THAT(host.poll(),
              ElementsAre("leg 2: SEND_CELL LINKED_ACK", "leg 2: LINK_RESULT NONE", "READY"));
  EXPECT_EQ(host.sent_cell(2).length, 0U);
  EXPECT_EQ(host.sent_cell(2).hop, kExitHop);
}

TEST(Seed, S105_TheHandshakeMeasuresItsRoundTrip) {
  Host host;
  host.join(2);
  host.link();
  host.advance(ms(5));
  host.poll();  // LINK leaves now
  host.advance(ms(70));
  host.linked(1);
  host.poll();
  EXPECT_EQ(host.leg_info(1).handshake_rtt_us, ms(70));
  EXPECT_EQ(host.leg_info(2).handshake_rtt_us, MPATH_NEVER);
  EXPECT_EQ(host.events().at(1).value, ms(70)) << "of LINK_RESULT";
}

TEST(Seed, S106_ALegWithoutLinkedInTimeIsToBeRemoved) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  EXPECT_EQ(host.deadline(), host.now_us + seconds(60));
  host.advance(ms(100));
  host.linked(1);
  host.poll();
  host.advance(seconds(60));
  host.poll();
  ASSERT_EQ(host.remove(2, Reason::kHandshakeTimeout), Status::kOk);
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: LEG_GONE HANDSHAKE_TIMEOUT"));
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_READY) << "the other leg serves";
}

TEST(Seed, S107_LinkedExactlyAtTheDeadlineIsTooLate) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(seconds(60));
  host.linked(2);
  EXPECT_EQ(host.leg_info(2).state, MPATH_LEG_TIMED_OUT);
}

TEST(Seed, S108_LinkedDisarmsTheTimer) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.info().next_deadline_us, MPATH_NEVER);
  host.advance(seconds(3600));
  EXPECT_THAT(host.poll(), IsEmpty());
  EXPECT_EQ(host.info().linked_count, 2U);
}

TEST(Seed, S109_EveryLegHasExactlyOneResult) {
  Host host;
  host.join(3);
  host.link();
  host.poll();
  host.advance(ms(100));
  host.linked(1);
  EXPECT_THAT(host.poll(),
              ElementsAre("leg 1: SEND_CELL LINKED_ACK", "leg 1: LINK_RESULT NONE", "READY"));
  host.remove(2);
  EXPECT_THAT(host.poll(),
              ElementsAre("leg 2: LINK_RESULT CHANNEL_CLOSED", "leg 2: LEG_GONE CHANNEL_CLOSED"));
  host.advance(seconds(60));
  EXPECT_THAT(host.poll(), ElementsAre("leg 3: LINK_RESULT HANDSHAKE_TIMEOUT",
                                       "leg 3: REMOVE_LEG HANDSHAKE_TIMEOUT"));
  host.remove(3, Reason::kHandshakeTimeout);
  EXPECT_THAT(host.poll(), ElementsAre("leg 3: LEG_GONE HANDSHAKE_TIMEOUT"));
}

TEST(Seed, S110_NoSequencedCellGoesBeforeTheFirstLinked) {
  Host host;
  host.join(2);
  EXPECT_EQ(host.route(kBegin), blocked(Reason::kNotLinked));
  host.link();
  host.poll();
  EXPECT_EQ(host.route(kData), blocked(Reason::kNotLinked));
  EXPECT_EQ(host.can_read(), (Answer{Status::kBlocked, Reason::kNotLinked}));
  host.advance(ms(1));
  host.linked(2);
  EXPECT_EQ(host.route(kBegin), blocked(Reason::kAckNotSent));
  host.poll();
  EXPECT_EQ(host.route(kBegin), on_leg(2));
}

}  // namespace
}  // namespace conflux::test
