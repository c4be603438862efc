// Where cells go. Seed: send_relay_cell_on_leg, uses_stream_sendme.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

Status uses_stream_sendme(const Host& host, mpath_leg_id leg, std::uint32_t hop,
                          std::uint32_t* out) {
  return Status{host.table.leg_uses_stream_sendme(host.instance, host.tunnel, leg, hop, out)};
}

TEST(Seed, S91_ALeakyPipeKeepsItsLeg) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  EXPECT_EQ(host.route(kData, 7, kMiddleHop, 2), on_leg(2, 7));
  EXPECT_EQ(host.leg_info(2).last_seq_sent, 0U) << "it does not count";
  EXPECT_EQ(host.number(host.info().primary), 1);
}

TEST(Seed, S92_SequencedCellsToTheJoinPointTakeThePrimary) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.route(kBegin, 1, kExitHop, 2), on_leg(1)) << "wherever they came from";
  EXPECT_EQ(host.route(kData, 3, kExitHop, 2), on_leg(1, 3));
}

TEST(Seed, S93_TheCellForWhichThePrimaryChangesGoesOnTheNewOneAfterItsSwitch) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  host.view(1).ewma_rtt_us = 300'000;
  EXPECT_EQ(host.route(kData), on_leg(2).after_switch(1));
  EXPECT_EQ(host.route(kData), on_leg(2)) << "one SWITCH is enough";
}

TEST(Seed, S94_CommandsThatAreNotSequencedKeepTheirLegAndHop) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  for (const std::uint8_t command : {kSendme, kDrop, kExtend2, kPaddingNegotiate}) {
    EXPECT_EQ(host.route(command, 1, kExitHop, 2), on_leg(2)) << int{command};
  }
  EXPECT_EQ(host.info().cells_sent, 1U);
}

TEST(Seed, S95_ACellWithoutALegTakesThePrimary) {
  Host host;
  host.join_and_link(2);
  host.view(1).ewma_rtt_us = 300'000;
  host.send(kBegin);
  host.send(kData);
  ASSERT_EQ(host.number(host.info().primary), 2);
  EXPECT_EQ(host.route(kDrop, 1, kGuardHop), on_leg(2));
}

TEST(Seed, S96_ACellOfAVanishedLegIsAnError) {
  Host host;
  host.join_and_link(3);
  host.remove(3);
  EXPECT_EQ(host.route(kSendme, 1, kExitHop, 3), refused(Status::kErrorStale));
}

TEST(Seed, S97_StreamSendmesBelongToHopsWithFixedWindows) {
  Host host;
  std::uint32_t uses = 2;
  EXPECT_EQ(uses_stream_sendme(host, host.id(1), kMiddleHop, &uses), Status::kOk);
  EXPECT_EQ(uses, 1U);
  EXPECT_EQ(uses_stream_sendme(host, host.id(1), kExitHop, &uses), Status::kOk);
  EXPECT_EQ(uses, 0U);
}

TEST(Seed, S98_StreamSendmesOfAnUnknownLegOrHopAreUnknown) {
  Host host;
  std::uint32_t uses = 2;
  EXPECT_EQ(uses_stream_sendme(host, host.id(1) + 1, kExitHop, &uses), Status::kErrorStale);
  EXPECT_EQ(uses_stream_sendme(host, host.id(1), 3, &uses), Status::kErrorArgument);
  EXPECT_EQ(uses, 2U);
}

}  // namespace
}  // namespace conflux::test
