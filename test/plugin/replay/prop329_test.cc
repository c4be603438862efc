// The worked example of prop329 [SEQUENCING]: 10 cells, SWITCH(10), 21 cells, SWITCH(21).
#include <gmock/gmock.h>

#include "test/plugin/support/exit.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

TEST(Prop329, TheExampleHoldsForWhatWeSend) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.view(1).ewma_rtt_us = 100'000;
  host.view(2).ewma_rtt_us = 200'000;
  EXPECT_EQ(host.send(kData, 10), on_leg(1, 10));
  host.view(1).ewma_rtt_us = 300'000;
  EXPECT_EQ(host.send(kData, 21), on_leg(2, 21).after_switch(10));
  EXPECT_EQ(host.leg_info(2).last_seq_sent, 31U);
  host.view(1).ewma_rtt_us = 100'000;
  EXPECT_EQ(host.send(kData, 1), on_leg(1).after_switch(21));
  EXPECT_EQ(host.leg_info(1).last_seq_sent, 32U) << "counting from 31";
}

TEST(Prop329, TheExampleHoldsForWhatWeReceive) {
  Host host;
  host.join_and_link(2);
  for (std::uint64_t seq = 1; seq <= 10; ++seq) host.cell(1, seq);
  EXPECT_EQ(host.switched(2, 10).status, Status::kConsumed);
  for (std::uint64_t seq = 11; seq <= 31; ++seq) host.cell(2, seq);
  EXPECT_EQ(host.leg_info(2).last_seq_received, 31U);
  EXPECT_EQ(host.switched(1, 21).status, Status::kConsumed);
  EXPECT_EQ(host.leg_info(1).last_seq_received, 31U) << "as if it had carried them";
  EXPECT_EQ(host.cell(1, 32).status, Status::kOk);
  EXPECT_EQ(host.delivered(), in_order(32));
}

TEST(Prop329, TheSwitchTellsTheNumberWhateverOrderTheFirstCellsArriveIn) {
  Host host;
  host.join_and_link(2);
  host.switched(2, 10);
  for (std::uint64_t seq = 11; seq <= 31; ++seq) {
    EXPECT_EQ(host.cell(2, seq).status, Status::kHeld);
  }
  for (std::uint64_t seq = 1; seq <= 10; ++seq) host.cell(1, seq);
  EXPECT_EQ(host.delivered(), in_order(31));
}

}  // namespace
}  // namespace conflux::test
