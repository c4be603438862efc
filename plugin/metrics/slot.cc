#include "plugin/metrics/slot.h"

#include <algorithm>

namespace conflux {
namespace {

using region::AgeClass;
using region::SlotState;
using region::Word;

constexpr std::uint64_t kMinuteUs = 60'000'000;

SlotState state_of(const Tunnel& tunnel) noexcept {
  if (tunnel.close_reason() != Reason::NONE) return SlotState::kClosed;
  if (tunnel.multi_path() == nullptr) return SlotState::kSinglePath;
  const bool ready = std::ranges::any_of(tunnel.legs(), &Leg::is_linked);
  return ready ? SlotState::kReady : SlotState::kLinking;
}

AgeClass age_of(std::uint64_t age_us) noexcept {
  if (age_us < kMinuteUs) return AgeClass::kSeconds;
  if (age_us < 10 * kMinuteUs) return AgeClass::kMinutes;
  if (age_us < 60 * kMinuteUs) return AgeClass::kTensOfMinutes;
  return AgeClass::kHours;
}

// To 10 ms, and never to 0, which means that nothing was measured.
Word rounded_ms(std::uint64_t rtt_us) noexcept {
  if (rtt_us == 0) return 0;
  const std::uint64_t tens = (std::min<std::uint64_t>(rtt_us, UINT32_MAX) + 5'000) / 10'000;
  return std::max<std::uint64_t>(tens, 1) * 10;
}

void describe_leg(const Leg& leg, const LegView* view, Word* out) noexcept {
  std::uint64_t rtt_us =
      static_cast<std::uint64_t>(leg.handshake_rtt().value_or(Micros::zero()).count());
  if (view != nullptr) {
    out[region::kLegWindow] = std::uint64_t{view->cwnd} << 32U | view->inflight;
    if (view->ewma_rtt_us != 0) rtt_us = view->ewma_rtt_us;
  }
  out[region::kLegRtt] = std::uint64_t{state_number(leg.state())} << 48U |
                         std::uint64_t{leg.ordinal().raw() & 0xFFFFU} << 32U | rounded_ms(rtt_us);
  out[region::kLegCellsSent] = leg.sequence().carried_out().raw();
  out[region::kLegCellsReceived] = leg.sequence().carried_in().raw();
}

}  // namespace

region::Slot describe_tunnel(const Tunnel& tunnel, const LegViews& views,
                             const TunnelAccount& account) noexcept {
  region::Slot slot{};
  const LegSet& legs = tunnel.legs();
  const std::size_t told = std::min(legs.size(), region::kSlotLegsMax);
  const OutOfOrderQueue& queue = tunnel.receiver().queue();
  const auto now_us = static_cast<std::uint64_t>(tunnel.now().time_since_epoch().count());
  slot[region::kSlotDisplayId] = account.display_id;
  slot[region::kSlotState] =
      static_cast<Word>(state_of(tunnel)) | told << 8U | (legs.size() - told) << 16U;
  slot[region::kSlotAgeClass] = static_cast<Word>(age_of(now_us - account.first_seen_us));
  slot[region::kSlotCellsSent] = tunnel.sender().sent().raw();
  slot[region::kSlotCellsReceived] = tunnel.receiver().received().raw();
  slot[region::kSlotSwitches] =
      tunnel.sender().switches() << 32U | (tunnel.receiver().switches() & 0xFFFFFFFFU);
  slot[region::kSlotReorderCells] = queue.cells().raw();
  slot[region::kSlotReorderBytes] = queue.bytes().raw();
  slot[region::kSlotReorderPeakBytes] = queue.peak_bytes().raw();
  for (std::size_t i = 0; i < legs.size(); ++i) {
    if (legs[i].id() == tunnel.sender().primary()) {
      slot[region::kSlotPrimary] = legs[i].ordinal().raw();
    }
    if (i >= told) continue;
    describe_leg(legs[i], views.find(legs[i].id(), i), &slot[region::leg_at(i)]);
  }
  return slot;
}

}  // namespace conflux
