#pragma once

#include <span>

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/base/wire.h"
#include "examples/onion_proxy/cell/link_cell.h"
#include "examples/onion_proxy/cell/relay_command.h"

namespace onion_proxy {

inline constexpr size_t kRelayHeaderSize = 11;
inline constexpr size_t kRelayBodyMax = kCellPayloadSize - kRelayHeaderSize;
static_assert(kRelayBodyMax == 498);

/// The 509 bytes of a relay cell, in the clear or encrypted.
using CellPayload = ByteArray<kCellPayloadSize>;
using CellPayloadView = std::span<uint8_t, kCellPayloadSize>;
using SealedPayloadView = std::span<const uint8_t, kCellPayloadSize>;

/// Offsets inside the v0 relay header: cmd(1) recognized(2) stream(2) digest(4) length(2).
inline constexpr size_t kRecognizedOffset = 1;
inline constexpr size_t kStreamOffset = 3;
inline constexpr size_t kDigestOffset = 5;
inline constexpr size_t kDigestFieldSize = 4;
inline constexpr size_t kLengthOffset = 9;

struct RelayHeader {
  RelayCommand command = RelayCommand::kDrop;
  uint16_t stream_id = 0;
};

/// A relay cell in the clear. `body` borrows from the payload.
struct RelayCell {
  RelayCommand command = RelayCommand::kDrop;
  uint16_t stream_id = 0;
  ByteView body;
};

/// Reads a decrypted payload. Fails only if the length field exceeds the cell.
Result<RelayCell> parse_relay_cell(ByteView payload);

/// The same once more, of a payload that `parse_relay_cell` has accepted.
inline RelayCell view_relay_cell(SealedPayloadView payload) {
  return {static_cast<RelayCommand>(payload[0]), read_u16(&payload[kStreamOffset]),
          payload.subspan(kRelayHeaderSize, read_u16(&payload[kLengthOffset]))};
}

/// Writes the clear payload with zero `recognized` and digest fields, then four zero bytes and
/// random padding, which makes authenticated SENDME tags unguessable. `body` has at most 498 bytes.
void encode_relay_cell(CellPayloadView out, RelayHeader header, ByteView body);

}  // namespace onion_proxy
