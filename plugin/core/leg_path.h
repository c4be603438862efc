// What the plugin keeps of a circuit's path: enough to compare, nothing that names a relay.
#pragma once

#include <cstdint>
#include <optional>

#include "plugin/types/strong.h"

namespace conflux {

struct LegPath {
  std::uint8_t hop_count = 0;
  std::uint16_t fixed_window_hops = 0;  // bit h: hop h did not negotiate congestion control
  bool last_hop_is_virtual = false;
  RelayTag last_hop{};
  Cells cwnd_init{};   // at the last hop
  Cells sendme_inc{};  // at the last hop

  [[nodiscard]] std::optional<HopNum> last_hop_num() const noexcept {
    if (hop_count == 0) return std::nullopt;
    return HopNum{static_cast<std::uint8_t>(hop_count - 1)};
  }
  // Nothing if there is no such hop. Seed: ConfluxSet::uses_stream_sendme.
  [[nodiscard]] std::optional<bool> uses_stream_sendme(HopNum hop) const noexcept {
    if (hop.raw() >= hop_count) return std::nullopt;
    return (fixed_window_hops >> hop.raw() & 1U) != 0;
  }
};

// Where all legs of a tunnel meet. Fixed by the first join, kept afterwards. Seed: JoinPoint.
struct JoinPoint {
  HopNum hop;
  RelayTag relay;
};

}  // namespace conflux
