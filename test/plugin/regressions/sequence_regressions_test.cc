// What went wrong elsewhere with sequence numbers and the choice of a leg; test/README.md has the
// list.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "test/plugin/support/exit.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The heap was ordered the wrong way round, twice, and what left it did not count as delivered.
TEST(Regression, R47_R48_HeldCellsComeInAscendingOrderAndTheNextOneFollows) {
  Host host;
  host.join_and_link(4);
  host.switched(2, 3);
  host.switched(3, 6);
  host.switched(4, 9);
  for (const std::uint64_t token : {7U, 8U, 9U})
    ASSERT_EQ(host.cell(3, token).status, Status::kHeld);
  for (const std::uint64_t token : {10U, 11U, 12U})
    ASSERT_EQ(host.cell(4, token).status, Status::kHeld);
  for (const std::uint64_t token : {4U, 5U, 6U})
    ASSERT_EQ(host.cell(2, token).status, Status::kHeld);
  EXPECT_THAT(host.delivered(), IsEmpty());
  for (const std::uint64_t token : {1U, 2U, 3U}) host.cell(1, token);
  EXPECT_EQ(host.delivered(), in_order(12));
  EXPECT_EQ(host.cell(4, 13).status, Status::kOk) << "at once: nothing is missing";
  EXPECT_EQ(host.delivered(), in_order(13));
  EXPECT_EQ(host.info().held_cells, 0U);
}

// The sequence was not carried over to the new leg.
TEST(Regression, R49_EverySwitchSkipsWhatTheOtherLegsHaveCarriedSince) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  const auto prefer = [&](int leg) {
    host.view(leg).ewma_rtt_us = 10'000;
    host.view(3 - leg).ewma_rtt_us = 500'000;
  };
  prefer(1);
  host.send(kBegin);
  host.send(kData, 9);
  prefer(2);
  EXPECT_EQ(host.send(kData, 5), on_leg(2, 5).after_switch(10));
  prefer(1);
  EXPECT_EQ(host.send(kData, 7), on_leg(1, 7).after_switch(5));
  prefer(2);
  EXPECT_EQ(host.send(kData), on_leg(2).after_switch(7));
  EXPECT_EQ(host.info().cells_sent, 23U);
}

// DATA that was read for a leg with room went on the full one.
TEST(Regression, R50_NoLegEverCarriesMoreThanItsWindow) {
  std::mt19937 random(50);
  for (const char* ux : {"high_throughput", "min_latency", "low_mem_throughput"}) {
    Host host({.config = lab_config(ux)});
    host.join_and_link(3);
    host.send(kBegin);
    std::uint64_t sent = 0;
    for (int step = 0; step < 3000; ++step) {
      const int leg = 1 + static_cast<int>(random() % 3);
      host.view(leg).ewma_rtt_us = static_cast<std::uint32_t>(10'000 + random() % 300'000);
      if (host.view(leg).inflight >= 31 && random() % 3 == 0) host.acknowledge(leg, 31);
      sent += host.send(kData, static_cast<std::uint32_t>(1 + random() % 60)).granted;
      for (int each = 1; each <= 3; ++each) {
        ASSERT_LE(host.view(each).inflight, host.view(each).cwnd) << ux << ", step " << step;
      }
    }
    EXPECT_GT(sent, 1000U) << ux;
  }
}

// Streams belonged to the leg on which they were opened.
TEST(Regression, R52_AStreamThatBeganOnOneLegGetsItsDataOnAnother) {
  Host host;
  Exit exit;
  host.join_and_link(2);
  exit.receive(host.send(kBegin));
  ASSERT_EQ(exit.last_received(1), 1U);
  ASSERT_EQ(exit.send(host, 1, kConnected).status, Status::kOk);
  EXPECT_EQ(exit.send(host, 2, kData).status, Status::kOk);
  EXPECT_EQ(exit.send(host, 2, kEnd).status, Status::kOk);
  EXPECT_EQ(host.delivered(), in_order(3));
}

// XON and XOFF did not count, and so could overtake or be overtaken.
TEST(Regression, R59_XonAndXoffKeepTheirPlaceAcrossASwitch) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.switched(2, 2);
  ASSERT_EQ(host.cell(2, 3, kXoff).status, Status::kHeld) << "data before it is missing";
  ASSERT_EQ(host.cell(2, 4, kXon).status, Status::kHeld);
  host.cell(1, 1);
  host.cell(1, 2);
  EXPECT_EQ(host.delivered(), in_order(4));
  // And ours count for the exit.
  host.send(kBegin);
  host.send(kXoff);
  host.view(1).ewma_rtt_us = 900'000;
  EXPECT_EQ(host.send(kXon), on_leg(2).after_switch(2));
}

// Counters of 32 bits wrapped.
TEST(Regression, R61_TheSequenceGoesOnBeyondThirtyTwoBits) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  constexpr std::uint32_t kChunk = 1U << 30;
  std::uint64_t sent = 0;
  std::uint64_t last[3] = {0, 0, 0};
  for (int i = 0; i < 10; ++i) {
    // Each leg in turn, so that the distance between them stays small.
    const int leg = 1 + i % 2;
    host.view(leg).ewma_rtt_us = 10'000;
    host.view(3 - leg).ewma_rtt_us = 500'000;
    const Grant grant = host.send(kEnd, kChunk);
    ASSERT_EQ(grant.leg, leg);
    ASSERT_EQ(grant.granted, kChunk);
    const auto skipped = static_cast<std::uint32_t>(sent - last[leg]);
    ASSERT_EQ(grant.switch_delta.value_or(0), i == 0 ? 0 : skipped);
    sent += kChunk;
    last[leg] = sent;
  }
  EXPECT_GT(sent, std::uint64_t{UINT32_MAX});
  EXPECT_EQ(host.info().cells_sent, sent);
  EXPECT_EQ(host.leg_info(2).last_seq_sent, sent);
}

}  // namespace
}  // namespace conflux::test
