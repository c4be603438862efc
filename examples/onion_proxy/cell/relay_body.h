// Bodies of the relay cells that a client sends and receives. Encoders give bytes for
// encode_relay_cell; parsers say why a body is malformed.
#pragma once

#include <string>
#include <variant>

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/base/wire.h"
#include "examples/onion_proxy/cell/relay_command.h"
#include "examples/onion_proxy/circuit/relay_info.h"

namespace onion_proxy {

using SendmeTag = ByteArray<20>;

/// `target` is "host:port", an IPv6 host in brackets; no flags are set. Spec: tor-spec "Opening
/// streams".
Bytes encode_begin(std::string_view target);

/// CONNECTED carries the address that the exit connected to, IPv4, IPv6 or (empty body) none.
struct ConnectedBody {
  std::variant<std::monostate, ByteArray<4>, ByteArray<16>> address;
  uint32_t ttl_s = 0;
};
Result<ConnectedBody> parse_connected(ByteView body);

/// An END without a reason byte kills a Conflux set at a stock exit, so ours always has one.
Bytes encode_end(EndReason reason);
EndReason parse_end(ByteView body);

/// Version 1, authenticated. Spec: prop289.
Bytes encode_sendme(const SendmeTag& tag);
/// Refuses version 0 (empty), which proves nothing, and tags of another length.
Result<SendmeTag> parse_sendme(ByteView body);

/// Spec: prop324 "Flow control". The XON rate is in units of 1000 bytes per second, 0 = unlimited.
Bytes encode_xoff();
Status parse_xoff(ByteView body);
Bytes encode_xon(uint32_t kilobytes_per_s);
Result<uint32_t> parse_xon(ByteView body);

/// `name` is a host name or an address (reverse lookups are not made).
Bytes encode_resolve(std::string_view name);
struct ResolvedAnswer {
  enum class Kind : uint8_t {
    kHostname = 0,
    kIpv4 = 4,
    kIpv6 = 6,
    kTransientError = 0xf0,
    kError = 0xf1,
  };
  Kind kind = Kind::kError;
  Bytes value;
  uint32_t ttl_s = 0;
};
/// Answers of unknown kinds are left out.
Result<std::vector<ResolvedAnswer>> parse_resolved(ByteView body);

struct Handshake {
  uint16_t type = 0;
  Bytes data;
};
/// CREATE2 as a cell payload; EXTEND2 as a relay body. Spec: tor-spec "CREATE and CREATED cells",
/// "EXTEND and EXTENDED cells".
Bytes encode_create2(const Handshake& handshake);
Bytes encode_extend2(const RelayInfo& relay, const Handshake& handshake);
/// HDATA of CREATED2 or EXTENDED2, borrowed from `body`.
Result<ByteView> parse_created2(ByteView body);

/// Reason byte of TRUNCATED and of DESTROY; kNone if it is missing.
DestroyReason parse_destroy(ByteView body);

}  // namespace onion_proxy
