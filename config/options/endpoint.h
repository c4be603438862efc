// Where something listens or connects: the spellings, and what they mean. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace conflux::config {

// Spellings; an option takes one or more of them.
enum EndpointForm : std::uint8_t {
  kEndpointNone = 1,      // "none"
  kEndpointPath = 2,      // "/run/a.sock": a Unix socket
  kEndpointUnix = 4,      // "unix:/run/a.sock": the same beside other forms
  kEndpointLoopback = 8,  // "127.0.0.1:9847", "[::1]:9847", "localhost:9847"
  kEndpointTcp = 16,      // any address of this machine, and a port; port 0: any that is free
  kEndpointUrl = 32,      // "https://host:4317" or "http://host:4317"
};

// What a Unix socket's name may have (sun_path without the closing NUL).
inline constexpr std::size_t kMaxSocketPathBytes = 107;

// In one of the forms?
bool is_endpoint(std::string_view text, std::uint8_t forms);
// A regular expression (ECMA 262) for the same, but for details of IPv6 addresses.
std::string endpoint_pattern(std::uint8_t forms);
// "an address and a port, such as 192.0.2.1:9847, or none"
std::string endpoint_expectation(std::uint8_t forms);

// Of a text that is_endpoint(): does it stay on this machine?
bool is_local_endpoint(std::string_view text);

}  // namespace conflux::config
