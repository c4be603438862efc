#pragma once

#include "examples/onion_proxy/base/bytes.h"
#include "examples/onion_proxy/base/result.h"

namespace onion_proxy {

/// The ntor-v3 client message that asks for congestion control and nothing else: a subprotocol
/// request would switch the hop to another cell format. Spec: prop324 "Negotiation".
Bytes congestion_control_request();

/// The SENDME increment that the exit answered with. Refuses a malformed message, a message without
/// congestion control, and an increment that is zero or more than one away from `expected` (a lying
/// exit could otherwise slow or flood the circuit; C tor has the same limits).
Result<uint8_t> parse_congestion_control_response(ByteView message, uint8_t expected);

}  // namespace onion_proxy
