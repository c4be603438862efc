// Attacks on the order of cells; test/README.md lists them.
#include <gmock/gmock.h>

#include "plugin/core/switch_guard.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;

TEST(Attack, A14_SwitchesWithoutCellsCloseTheTunnel) {
  Host row;
  row.join_and_link(2);
  row.switched(1, 1);
  EXPECT_EQ(row.switched(1, 1), violation(Reason::kSwitchRepeated));

  // More SWITCH cells than sequenced cells over the life of the tunnel.
  const LegSequence leg;
  const SwitchContext context{
      .received = Cells{100}, .switches = 132, .legs = 2, .cwnd_init = Cells{124}};
  EXPECT_EQ(std::get<conflux::Reason>(plan_switch(leg, SeqDelta{1}, context)),
            conflux::Reason::SWITCH_FLOOD);
}

TEST(Attack, A15_ASwitchOfZeroIsTakenOnlyBeforeTheFirstCell) {
  Host host;
  host.join_and_link(3);
  EXPECT_EQ(host.switched(2, 0).status, Status::kConsumed);
  EXPECT_EQ(host.cell(2, 1).status, Status::kOk);
  EXPECT_EQ(host.switched(3, 0), violation(Reason::kSwitchZero));
}

TEST(Attack, A16_AJumpFarAheadCostsNoMemoryAndClosesTheTunnel) {
  for (const std::uint32_t delta : {100'000U, 1U << 31, UINT32_MAX}) {
    Host fresh;
    fresh.join_and_link(2);
    EXPECT_EQ(fresh.switched(2, delta), violation(Reason::kSwitchTooFar));
    EXPECT_EQ(fresh.info().peak_held_bytes, 0U);
  }
  Host running;
  running.join_and_link(2);
  running.cell(1, 1);
  EXPECT_EQ(running.switched(2, UINT32_MAX), violation(Reason::kSwitchTooFar));
}

TEST(Attack, A17_TwoCellsAheadWithOneNumberCloseTheTunnel) {
  Host host;
  host.join_and_link(3);
  host.switched(2, 1);
  host.switched(3, 1);
  ASSERT_EQ(host.cell(2, 22).status, Status::kHeld);
  const Answer second = host.cell(3, 32);
  host.cell(1, 1);
  host.drain();
  EXPECT_EQ(host.close_reason(), Reason::kSequenceRepeated);
  EXPECT_TRUE(second.status == Status::kHeld || second == violation(Reason::kSequenceRepeated));
  const std::size_t held = second.status == Status::kHeld ? 2 : 1;
  std::size_t returned = host.discarded().size();
  for (const std::uint64_t token : host.delivered()) returned += token == 22 || token == 32 ? 1 : 0;
  EXPECT_EQ(returned, held) << "each token exactly once";
}

TEST(Attack, A18_ACellFromThePastClosesTheTunnel) {
  Host host;
  host.join_and_link(2);
  host.cell(1, 1);
  host.cell(1, 2);
  EXPECT_EQ(host.cell(2, 1), violation(Reason::kSequenceRepeated));
  EXPECT_EQ(host.close_reason(), Reason::kSequenceRepeated);
  EXPECT_THAT(host.delivered(), ElementsAre(1U, 2U));
}

TEST(Attack, A19_NumbersNeitherWrapNorOutgrowASwitch) {
  LegSequence leg;
  leg.commit_switch(SeqNo{UINT64_MAX - 5});
  leg.commit_received(SeqNo{UINT64_MAX - 4});
  const SwitchContext context{
      .received = Cells{UINT64_MAX / 2}, .switches = 1, .legs = 2, .cwnd_init = Cells{124}};
  EXPECT_EQ(std::get<conflux::Reason>(plan_switch(leg, SeqDelta{5}, context)),
            conflux::Reason::SEQUENCE_OVERFLOW);
  leg.commit_received(SeqNo{UINT64_MAX});
  SeqNo last = leg.last_received();
  EXPECT_FALSE(advance(last)) << "there is no number left";

  // The sender visits a leg that has fallen 2^31 cells behind.
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kEnd, (1U << 31) - 1);
  EXPECT_EQ(host.send(kEnd), on_leg(1)) << "one less is not far enough";
  EXPECT_EQ(host.send(kData), on_leg(2).after_switch(1U << 31));
}

TEST(Attack, A20_APeerCannotPoisonWhereWeCountFrom) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(ms(10));
  host.linked(1);
  host.poll();
  host.send(kBegin);
  host.send(kData, 9);
  LinkBody body = host.link_body(2);
  body.last_received = 10;  // all that we have sent, which is no lie
  ASSERT_EQ(host.receive(2, kLinked, encode(body)).status, Status::kConsumed);
  host.poll();
  host.view(1).ewma_rtt_us = 900'000;
  host.view(2).ewma_rtt_us = 1000;
  EXPECT_EQ(host.send(kData), on_leg(2).after_switch(10)) << "from 0, whatever LINKED said";
}

TEST(Attack, A35_ATunnelThatClosesInTheMiddleOfADrainGivesEveryTokenBackOnce) {
  Host host;
  host.join_and_link(3);
  host.drains_by_itself = false;
  host.switched(2, 1);
  host.switched(3, 2);
  for (const std::uint64_t token : {2U, 3U, 4U})
    ASSERT_EQ(host.cell(2, token).status, Status::kHeld);
  host.cell(3, 33);  // the number of token 3
  host.cell(1, 1);
  host.drain();
  EXPECT_EQ(host.close_reason(), Reason::kSequenceRepeated);
  std::vector<std::uint64_t> all = host.delivered();
  all.insert(all.end(), host.discarded().begin(), host.discarded().end());
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
  EXPECT_EQ(host.info().held_cells, 0U);
  EXPECT_EQ(host.table.tunnel_destroy(host.instance, host.tunnel), MPATH_OK);
}

}  // namespace
}  // namespace conflux::test
