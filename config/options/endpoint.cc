#include "config/options/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace conflux::config {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kPortPattern =
    "(0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
constexpr std::string_view kOctetPattern = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
constexpr std::string_view kPathPattern = "/[!-~]{0,105}[!-.0-~]";
constexpr std::string_view kNamePattern = "[A-Za-z0-9][A-Za-z0-9.-]{0,252}";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Decimal without a leading zero, at most `most`.
bool is_number(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, is_digit)) return false;
  if (text.size() > 1 && text.front() == '0') return false;
  unsigned value = 0;
  for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  return value <= most;
}

bool is_ipv4(std::string_view text) {
  for (int i = 0; i < 4; ++i) {
    const std::size_t end = i < 3 ? text.find('.') : text.size();
    if (end == std::string_view::npos || !is_number(text.substr(0, end), 255)) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

// In brackets.
bool is_ipv6(std::string_view text) {
  if (text.size() < 4 || text.front() != '[' || text.back() != ']') return false;
  in6_addr unused{};
  return inet_pton(AF_INET6, std::string(text.substr(1, text.size() - 2)).c_str(), &unused) == 1;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && is_alphanumeric(text.front()) &&
         std::ranges::all_of(text,
                             [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; });
}

// Without blanks, which would end a word in every log and command line.
bool is_socket_path(std::string_view text) {
  return text.starts_with('/') && text.size() <= kMaxSocketPathBytes && text.size() > 1 &&
         !text.ends_with('/') &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// Host and port; both empty if there is no port.
std::pair<std::string_view, std::string_view> split(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_number(text.substr(colon + 1), 65535)) return {};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || (is_ipv4(host) && host.starts_with("127."));
}

std::string_view without_scheme(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  }
  return {};
}

bool is_url(std::string_view text) {
  const std::string_view host = split(without_scheme(text)).first;
  return is_name(host) || is_ipv6(host);
}

bool fits(std::string_view text, EndpointForm form) {
  const std::string_view host = split(text).first;
  switch (form) {
    case kEndpointNone:
      return text == "none";
    case kEndpointPath:
      return is_socket_path(text);
    case kEndpointUnix:
      return text.starts_with(kUnix) && is_socket_path(text.substr(kUnix.size()));
    case kEndpointLoopback:
      return is_loopback(host);
    case kEndpointTcp:
      return is_loopback(host) || is_ipv4(host) || is_ipv6(host);
    case kEndpointUrl:
      return is_url(text);
  }
  return false;
}

std::string pattern_of(EndpointForm form) {
  const std::string octet(kOctetPattern);
  const std::string port = ":" + std::string(kPortPattern);
  const std::string three = "(\\." + octet + "){3}";
  switch (form) {
    case kEndpointNone:
      return "none";
    case kEndpointPath:
      return std::string(kPathPattern);
    case kEndpointUnix:
      return std::string(kUnix) + std::string(kPathPattern);
    case kEndpointLoopback:
      return "(localhost|\\[::1\\]|127" + three + ")" + port;
    case kEndpointTcp:
      return "(localhost|\\[[0-9A-Fa-f:.]{2,45}\\]|" + octet + three + ")" + port;
    case kEndpointUrl:
      return "https?://(\\[[0-9A-Fa-f:.]{2,45}\\]|" + std::string(kNamePattern) + ")" + port;
  }
  return {};
}

std::string_view words_for(EndpointForm form) {
  switch (form) {
    case kEndpointNone:
      return "none";
    case kEndpointPath:
      return "the absolute path of a socket (at most 107 bytes)";
    case kEndpointUnix:
      return "unix:/path/of/a/socket";
    case kEndpointLoopback:
      return "an address on loopback and a port, such as 127.0.0.1:9847";
    case kEndpointTcp:
      return "an address and a port, such as 127.0.0.1:9847 or [::1]:9847";
    case kEndpointUrl:
      return "https://host:port, or http://host:port for a host on loopback";
  }
  return {};
}

std::vector<EndpointForm> forms_in(std::uint8_t forms) {
  std::vector<EndpointForm> out;
  for (const EndpointForm form : {kEndpointPath, kEndpointLoopback, kEndpointTcp, kEndpointUrl,
                                  kEndpointUnix, kEndpointNone}) {
    if ((forms & form) != 0) out.push_back(form);
  }
  return out;
}

}  // namespace

bool is_endpoint(std::string_view text, std::uint8_t forms) {
  return std::ranges::any_of(forms_in(forms), [&](EndpointForm form) { return fits(text, form); });
}

std::string endpoint_pattern(std::uint8_t forms) {
  std::string out;
  for (const EndpointForm form : forms_in(forms)) {
    out += (out.empty() ? "^(" : "|") + pattern_of(form);
  }
  return out + ")$";
}

std::string endpoint_expectation(std::uint8_t forms) {
  std::string out;
  for (const EndpointForm form : forms_in(forms)) {
    out += (out.empty() ? "" : ", or ") + std::string(words_for(form));
  }
  return out;
}

bool is_local_endpoint(std::string_view text) {
  if (text.starts_with('/') || text.starts_with(kUnix) || text == "none") return true;
  const std::string_view bare = without_scheme(text);
  return is_loopback(split(bare.empty() ? text : bare).first);
}

}  // namespace conflux::config
