// The server's half of SOCKS5 (RFC 1928, RFC 1929) with Tor's RESOLVE extension, sans-I/O.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "examples/onion_proxy/base/bytes.h"

namespace onion_proxy {

enum class SocksCommand : uint8_t {
  kConnect = 0x01,
  kResolve = 0xF0,  ///< Tor's extension: the reply carries the address
};

/// What the application asks for.
struct SocksRequest {
  SocksCommand command = SocksCommand::kConnect;
  std::string host;  ///< a name, or an address in text form (IPv6 without brackets)
  bool host_is_ipv6 = false;
  uint16_t port = 0;      ///< 0 only for RESOLVE
  std::string isolation;  ///< user name and password, opaque; streams that differ in it may be
                          ///< kept on different tunnels. Never log it.
};

/// RFC 1928 section 6.
enum class SocksReply : uint8_t {
  kSucceeded = 0,
  kGeneralFailure = 1,
  kNotAllowed = 2,
  kNetworkUnreachable = 3,
  kHostUnreachable = 4,
  kConnectionRefused = 5,
  kTtlExpired = 6,
  kCommandNotSupported = 7,
  kAddressTypeNotSupported = 8,
};

/// The reply for a stream that ended with this tor-spec END reason before CONNECTED.
SocksReply socks_reply_for_end_reason(uint8_t end_reason);

/// One line for a log, such as "the exit's policy refuses the target".
std::string_view end_reason_text(uint8_t end_reason);

/// The reply to a CONNECT. The bound address is always 0.0.0.0:0: we do not know the exit's.
Bytes encode_socks_reply(SocksReply reply);

/// The reply to a RESOLVE that succeeded; `address` has 4 or 16 bytes.
Bytes encode_socks_resolved(ByteView address);

/// Reads the negotiation of one connection. Give it bytes as they come; it consumes exactly its
/// own, so what follows the request stays with the caller.
/// Bound: never asks for more than `kMessageMax` unconsumed bytes.
class Socks5Negotiation {
 public:
  static constexpr size_t kMessageMax = 1 + 1 + 255 + 1 + 255;

  /// More bytes are needed.
  struct NeedMore {};
  /// Send, then go on.
  struct Send {
    Bytes bytes;
  };
  /// The negotiation is over; `SocksReply` is due once the stream is connected or has failed.
  struct Done {
    SocksRequest request;
  };
  /// Not acceptable: send `farewell` (may be empty), close, log `reason`.
  struct Refused {
    Bytes farewell;
    std::string reason;
  };
  using Outcome = std::variant<NeedMore, Send, Done, Refused>;

  /// Looks at `input`, says in `consumed` how many bytes of it are used up. Call again with the
  /// rest until `NeedMore`, `Done` or `Refused`.
  Outcome handle_input(ByteView input, size_t& consumed);

 private:
  enum class State { kGreeting, kPassword, kRequest };

  Outcome handle_greeting(ByteView input, size_t& consumed);
  Outcome handle_password(ByteView input, size_t& consumed);
  Outcome handle_request(ByteView input, size_t& consumed);

  State state_ = State::kGreeting;
  std::string isolation_;
};

}  // namespace onion_proxy
