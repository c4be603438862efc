#include "examples/onion_proxy/cell/handshake_extension.h"

#include <cstdlib>

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {
namespace {

constexpr uint8_t kRequestType = 1;
constexpr uint8_t kResponseType = 2;

}  // namespace

Bytes congestion_control_request() {
  constexpr uint8_t kFieldCount = 1;
  constexpr uint8_t kEmptyBody = 0;
  return {kFieldCount, kRequestType, kEmptyBody};
}

Result<uint8_t> parse_congestion_control_response(ByteView message, uint8_t expected) {
  ByteReader reader(message);
  const unsigned count = reader.u8();
  std::optional<uint8_t> increment;
  for (unsigned i = 0; i < count; ++i) {
    const uint8_t type = reader.u8();
    const ByteView body = reader.take(reader.u8());
    if (!reader.ok()) break;
    if (type != kResponseType) continue;
    if (body.size() != 1) return Error{"the congestion control response is not one byte long"};
    if (increment) return Error{"the exit sent two congestion control responses"};
    increment = body[0];
  }
  if (!reader.ok()) return Error{"the exit's handshake extensions are truncated"};
  if (!increment) return Error{"the exit did not agree to congestion control"};
  if (*increment == 0 || std::abs(int{*increment} - int{expected}) > 1) {
    return Error{"the exit's SENDME increment " + std::to_string(*increment) +
                 " is more than one away from the consensus value " + std::to_string(expected)};
  }
  return *increment;
}

}  // namespace onion_proxy
