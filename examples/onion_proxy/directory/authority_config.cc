#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "examples/onion_proxy/directory/authority.h"

namespace onion_proxy {
namespace {

constexpr std::string_view kExpected =
    "expected `NICK v3ident=HEX dirport=ADDRESS:PORT` or a torrc DirAuthority line";

std::optional<std::string_view> value_of(std::string_view word, std::string_view key) {
  if (!word.starts_with(key) || word.substr(key.size()).substr(0, 1) != "=") return std::nullopt;
  return word.substr(key.size() + 1);
}

std::optional<boost::asio::ip::tcp::endpoint> parse_endpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  const auto port = parse_number(text.substr(colon + 1), 65535);
  if (error || !port || *port == 0) return std::nullopt;
  return boost::asio::ip::tcp::endpoint(address, static_cast<uint16_t>(*port));
}

// Takes what it knows out of one word; words of other meaning (orport=, no-v2, fingerprints) are
// accepted and not needed here.
Status take_word(std::string_view word, Authority& authority, bool& has_identity) {
  if (const auto hex = value_of(word, "v3ident")) {
    const auto bytes = decode_hex(*hex);
    const auto identity = bytes ? to_array<20>(*bytes) : std::nullopt;
    if (!identity) return Error{"v3ident must have 40 hexadecimal digits"};
    authority.v3_identity = *identity;
    has_identity = true;
    return {};
  }
  if (const auto address = value_of(word, "dirport")) {
    const auto endpoint = parse_endpoint(*address);
    if (!endpoint) return Error{"dirport must be ADDRESS:PORT, such as 127.0.0.1:7000"};
    authority.dir_address = *endpoint;
    return {};
  }
  if (word.find('=') != std::string_view::npos) return {};
  if (const auto endpoint = parse_endpoint(word)) authority.dir_address = *endpoint;
  return {};
}

Result<Authority> parse_line(std::string_view line) {
  auto words = split_arguments(line);
  if (words.front() == "DirAuthority") words.erase(words.begin());
  if (words.size() < 3) return Error{std::string(kExpected)};
  Authority authority;
  authority.nickname = std::string(words.front());
  if (authority.nickname.find_first_of("=:") != std::string::npos) {
    return Error{fmt::format("the nickname is missing; {}", kExpected)};
  }
  bool has_identity = false;
  for (size_t i = 1; i < words.size(); ++i) {
    const Status taken = take_word(words[i], authority, has_identity);
    if (!taken.ok()) return Error{taken.error()};
  }
  if (!has_identity) return Error{fmt::format("v3ident= is missing; {}", kExpected)};
  if (authority.dir_address.port() == 0) {
    return Error{fmt::format("the directory address is missing; {}", kExpected)};
  }
  return authority;
}

bool has_identity(const std::vector<Authority>& authorities, const ByteArray<20>& identity) {
  return std::any_of(authorities.begin(), authorities.end(),
                     [&](const Authority& known) { return known.v3_identity == identity; });
}

}  // namespace

Result<std::vector<Authority>> parse_authorities(std::string_view text) {
  std::vector<Authority> out;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t length = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    line = line.substr(0, line.find('#'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (split_arguments(line).empty()) continue;
    auto authority = parse_line(line);
    if (!authority.ok()) return Error{fmt::format("line {}: {}", number, authority.error())};
    // The same authority twice would count as two votes of a majority.
    if (has_identity(out, authority.value().v3_identity)) {
      return Error{fmt::format("line {}: this v3ident is already listed above", number)};
    }
    if (out.size() == kAuthoritiesMax) {
      return Error{fmt::format("line {}: more than {} authorities", number, kAuthoritiesMax)};
    }
    out.push_back(std::move(authority).value());
  }
  if (out.empty()) return Error{fmt::format("no authority in it; {}", kExpected)};
  return out;
}

}  // namespace onion_proxy
