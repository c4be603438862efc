#include "plugin/sidecar/exporters/http/listen_address.h"

#include <sys/un.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace conflux::sidecar {
namespace {

using std::string_view;

constexpr string_view kUnix = "unix:";

ParsedListenAddress refuse(string_view text, const std::string& why) {
  return {std::nullopt, "\"" + std::string(text) + "\": " + why};
}

struct HostAndPort {
  string_view host;
  string_view port;  // empty: none
};

HostAndPort split(string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == string_view::npos) return {text, {}};
    const string_view rest = text.substr(end + 1);
    return {text.substr(1, end - 1), rest.starts_with(':') ? rest.substr(1) : string_view()};
  }
  const std::size_t colon = text.rfind(':');
  if (colon == string_view::npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

bool is_localhost(string_view host) {
  constexpr string_view kName = "localhost";
  return std::ranges::equal(host, kName, {}, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

std::optional<boost::asio::ip::address> loopback_of(string_view host) {
  if (is_localhost(host)) return boost::asio::ip::address_v4::loopback();
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  if (error || !address.is_loopback()) return std::nullopt;
  return address;
}

}  // namespace

ParsedListenAddress parse_listen_address(string_view text) {
  if (text.starts_with(kUnix)) {
    const string_view path = text.substr(kUnix.size());
    if (!path.starts_with('/')) return refuse(text, "write unix: and an absolute path");
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
      return refuse(text, "the path of a Unix socket has at most 107 bytes; choose a shorter one");
    }
    return {ListenAddress{.unix_path = std::string(path), .host = {}, .port = 0}, {}};
  }
  const HostAndPort parts = split(text);
  std::uint16_t port = 0;
  const char* end = parts.port.data() + parts.port.size();
  const auto [stop, error] = std::from_chars(parts.port.data(), end, port);
  if (parts.port.empty() || error != std::errc() || stop != end) {
    return refuse(text, "write an address and a port, as 127.0.0.1:9190, or unix:/path");
  }
  const auto address = loopback_of(parts.host);
  if (!address) {
    return refuse(text,
                  "Prometheus text goes to loopback and Unix sockets only, for it is neither "
                  "encrypted nor authenticated; write 127.0.0.1, [::1] or unix:/path, and use the "
                  "gRPC service with mTLS, or OTLP, to leave the machine");
  }
  return {ListenAddress{.unix_path = {}, .host = address->to_string(), .port = port}, {}};
}

bool names_loopback(string_view host) {
  const auto colons = std::ranges::count(host, ':');
  const bool has_port = host.starts_with('[') || colons == 1;
  return loopback_of(has_port ? split(host).host : host).has_value();
}

}  // namespace conflux::sidecar
