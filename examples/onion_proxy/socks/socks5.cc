#include "examples/onion_proxy/socks/socks5.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {
namespace {

constexpr uint8_t kVersion = 5;
constexpr uint8_t kPasswordVersion = 1;

enum Method : uint8_t { kNoAuth = 0, kPassword = 2, kNoneAcceptable = 0xFF };
enum AddressType : uint8_t { kIpv4 = 1, kName = 3, kIpv6 = 4 };

constexpr std::string_view kHttpFarewell =
    "HTTP/1.0 501 This is a SOCKS proxy, not an HTTP proxy\r\n"
    "Content-Type: text/plain\r\nConnection: close\r\n\r\n"
    "This port speaks SOCKS5, not HTTP. Set it as a SOCKS5 host, for example:\n"
    "  curl --proxy socks5h://HOST:PORT URL\n";

constexpr std::array<uint8_t, 8> kSocks4Rejected = {0, 0x5B, 0, 0, 0, 0, 0, 0};

Socks5Negotiation::Refused refuse(SocksReply reply, std::string reason) {
  return {encode_socks_reply(reply), std::move(reason)};
}

bool looks_like_http(uint8_t first) { return first >= 'A' && first <= 'Z'; }

Socks5Negotiation::Refused wrong_version(uint8_t version) {
  if (version == 4) {
    return {Bytes(kSocks4Rejected.begin(), kSocks4Rejected.end()),
            "an application speaks SOCKS4; it must use SOCKS5 (socks5h:// in curl)"};
  }
  if (looks_like_http(version)) {
    return {concat(kHttpFarewell),
            "an application speaks HTTP; it must use this port as a SOCKS5 proxy"};
  }
  if (version == 0x16) return {{}, "an application speaks TLS; this port is a SOCKS5 proxy"};
  return {{}, fmt::format("SOCKS version {}, expected 5", version)};
}

// Names go to the exit as they are: control characters and blanks have no place in them.
bool is_plausible_name(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

struct Target {
  std::string host;
  bool is_ipv6 = false;
};

std::optional<Target> read_target(ByteReader& reader, uint8_t type) {
  if (type == kIpv4) {
    return Target{boost::asio::ip::address_v4(reader.array<4>()).to_string(), false};
  }
  if (type == kIpv6) {
    return Target{boost::asio::ip::address_v6(reader.array<16>()).to_string(), true};
  }
  const std::string_view name = as_text(reader.take(reader.u8()));
  if (!reader.ok()) return Target{};
  if (!is_plausible_name(name)) return std::nullopt;
  // Some applications put a literal address into the name field.
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(std::string(name), error);
  return Target{std::string(name), !error};
}

}  // namespace

SocksReply socks_reply_for_end_reason(uint8_t end_reason) {
  switch (end_reason) {
    case 2:  // RESOLVEFAILED
    case 8:  // NOROUTE
      return SocksReply::kHostUnreachable;
    case 3:  // CONNECTREFUSED
      return SocksReply::kConnectionRefused;
    case 4:  // EXITPOLICY
      return SocksReply::kNotAllowed;
    case 7:  // TIMEOUT
      return SocksReply::kTtlExpired;
    case 5:   // DESTROY
    case 9:   // HIBERNATING
    case 10:  // INTERNAL
    case 11:  // RESOURCELIMIT
      return SocksReply::kNetworkUnreachable;
    default:
      return SocksReply::kGeneralFailure;
  }
}

std::string_view end_reason_text(uint8_t end_reason) {
  // Spec: tor-spec "Closing streams".
  constexpr std::array<std::string_view, 15> kTexts = {
      "unknown reason",
      "other reason",
      "the exit could not resolve the name",
      "the target refused the connection",
      "the exit's policy refuses the target",
      "the circuit is being destroyed",
      "done",
      "the connection timed out",
      "no route to the target",
      "the exit is hibernating",
      "internal error at the exit",
      "the exit has no resources left",
      "the target reset the connection",
      "the exit says that we broke the protocol",
      "the relay is no directory",
  };
  return end_reason < kTexts.size() ? kTexts[end_reason] : kTexts[0];
}

Bytes encode_socks_reply(SocksReply reply) {
  return {kVersion, static_cast<uint8_t>(reply), 0, kIpv4, 0, 0, 0, 0, 0, 0};
}

Bytes encode_socks_resolved(ByteView address) {
  Bytes out = {kVersion, static_cast<uint8_t>(SocksReply::kSucceeded), 0,
               static_cast<uint8_t>(address.size() == 16 ? kIpv6 : kIpv4)};
  append(out, address);
  append_u16(out, 0);
  return out;
}

Socks5Negotiation::Outcome Socks5Negotiation::handle_input(ByteView input, size_t& consumed) {
  consumed = 0;
  if (input.empty()) return NeedMore{};
  switch (state_) {
    case State::kGreeting:
      return handle_greeting(input, consumed);
    case State::kPassword:
      return handle_password(input, consumed);
    case State::kRequest:
      break;
  }
  return handle_request(input, consumed);
}

Socks5Negotiation::Outcome Socks5Negotiation::handle_greeting(ByteView input, size_t& consumed) {
  if (input[0] != kVersion) return wrong_version(input[0]);
  ByteReader reader(input.subspan(1));
  const ByteView methods = reader.take(reader.u8());
  if (!reader.ok()) return NeedMore{};
  consumed = 2 + methods.size();
  const auto offers = [&](Method method) {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  };
  // A password is preferred where both are offered: it carries the application's isolation wish.
  if (offers(kPassword)) {
    state_ = State::kPassword;
    return Send{{kVersion, kPassword}};
  }
  if (offers(kNoAuth)) {
    state_ = State::kRequest;
    return Send{{kVersion, kNoAuth}};
  }
  return Refused{{kVersion, kNoneAcceptable},
                 "an application offers neither `no authentication` nor `user name/password`"};
}

Socks5Negotiation::Outcome Socks5Negotiation::handle_password(ByteView input, size_t& consumed) {
  if (input[0] != kPasswordVersion) {
    return Refused{{kPasswordVersion, 1}, "malformed user name and password"};
  }
  ByteReader reader(input.subspan(1));
  const ByteView name = reader.take(reader.u8());
  const ByteView password = reader.take(reader.u8());
  if (!reader.ok()) return NeedMore{};
  consumed = 3 + name.size() + password.size();
  // The name's length keeps "ab"+"c" and "a"+"bc" apart.
  isolation_ = fmt::format("{}:", name.size());
  isolation_ += as_text(name);
  isolation_ += as_text(password);
  state_ = State::kRequest;
  return Send{{kPasswordVersion, 0}};
}

Socks5Negotiation::Outcome Socks5Negotiation::handle_request(ByteView input, size_t& consumed) {
  if (input[0] != kVersion) {
    return refuse(SocksReply::kGeneralFailure, "malformed SOCKS request");
  }
  ByteReader reader(input.subspan(1));
  const uint8_t command = reader.u8();
  reader.u8();
  const uint8_t type = reader.u8();
  if (!reader.ok()) return NeedMore{};
  if (type != kIpv4 && type != kName && type != kIpv6) {
    return refuse(SocksReply::kAddressTypeNotSupported,
                  fmt::format("SOCKS address type {} is unknown", type));
  }
  const auto target = read_target(reader, type);
  const uint16_t port = reader.u16();
  if (!target) return refuse(SocksReply::kGeneralFailure, "the SOCKS target is not a host name");
  if (!reader.ok()) return NeedMore{};
  const bool connects = command == static_cast<uint8_t>(SocksCommand::kConnect);
  if (!connects && command != static_cast<uint8_t>(SocksCommand::kResolve)) {
    return refuse(
        SocksReply::kCommandNotSupported,
        fmt::format("SOCKS command {} is not supported, only CONNECT and RESOLVE", command));
  }
  if (connects && port == 0) {
    return refuse(SocksReply::kGeneralFailure, "an application asks for port 0");
  }
  consumed = input.size() - reader.remaining();
  return Done{{connects ? SocksCommand::kConnect : SocksCommand::kResolve, target->host,
               target->is_ipv6, port, isolation_}};
}

}  // namespace onion_proxy
