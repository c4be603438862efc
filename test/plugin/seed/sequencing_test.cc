// The order of what arrives. Seed: is_seqno_in_order, last_seq_delivered, cmd_counts_towards_seqno.
// Spec: prop329 [SEQUENCING].
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;

TEST(Seed, S111_TheNextCellIsDeliveredAtOnce) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.cell(1, 10, kConnected).status, Status::kOk);
  EXPECT_EQ(host.cell(1, 11).status, Status::kOk);
  EXPECT_EQ(host.info().cells_delivered, 2U);
}

TEST(Seed, S112_ACellThatIsAheadIsHeldUntilTheGapIsFilled) {
  Host host;
  host.join_and_link(2);
  host.switched(2, 1);
  EXPECT_EQ(host.cell(2, 102).status, Status::kHeld);
  EXPECT_EQ(host.cell(2, 103).status, Status::kHeld);
  EXPECT_EQ(host.info().cells_delivered, 0U);
  EXPECT_EQ(host.info().held_cells, 2U);
  EXPECT_EQ(host.cell(1, 101).status, Status::kOk);
  EXPECT_THAT(host.delivered(), ElementsAre(101U, 102U, 103U));
  EXPECT_EQ(host.info().cells_delivered, 3U);
}

TEST(Seed, S113_EachLegCountsForItselfAndDeliveryForAll) {
  Host host;
  host.join_and_link(2);
  host.cell(1, 1);
  host.cell(1, 2);
  host.switched(2, 2);
  host.cell(2, 3);
  EXPECT_EQ(host.leg_info(1).last_seq_received, 2U);
  EXPECT_EQ(host.leg_info(2).last_seq_received, 3U);
  EXPECT_EQ(host.leg_info(2).cells_received, 1U);
  EXPECT_EQ(host.info().cells_delivered, 3U);
}

TEST(Seed, S114_EightCommandsCountWhenTheyArrive) {
  Host host;
  host.join_and_link(2);
  std::uint64_t count = 0;
  for (const std::uint8_t command :
       {kBegin, kData, kEnd, kConnected, kResolve, kResolved, kXoff, kXon}) {
    EXPECT_EQ(host.receive(1, command).status, Status::kOk) << int{command};
    EXPECT_EQ(host.info().cells_received, ++count) << int{command};
  }
}

TEST(Seed, S115_EightCommandsCountWhenTheyAreSent) {
  Host host;
  host.join_and_link(2);
  std::uint64_t count = 0;
  for (const std::uint8_t command :
       {kBegin, kData, kEnd, kConnected, kResolve, kResolved, kXoff, kXon}) {
    EXPECT_EQ(host.send(command), on_leg(1)) << int{command};
    EXPECT_EQ(host.leg_info(1).last_seq_sent, ++count) << int{command};
  }
}

TEST(Seed, S116_OtherCommandsNeverCount) {
  Host host;
  host.join_and_link(2);
  for (const std::uint8_t command :
       {kSendme, kTruncated, kDrop, kBeginDir, kExtend2, kPaddingNegotiate, std::uint8_t{200}}) {
    EXPECT_EQ(host.receive(1, command).status, Status::kPass) << int{command};
    EXPECT_EQ(host.route(command, 1, kExitHop, 1), on_leg(1)) << int{command};
  }
  EXPECT_EQ(host.info().cells_received, 0U);
  EXPECT_EQ(host.info().cells_sent, 0U);
}

TEST(Seed, S117_TheTableSaysWhichCommandsCount) {
  Host host;
  std::vector<int> counted;
  for (int command = 0; command < 256; ++command) {
    const auto byte = static_cast<std::uint8_t>(command);
    if ((host.table.sequenced[byte / 8] >> (byte % 8) & 1) != 0) counted.push_back(command);
  }
  EXPECT_THAT(counted, ElementsAre(1, 2, 3, 4, 11, 12, 43, 44));
}

TEST(Seed, S118_ASwitchMovesItsLegAheadAndIsNoCellItself) {
  Host host;
  host.join_and_link(2);
  host.cell(1, 1);
  ASSERT_EQ(host.switched(2, 1).status, Status::kConsumed);
  EXPECT_EQ(host.leg_info(2).last_seq_received, 1U) << "no + 1 for the SWITCH";
  EXPECT_EQ(host.leg_info(2).cells_received, 0U);
  EXPECT_EQ(host.info().cells_received, 1U);
  EXPECT_EQ(host.info().switches_received, 1U);
  EXPECT_EQ(host.cell(2, 2).status, Status::kOk);
}

}  // namespace
}  // namespace conflux::test
