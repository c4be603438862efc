// What one tunnel has been counted for so far. Belongs to the tunnel's owner.
#pragma once

#include <cstdint>

namespace conflux {

struct TunnelAccount {
  std::uint32_t epoch = 0;  // of the last publication
  std::uint32_t display_id = 0;
  std::uint64_t first_seen_us = 0;
  // All only grow. Best: the leg that carried most; others: everything else.
  std::uint64_t sent_best = 0;
  std::uint64_t sent_others = 0;
  std::uint64_t received_best = 0;
  std::uint64_t received_others = 0;
  std::uint64_t switches_sent = 0;
  std::uint64_t switches_received = 0;
  std::uint64_t linked_legs = 0;  // now
  bool created = false;

  [[nodiscard]] std::uint64_t cells() const noexcept {
    return sent_best + sent_others + received_best + received_others;
  }
};

}  // namespace conflux
