// Attacks on memory, time and what can be observed; test/README.md lists them.
#include <gmock/gmock.h>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;

std::string small_limits() {
  return lab_config("high_throughput",
                    "  reorder:\n    tunnel_limit: 64KiB\n    high_water: 32KiB\n"
                    "    low_water: 8KiB\n    stall_timeout: 10s\n");
}

TEST(Attack, A21_AStalledLegClosesTheTunnelAfterAWhile) {
  Host host({.config = small_limits()});
  host.join_and_link(2);
  host.send(kBegin);
  host.switched(2, 1);
  for (std::uint64_t token = 2; token < 12; ++token) {
    host.cell(2, token);
    host.advance(seconds(1));  // leg 2 keeps flowing: that does not restart the timer
  }
  host.poll();
  EXPECT_EQ(host.close_reason(), Reason::kStalled);
  host.drain();
  EXPECT_EQ(host.discarded().size(), 10U);
}

TEST(Attack, A22_EqualRoundTripsDoNotMakeTheSendingLegFlap) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  for (std::uint32_t i = 0; i < 100; ++i) {
    // They change together, so that each cell needs a decision of its own.
    host.view(1).ewma_rtt_us = 100'000 + i;
    host.view(2).ewma_rtt_us = 100'000 + i;
    ASSERT_EQ(host.send(i == 0 ? kBegin : kData).leg, 1);
  }
  EXPECT_EQ(host.info().switches_sent, 0U);
}

TEST(Attack, A24_LinkSaysNothingOfRoundTrips) {
  Host host;
  host.join(3);
  host.link();
  host.poll();
  const LinkBody first = host.link_body(1);
  host.advance(ms(300));
  host.linked(1);
  host.add({Circuit{}});
  host.link();
  host.poll();
  EXPECT_EQ(encode(host.link_body(4)), encode(first));
}

TEST(Attack, A25_ThePluginNeverAsksForAnotherLeg) {
  Host host;
  host.join_and_link(3);
  host.send(kBegin);
  host.remove(3);
  host.remove(2);
  EXPECT_THAT(host.poll(),
              ElementsAre("leg 3: LEG_GONE CHANNEL_CLOSED", "leg 2: LEG_GONE CHANNEL_CLOSED"));
  EXPECT_EQ(host.deadline(), MPATH_NEVER);
}

TEST(Attack, A27_ATunnelEndsTheSameWayWhateverKilledItsLeg) {
  for (const Reason cause : {Reason::kChannelClosed, Reason::kCircuitDestroyed, Reason::kRetired}) {
    Host host;
    host.join_and_link(2);
    host.send(kBegin);
    host.remove(1, cause);
    EXPECT_EQ(host.close_reason(), Reason::kPrimaryLost);
    EXPECT_EQ(host.deadline(), MPATH_NEVER) << "at once";
  }
}

TEST(Attack, A30_CellsThatAreNotDataCountInTheReorderLimit) {
  Host host({.config = small_limits()});
  host.cell_cost = 1;  // a host that counts the body alone
  host.join_and_link(2);
  host.switched(2, 1);
  std::uint64_t held = 0;
  while (held < 100'000 && host.cell(2, 2 + held, kXoff).status == Status::kHeld) ++held;
  EXPECT_EQ(host.close_reason(), Reason::kReorderLimit);
  EXPECT_LT(held, 64U * 1024 / 8) << "each costs more than its byte";
}

TEST(Attack, A31_AStreamMayEndOnAnotherLegThanItBegan) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.cell(1, 1, kConnected);
  host.switched(2, 1);
  EXPECT_EQ(host.cell(2, 2, kEnd).status, Status::kOk);
  EXPECT_THAT(host.delivered(), ElementsAre(1U, 2U));
}

TEST(Attack, A32_CommandsOfSingleCircuitsDoNotTouchTheSequence) {
  Host host;
  host.join_and_link(2);
  for (const std::uint8_t command : {kExtend2, kTruncated, kBeginDir}) {
    EXPECT_EQ(host.receive(2, command).status, Status::kPass) << "the host judges it";
  }
  EXPECT_EQ(host.info().cells_received, 0U);
}

TEST(Attack, PressureIsToldBeforeTheLimitClosesAnHonestTunnel) {
  Host host({.config = small_limits()});
  host.join_and_link(2);
  host.switched(2, 1);
  std::uint64_t token = 2;
  while (host.info().held_bytes < 32U * 1024) host.cell(2, token++);
  EXPECT_THAT(host.poll(), ElementsAre("PRESSURE HIGH"));
  host.cell(1, 1);
  EXPECT_THAT(host.poll(), ElementsAre("PRESSURE LOW"));
}

}  // namespace
}  // namespace conflux::test
