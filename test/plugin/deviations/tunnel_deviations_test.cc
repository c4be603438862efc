// Where legs, cells and limits differ from the seed on purpose; test/README.md gives the reasons.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Deviation, D14_TheFirstLegMayLeaveBeforeAnythingWasSent) {
  Host host;
  host.join_and_link(2);
  ASSERT_EQ(host.number(host.info().primary), 1);
  ASSERT_EQ(host.remove(1), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kNone);
  EXPECT_EQ(host.send(kBegin), on_leg(2));
}

TEST(Deviation, D15_AFailedAdditionForgetsNothing) {
  Host host;
  ASSERT_EQ(host.add({{.exit = 999}}), Status::kErrorLegInvalid);
  EXPECT_EQ(host.info().state, MPATH_TUNNEL_SINGLE_PATH);
  host.join_and_link(2);
  ASSERT_EQ(host.add({{.exit = 999}}), Status::kErrorLegInvalid);
  EXPECT_EQ(host.info().join_hop, kExitHop) << "the join point survives";
  EXPECT_EQ(host.send(kBegin), on_leg(1));
}

TEST(Deviation, D16_TheFirstLegIsCheckedLikeTheOthers) {
  const std::vector<std::pair<Circuit, Reason>> cases = {
      {{.congestion_control = false}, Reason::kNoCongestionControl},
      {{.flags = MPATH_LEG_EVER_STREAM}, Reason::kHasStreams},
      {{.flags = MPATH_LEG_EVER_JOINED}, Reason::kAlreadyJoined}};
  for (const auto& [first, reason] : cases) {
    Host host({.first = first});
    EXPECT_EQ(host.add({Circuit{}}), Status::kErrorLegInvalid);
    EXPECT_EQ(mpath::reason_of(host.detail()), reason);
    EXPECT_EQ(host.detail().index, UINT32_MAX) << "which means: the first leg";
  }
}

TEST(Deviation, D17_ACircuitThatEverHadAStreamCannotJoin) {
  Host host;
  host.view(1).flags = MPATH_VIEW_EVER_STREAM;  // it has closed since
  EXPECT_EQ(host.add({Circuit{}}), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(host.detail()), Reason::kHasStreams);
}

TEST(Deviation, D18_ATunnelHasAConfiguredNumberOfLegsAtMost) {
  Host host({.config = lab_config("high_throughput", "  legs:\n    max: 3\n")});
  EXPECT_EQ(host.add({Circuit{}, Circuit{}, Circuit{}}), Status::kErrorLegInvalid);
  EXPECT_EQ(mpath::reason_of(host.detail()), Reason::kTooManyLegs);
  EXPECT_EQ(host.add({Circuit{}, Circuit{}}), Status::kOk);
}

TEST(Deviation, D19_DataWaitsInsteadOfOverdrawingItsWindow) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  EXPECT_EQ(host.send(kData, 500), on_leg(1, 124)) << "as much as the window admits";
  EXPECT_EQ(host.send(kData, 1), blocked(Reason::kPrimaryFull));
  EXPECT_EQ(host.info().cells_sent, 125U);
}

TEST(Deviation, D20_OnlyCellsOfTheJoinPointCount) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.receive(1, kData, {}, kMiddleHop).status, Status::kPass);
  EXPECT_EQ(host.info().cells_received, 0U);
  EXPECT_EQ(host.cell(1, 1, kConnected).status, Status::kOk);
}

TEST(Deviation, D21_ARepeatedSequenceNumberIsThePeersViolation) {
  Host host;
  host.join_and_link(2);
  host.cell(1, 1, kConnected);
  EXPECT_EQ(host.cell(2, 1), violation(Reason::kSequenceRepeated));
}

TEST(Deviation, D22_CellsOfALegThatHasGoneAreStillDelivered) {
  Host host;
  host.join_and_link(3);
  host.send(kBegin);
  host.switched(2, 1);
  ASSERT_EQ(host.cell(2, 2).status, Status::kHeld);
  host.switched(3, 2);
  ASSERT_EQ(host.cell(3, 3).status, Status::kHeld);
  ASSERT_EQ(host.remove(2), Status::kOk);
  ASSERT_EQ(host.close_reason(), Reason::kNone);
  host.cell(1, 1);
  EXPECT_THAT(host.delivered(), ElementsAre(1U, 2U, 3U));
}

TEST(Deviation, D23_MemoryForReorderingIsBounded) {
  Host host({.config = lab_config("high_throughput",
                                  "  reorder:\n    tunnel_limit: 64KiB\n    high_water: 32KiB\n"
                                  "    low_water: 8KiB\n")});
  host.join_and_link(2);
  host.switched(2, 1);
  std::uint64_t token = 2;
  while (host.cell(2, token).status == Status::kHeld) ++token;
  EXPECT_EQ(host.close_reason(), Reason::kReorderLimit);
  EXPECT_LE(host.info().peak_held_bytes, 64U * 1024);
  host.drain();
  EXPECT_EQ(host.discarded().size(), token - 2) << "each comes back once; the last was not taken";
}

TEST(Deviation, D24_ACellThatWaitsTooLongClosesTheTunnel) {
  Host host({.config = lab_config("high_throughput", "  reorder:\n    stall_timeout: 5s\n")});
  host.join_and_link(2);
  host.switched(2, 1);
  host.cell(2, 2);
  host.poll();
  EXPECT_EQ(host.deadline(), host.now_us + seconds(5));
  host.advance(seconds(5) - 1);
  host.poll();
  EXPECT_EQ(host.close_reason(), Reason::kNone);
  host.advance(1);
  host.poll();
  EXPECT_EQ(host.close_reason(), Reason::kStalled);
}

TEST(Deviation, D25_ALegThatFallsFarBehindIsVisitedWhileASwitchStillReachesIt) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  ASSERT_EQ(host.send(kEnd, 1U << 31), on_leg(1, 1U << 31));
  EXPECT_EQ(host.send(kData), on_leg(2).after_switch(1U << 31));
}

TEST(Deviation, D26_ALegWithoutAnRttIsPassedOver) {
  Host host({.config = lab_config("min_latency")});
  host.join(3);
  host.link();
  host.poll();
  host.linked(2);  // in the same microsecond: no measurement
  host.advance(ms(100));
  host.linked(1);
  host.poll();
  ASSERT_EQ(host.send(kBegin), on_leg(1));
  EXPECT_EQ(host.send(kData), on_leg(1)) << "leg 2 is not taken for infinitely fast";
  host.view(2).ewma_rtt_us = 50'000;
  EXPECT_EQ(host.send(kData), on_leg(2).after_switch(2));
}

TEST(Deviation, D27_AskingForTheOnlyLegOfTwoDoesNotShutDown) {
  Host host;
  host.join_and_link(2);
  auto leg = mpath::sized<mpath_leg_info>();
  EXPECT_EQ(host.table.leg_take_single(host.instance, host.tunnel, &leg, host.now_us),
            MPATH_E_NOT_SINGLE);
  EXPECT_THAT(host.poll(), IsEmpty());
  EXPECT_EQ(host.send(kBegin), on_leg(1));
}

TEST(Deviation, D28_TheChannelThatCountsIsThatOfTheLegThatWouldCarryTheCell) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  host.view(1).ewma_rtt_us = 400'000;
  host.backlog = 4;
  host.view(1).flags = MPATH_VIEW_CHANNEL_BLOCKED;  // the first leg's, which the seed asks
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: READ_STREAMS JOIN_POINT 4"));
}

TEST(Deviation, D29_APauseIsLoggedOnceAndNotInEveryRound) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  host.backlog = 4;
  host.view(1).inflight = 124;
  for (int round = 0; round < 5; ++round) host.poll();
  EXPECT_EQ(host.logged("streams must not be read"), 1U);
  host.view(1).inflight = 0;
  host.poll();
  host.view(1).inflight = 124;
  host.poll();
  EXPECT_EQ(host.logged("streams must not be read"), 2U);
}

TEST(Deviation, D30_ALegThatWasJoinedIsOnlyGoodForDestroy) {
  Host host;
  host.join_and_link(2);
  host.remove(2);
  auto leg = mpath::sized<mpath_leg_info>();
  ASSERT_EQ(host.table.leg_take_single(host.instance, host.tunnel, &leg, host.now_us), MPATH_OK);
  EXPECT_EQ(leg.joined, 1U);
}

// Stock tor begins on the nearest leg, whatever its channel: another one would single us out.
TEST(Deviation, D33_UnderStockAShutChannelDoesNotCount) {
  Host host({.config = "version: 1\n"});
  host.join_and_link(2);
  host.view(1).flags = MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_EQ(host.send(kBegin), on_leg(1));
}

// Each of the faster leg's reasons not to carry the first cell; the seed asks for the RTT alone.
TEST(Deviation, D33_TheFirstCellGoesOnALegThatCanTakeIt) {
  Host ends;
  ends.join_and_link(2);
  ends.view(1).flags = MPATH_VIEW_INPUT_CLOSED | MPATH_VIEW_INPUT_READY;
  EXPECT_EQ(ends.send(kBegin), on_leg(2));

  Host shut;
  shut.join_and_link(2);
  shut.view(1).flags = MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_EQ(shut.send(kBegin), on_leg(2));

  Host padded;
  padded.join_and_link(2);
  ASSERT_EQ(padded.padding(1, MPATH_PADDING_BLOCK), Status::kOk);
  EXPECT_EQ(padded.send(kBegin), on_leg(2));

  // Where none can it is the faster one, and of two that cannot the one that soon may.
  Host both;
  both.join_and_link(2);
  both.view(1).flags = both.view(2).flags = MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_EQ(both.send(kBegin), on_leg(1));
  Host worse;
  worse.join_and_link(2);
  worse.view(1).flags = MPATH_VIEW_INPUT_CLOSED | MPATH_VIEW_INPUT_READY;
  worse.view(2).flags = MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_EQ(worse.send(kBegin), on_leg(2));
  Host waits;
  waits.join_and_link(2);
  waits.view(1).flags = MPATH_VIEW_INPUT_CLOSED | MPATH_VIEW_INPUT_READY;
  ASSERT_EQ(waits.padding(2, MPATH_PADDING_BLOCK), Status::kOk);
  EXPECT_EQ(waits.send(kBegin), blocked(Reason::kPaddingBlocked));
}

}  // namespace
}  // namespace conflux::test
