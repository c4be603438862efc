#include "examples/onion_proxy/cell/relay_body.h"

namespace onion_proxy {
namespace {

constexpr uint8_t kSendmeVersion = 1;
constexpr uint8_t kFlowControlVersion = 0;
constexpr uint8_t kLinkSpecifierIpv4 = 0;
constexpr uint8_t kLinkSpecifierRsaId = 2;
constexpr uint8_t kLinkSpecifierEd25519Id = 3;
constexpr uint8_t kConnectedIpv6 = 6;

void append_handshake(Bytes& out, const Handshake& handshake) {
  append_u16(out, handshake.type);
  append_u16(out, static_cast<uint16_t>(handshake.data.size()));
  append(out, handshake.data);
}

void append_link_specifier(Bytes& out, uint8_t type, ByteView value) {
  append_u8(out, type);
  append_u8(out, static_cast<uint8_t>(value.size()));
  append(out, value);
}

bool is_known(ResolvedAnswer::Kind kind) {
  switch (kind) {
    case ResolvedAnswer::Kind::kHostname:
    case ResolvedAnswer::Kind::kIpv4:
    case ResolvedAnswer::Kind::kIpv6:
    case ResolvedAnswer::Kind::kTransientError:
    case ResolvedAnswer::Kind::kError:
      return true;
  }
  return false;
}

bool has_legal_length(const ResolvedAnswer& answer) {
  if (answer.kind == ResolvedAnswer::Kind::kIpv4) return answer.value.size() == 4;
  if (answer.kind == ResolvedAnswer::Kind::kIpv6) return answer.value.size() == 16;
  return true;
}

}  // namespace

Bytes encode_begin(std::string_view target) {
  Bytes out;
  append(out, target);
  append_u8(out, 0);
  append_u32(out, 0);
  return out;
}

Result<ConnectedBody> parse_connected(ByteView body) {
  ConnectedBody out;
  if (body.empty()) return out;
  ByteReader reader(body);
  const auto ipv4 = reader.array<4>();
  if (!reader.ok()) return Error{"CONNECTED is truncated"};
  if (ipv4 != ByteArray<4>{}) {
    out.address = ipv4;
  } else if (reader.at_end()) {
    return out;
  } else if (reader.u8() == kConnectedIpv6) {
    out.address = reader.array<16>();
  } else {
    return Error{"CONNECTED holds neither an IPv4 nor an IPv6 address"};
  }
  // C tor accepts an address without its time to live.
  if (reader.ok() && !reader.at_end()) out.ttl_s = reader.u32();
  if (!reader.ok()) return Error{"CONNECTED is truncated"};
  return out;
}

Bytes encode_end(EndReason reason) { return {static_cast<uint8_t>(reason)}; }

EndReason parse_end(ByteView body) {
  return body.empty() ? EndReason::kMisc : static_cast<EndReason>(body[0]);
}

Bytes encode_sendme(const SendmeTag& tag) {
  Bytes out;
  append_u8(out, kSendmeVersion);
  append_u16(out, static_cast<uint16_t>(tag.size()));
  append(out, tag);
  return out;
}

Result<SendmeTag> parse_sendme(ByteView body) {
  ByteReader reader(body);
  const uint8_t version = reader.u8();
  const uint16_t length = reader.u16();
  if (!reader.ok()) return Error{"a SENDME without an authentication tag"};
  if (version != kSendmeVersion) {
    return Error{"a SENDME of version " + std::to_string(version) + ", expected 1"};
  }
  if (length != SendmeTag().size()) {
    return Error{"a SENDME tag of " + std::to_string(length) + " bytes, expected 20"};
  }
  const auto tag = reader.array<20>();
  if (!reader.ok()) return Error{"a truncated SENDME tag"};
  return tag;
}

Bytes encode_xoff() { return {kFlowControlVersion}; }

Status parse_xoff(ByteView body) {
  if (body.empty() || body[0] != kFlowControlVersion) {
    return Error{"an XOFF of an unknown version"};
  }
  return Status();
}

Bytes encode_xon(uint32_t kilobytes_per_s) {
  Bytes out = {kFlowControlVersion};
  append_u32(out, kilobytes_per_s);
  return out;
}

Result<uint32_t> parse_xon(ByteView body) {
  ByteReader reader(body);
  const uint8_t version = reader.u8();
  const uint32_t rate = reader.u32();
  if (!reader.ok()) return Error{"a truncated XON"};
  if (version != kFlowControlVersion) return Error{"an XON of an unknown version"};
  return rate;
}

Bytes encode_resolve(std::string_view name) {
  Bytes out;
  append(out, name);
  append_u8(out, 0);
  return out;
}

Result<std::vector<ResolvedAnswer>> parse_resolved(ByteView body) {
  std::vector<ResolvedAnswer> out;
  ByteReader reader(body);
  while (reader.ok() && !reader.at_end()) {
    ResolvedAnswer answer;
    answer.kind = static_cast<ResolvedAnswer::Kind>(reader.u8());
    const ByteView value = reader.take(reader.u8());
    answer.value.assign(value.begin(), value.end());
    answer.ttl_s = reader.u32();
    if (!reader.ok()) return Error{"RESOLVED is truncated"};
    if (!has_legal_length(answer)) return Error{"RESOLVED holds an address of a wrong length"};
    if (is_known(answer.kind)) out.push_back(std::move(answer));
  }
  return out;
}

Bytes encode_create2(const Handshake& handshake) {
  Bytes out;
  append_handshake(out, handshake);
  return out;
}

Bytes encode_extend2(const RelayInfo& relay, const Handshake& handshake) {
  Bytes address(relay.ipv4.begin(), relay.ipv4.end());
  append_u16(address, relay.or_port);
  constexpr uint8_t kSpecifierCount = 3;
  Bytes out = {kSpecifierCount};
  append_link_specifier(out, kLinkSpecifierIpv4, address);
  append_link_specifier(out, kLinkSpecifierRsaId, relay.rsa_id);
  append_link_specifier(out, kLinkSpecifierEd25519Id, relay.ed_id);
  append_handshake(out, handshake);
  return out;
}

Result<ByteView> parse_created2(ByteView body) {
  ByteReader reader(body);
  const uint16_t length = reader.u16();
  const ByteView data = reader.take(length);
  if (!reader.ok()) return Error{"the handshake reply is truncated"};
  return data;
}

DestroyReason parse_destroy(ByteView body) {
  return body.empty() ? DestroyReason::kNone : static_cast<DestroyReason>(body[0]);
}

}  // namespace onion_proxy
