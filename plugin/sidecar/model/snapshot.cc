#include "plugin/sidecar/model/snapshot.h"

#include <algorithm>

namespace conflux::sidecar {

using region::SlotLegWord;
using region::Word;

namespace {

std::uint32_t high(Word word) { return static_cast<std::uint32_t>(word >> 32U); }
std::uint32_t low(Word word) { return static_cast<std::uint32_t>(word); }

LegSnapshot unpack_leg(const Word* words) {
  const Word rtt = words[region::kLegRtt];
  return {.ordinal = static_cast<std::uint32_t>(rtt >> 32U & 0xFFFFU),
          .state = static_cast<std::uint32_t>(rtt >> 48U),
          .rtt_ms = low(rtt),
          .cwnd = high(words[region::kLegWindow]),
          .inflight = low(words[region::kLegWindow]),
          .cells_sent = words[region::kLegCellsSent],
          .cells_received = words[region::kLegCellsReceived]};
}

}  // namespace

TunnelSnapshot unpack(const std::string& instance, const region::TunnelSlot& slot) {
  const region::Slot& words = slot.words;
  const Word state = words[region::kSlotState];
  TunnelSnapshot tunnel{.instance = instance,
                        .slot = static_cast<std::uint32_t>(slot.index),
                        .display_id = low(words[region::kSlotDisplayId]),
                        .state = static_cast<region::SlotState>(state & 0xFFU),
                        .age = static_cast<region::AgeClass>(words[region::kSlotAgeClass] & 0xFFU),
                        .cells_sent = words[region::kSlotCellsSent],
                        .cells_received = words[region::kSlotCellsReceived],
                        .switches_sent = high(words[region::kSlotSwitches]),
                        .switches_received = low(words[region::kSlotSwitches]),
                        .reorder_cells = words[region::kSlotReorderCells],
                        .reorder_bytes = words[region::kSlotReorderBytes],
                        .reorder_peak_bytes = words[region::kSlotReorderPeakBytes],
                        .primary = low(words[region::kSlotPrimary]),
                        .legs = {},
                        .legs_untold = static_cast<std::uint32_t>(state >> 16U & 0xFFFFU)};
  const std::size_t legs = std::min<std::size_t>(state >> 8U & 0xFFU, region::kSlotLegsMax);
  tunnel.legs.reserve(legs);
  for (std::size_t i = 0; i < legs; ++i) {
    tunnel.legs.push_back(unpack_leg(&words[region::leg_at(i)]));
  }
  return tunnel;
}

double aggregation_ratio(std::uint64_t best, std::uint64_t others) noexcept {
  return best == 0 ? 0
                   : (static_cast<double>(best) + static_cast<double>(others)) /
                         static_cast<double>(best);
}

}  // namespace conflux::sidecar
