// LINK and LINKED: one layout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "plugin/types/nonce.h"
#include "plugin/types/strong.h"

namespace conflux {

// Spec: prop329 [LINKING_CIRCUITS]
//
//   0        1                              33                41               49       50
//   +--------+------------------------------+-----------------+----------------+--------+
//   | version| nonce                        | last_seqno_sent | last_seqno_recv|  ux    |
//   |   = 1  | 32 bytes                     | u64, big endian | u64            |  u8    |
//   +--------+------------------------------+-----------------+----------------+--------+
struct LinkMessage {
  Nonce nonce;
  SeqNo last_seq_sent;
  SeqNo last_seq_received;
  std::uint8_t desired_ux;  // as on the wire: 0..4

  static constexpr std::size_t kSize = 50;
};

// The body of a LINK or LINKED cell.
[[nodiscard]] std::array<std::uint8_t, LinkMessage::kSize> encode(
    const LinkMessage& message) noexcept;

// Nothing if it is too short, of another version, or asks for an unknown UX (attack A33). Bytes
// after the body are tolerated, as C tor tolerates them.
[[nodiscard]] std::optional<LinkMessage> parse_link(std::span<const std::uint8_t> body) noexcept;

}  // namespace conflux
