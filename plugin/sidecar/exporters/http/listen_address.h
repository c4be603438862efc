// Where a server of plain text listens: on loopback, or on a Unix socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conflux::sidecar {

struct ListenAddress {
  std::string unix_path;  // empty: TCP
  std::string host;       // an address, not a name
  std::uint16_t port = 0;
};

struct ParsedListenAddress {
  std::optional<ListenAddress> address;
  std::string problem;  // in one line, with what to do; empty: none
};

// "127.0.0.1:9190", "[::1]:9190", "localhost:9190" or "unix:/absolute/path". Port 0: any. What is
// not loopback is refused: whoever reads metrics over a network does so with mTLS, by gRPC or
// through a proxy.
[[nodiscard]] ParsedListenAddress parse_listen_address(std::string_view text);

// Does "host" or "host:port" name this machine by an address or as localhost? Of a Host header: a
// page in a browser whose name was rebound to loopback (DNS rebinding) says its own name there.
[[nodiscard]] bool names_loopback(std::string_view host);

}  // namespace conflux::sidecar
