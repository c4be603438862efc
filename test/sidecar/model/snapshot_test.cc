#include "plugin/sidecar/model/snapshot.h"

#include <gtest/gtest.h>

namespace conflux::sidecar {
namespace {

using region::Word;

TEST(UnpackedTunnel, IsWhatWasPacked) {
  region::TunnelSlot slot{.index = 3};
  slot.words[region::kSlotDisplayId] = 0xABCD;
  slot.words[region::kSlotState] = 3 | 2U << 8U | 5U << 16U;
  slot.words[region::kSlotAgeClass] = 2;
  slot.words[region::kSlotSwitches] = Word{7} << 32U | 9;
  slot.words[region::kSlotPrimary] = 2;
  const std::size_t at = region::kSlotLegs;
  Word* second = &slot.words[at + region::kLegWords];
  second[region::kLegWindow] = Word{600} << 32U | 31;
  second[region::kLegRtt] = Word{6} << 48U | Word{2} << 32U | 120;
  second[region::kLegCellsReceived] = 44;

  const TunnelSnapshot tunnel = unpack("proxy", slot);
  EXPECT_EQ(tunnel.display_id, 0xABCDU);
  EXPECT_EQ(tunnel.state, region::SlotState::kReady);
  EXPECT_EQ(tunnel.age, region::AgeClass::kMinutes);
  EXPECT_EQ(tunnel.switches_sent, 7U);
  EXPECT_EQ(tunnel.switches_received, 9U);
  EXPECT_EQ(tunnel.legs_untold, 5U);
  ASSERT_EQ(tunnel.legs.size(), 2U);
  EXPECT_EQ(tunnel.legs[1].ordinal, 2U);
  EXPECT_EQ(tunnel.legs[1].state, 6U);
  EXPECT_EQ(tunnel.legs[1].rtt_ms, 120U);
  EXPECT_EQ(tunnel.legs[1].cwnd, 600U);
  EXPECT_EQ(tunnel.legs[1].inflight, 31U);
  EXPECT_EQ(tunnel.legs[1].cells_received, 44U);
}

TEST(UnpackedTunnel, NeverHasMoreLegsThanASlot) {
  region::TunnelSlot slot{};
  slot.words[region::kSlotState] = 3 | 255U << 8U;
  EXPECT_EQ(unpack("proxy", slot).legs.size(), region::kSlotLegsMax);
}

TEST(AggregationRatio, IsTheWholeOverTheBestLeg) {
  EXPECT_DOUBLE_EQ(aggregation_ratio(100, 0), 1);
  EXPECT_DOUBLE_EQ(aggregation_ratio(100, 100), 2);
  EXPECT_DOUBLE_EQ(aggregation_ratio(0, 0), 0);
}

}  // namespace
}  // namespace conflux::sidecar
