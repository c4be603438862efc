#include "examples/onion_proxy/cell/relay_cell.h"

#include <cassert>

#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {
namespace {

// Spec: tor-spec "Relay cells": the padding starts with four zero bytes.
constexpr size_t kZeroPadding = 4;

}  // namespace

Result<RelayCell> parse_relay_cell(ByteView payload) {
  ByteReader reader(payload);
  RelayCell cell;
  cell.command = static_cast<RelayCommand>(reader.u8());
  reader.u16();
  cell.stream_id = reader.u16();
  reader.u32();
  const uint16_t length = reader.u16();
  cell.body = reader.take(length);
  if (!reader.ok()) {
    return Error{"a relay cell claims " + std::to_string(length) + " bytes of body, at most " +
                 std::to_string(kRelayBodyMax) + " fit"};
  }
  return cell;
}

void encode_relay_cell(CellPayloadView out, RelayHeader header, ByteView body) {
  assert(body.size() <= kRelayBodyMax);
  std::memset(out.data(), 0, kRelayHeaderSize);
  out[0] = static_cast<uint8_t>(header.command);
  write_u16(&out[kStreamOffset], header.stream_id);
  write_u16(&out[kLengthOffset], static_cast<uint16_t>(body.size()));
  if (!body.empty()) std::memcpy(&out[kRelayHeaderSize], body.data(), body.size());
  const MutableByteView padding = out.subspan(kRelayHeaderSize + body.size());
  const size_t zeros = std::min(kZeroPadding, padding.size());
  std::fill_n(padding.begin(), zeros, uint8_t{0});
  if (padding.size() > zeros) random_padding(padding.subspan(zeros));
}

}  // namespace onion_proxy
