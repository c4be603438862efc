#include "examples/onion_proxy/link/link_handshake.h"

#include <fmt/format.h>

#include <algorithm>

#include "examples/onion_proxy/link/certs.h"

namespace onion_proxy {
namespace {

// 3 is offered because every stock client does; it is too old to be accepted.
constexpr std::array<uint16_t, 3> kOffered = {3, 4, 5};
constexpr int kLinkProtocolMin = 4;
constexpr size_t kVersionsMax = 64;

constexpr uint8_t kAddressIpv4 = 4;

Bytes encode_netinfo(const ByteArray<4>& their_address) {
  Bytes payload;
  // Clients hide their clock and their addresses. Spec: tor-spec "NETINFO cells".
  append_u32(payload, 0);
  append_u8(payload, kAddressIpv4);
  append_u8(payload, 4);
  append(payload, their_address);
  append_u8(payload, 0);
  Bytes cell;
  append_fixed_cell(cell, 0, LinkCommand::kNetinfo, payload);
  return cell;
}

// Asks the relay not to send link padding: a test network has no use for it.
void append_padding_stop(Bytes& out) {
  constexpr std::array<uint8_t, 6> kStop = {0, 1, 0, 0, 0, 0};
  append_fixed_cell(out, 0, LinkCommand::kPaddingNegotiate, kStop);
}

Error unexpected(const LinkCell& cell, std::string_view expected) {
  return Error{fmt::format("link handshake: {} (command {}) where {} was due",
                           link_command_name(cell.command), static_cast<int>(cell.command),
                           expected)};
}

bool is_padding(LinkCommand command) {
  return command == LinkCommand::kPadding || command == LinkCommand::kVpadding;
}

}  // namespace

Bytes LinkHandshake::start() const {
  Bytes versions;
  for (const uint16_t version : kOffered) append_u16(versions, version);
  Bytes out;
  append_variable_cell(out, {CircuitIdWidth::kTwo, 0, LinkCommand::kVersions, versions});
  return out;
}

CircuitIdWidth LinkHandshake::circuit_id_width() const {
  return state_ == State::kAwaitVersions ? CircuitIdWidth::kTwo : CircuitIdWidth::kFour;
}

Result<LinkHandshake::Step> LinkHandshake::handle_cell(const LinkCell& cell,
                                                       std::chrono::sys_seconds now) {
  // Without a bound, a peer could keep us here with padding for ever.
  if (++cells_ > kCellsMax) {
    state_ = State::kFailed;
    return Error{fmt::format("link handshake: more than {} cells before its end", kCellsMax)};
  }
  auto step = handle_in_state(cell, now);
  if (!step.ok()) state_ = State::kFailed;
  return step;
}

Result<LinkHandshake::Step> LinkHandshake::handle_in_state(const LinkCell& cell,
                                                           std::chrono::sys_seconds now) {
  switch (state_) {
    case State::kAwaitVersions:
      return handle_versions(cell);
    case State::kAwaitCerts:
      return handle_certs(cell, now);
    case State::kAwaitNetinfo:
      return handle_before_netinfo(cell);
    case State::kOpen:
    case State::kFailed:
      break;
  }
  return Error{"link handshake: it is over"};
}

Result<LinkHandshake::Step> LinkHandshake::handle_versions(const LinkCell& cell) {
  if (cell.command != LinkCommand::kVersions) return unexpected(cell, "VERSIONS");
  if (cell.body.size() % 2 != 0 || cell.body.size() > 2 * kVersionsMax) {
    return Error{"link handshake: VERSIONS has a bad length"};
  }
  ByteReader reader(cell.body);
  while (!reader.at_end()) {
    const uint16_t version = reader.u16();
    const bool common = std::find(kOffered.begin(), kOffered.end(), version) != kOffered.end();
    if (common) link_protocol_ = std::max<int>(link_protocol_, version);
  }
  if (link_protocol_ < kLinkProtocolMin) {
    return Error{"link handshake: the relay speaks neither link protocol 4 nor 5"};
  }
  state_ = State::kAwaitCerts;
  return Step{};
}

Result<LinkHandshake::Step> LinkHandshake::handle_certs(const LinkCell& cell,
                                                        std::chrono::sys_seconds now) {
  if (is_padding(cell.command)) return Step{};
  if (cell.command != LinkCommand::kCerts) return unexpected(cell, "CERTS");
  const auto proven = verify_certs(cell.body, peer_.tls_certificate, now);
  if (!proven.ok()) return Error{"link handshake: " + proven.error()};
  // What binds the link to the consensus: a valid chain of the wrong relay is no good.
  if (proven.value().ed_id != peer_.ed_id) {
    return Error{"link handshake: the relay has another Ed25519 identity than the directory says"};
  }
  if (proven.value().rsa_id != peer_.rsa_id) {
    return Error{"link handshake: the relay has another RSA identity than the directory says"};
  }
  state_ = State::kAwaitNetinfo;
  return Step{};
}

Result<LinkHandshake::Step> LinkHandshake::handle_before_netinfo(const LinkCell& cell) {
  if (is_padding(cell.command)) return Step{};
  if (cell.command == LinkCommand::kAuthChallenge) {
    if (challenged_) return Error{"link handshake: AUTH_CHALLENGE came twice"};
    // Clients do not authenticate, so there is nothing to answer.
    challenged_ = true;
    return Step{};
  }
  if (cell.command != LinkCommand::kNetinfo) {
    return unexpected(cell, challenged_ ? "NETINFO" : "AUTH_CHALLENGE or NETINFO");
  }
  return handle_netinfo(cell);
}

Result<LinkHandshake::Step> LinkHandshake::handle_netinfo(const LinkCell& cell) {
  ByteReader reader(cell.body);
  reader.u32();
  // The address by which the relay sees us. We do not use it, but it must parse.
  reader.u8();
  reader.take(reader.u8());
  if (!reader.ok()) return Error{"link handshake: NETINFO is malformed"};
  state_ = State::kOpen;
  Step step;
  step.send = encode_netinfo(peer_.ipv4);
  if (link_protocol_ >= 5) append_padding_stop(step.send);
  step.open = true;
  return step;
}

}  // namespace onion_proxy
