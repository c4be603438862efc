#include "examples/onion_proxy/directory/consensus.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <charconv>

namespace onion_proxy {
namespace {

constexpr size_t kParamsMax = 1024;

std::optional<int32_t> parse_int32(std::string_view text) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

Status parse_params(const DirectoryItem& item, Consensus& out) {
  const auto words = split_arguments(item.arguments);
  if (words.size() > kParamsMax) return item_error(item, "more than 1024 parameters");
  for (const std::string_view word : words) {
    const size_t equals = word.find('=');
    const auto value =
        equals == std::string_view::npos ? std::nullopt : parse_int32(word.substr(equals + 1));
    if (!value) return item_error(item, "expected NAME=NUMBER pairs");
    out.params[std::string(word.substr(0, equals))] = *value;
  }
  return {};
}

Status parse_date(const DirectoryItem& item, UnixTime& out) {
  const auto words = split_arguments(item.arguments);
  const auto time = words.size() >= 2 ? parse_time(words[0], words[1]) : std::nullopt;
  if (!time) return item_error(item, "expected a date and a time");
  out = *time;
  return {};
}

std::optional<ByteArray<4>> parse_ipv4(std::string_view text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v4(text, error);
  if (error) return std::nullopt;
  return address.to_bytes();
}

// r NICKNAME IDENTITY DATE TIME IP ORPORT DIRPORT
Status parse_router(const DirectoryItem& item, Consensus& out) {
  const auto words = split_arguments(item.arguments);
  if (words.size() < 7) return item_error(item, "expected 7 arguments");
  if (out.routers.size() == kRoutersMax) return item_error(item, "more than 65536 relays");
  const auto identity = decode_base64(words[1]);
  const auto rsa_id = identity ? to_array<20>(*identity) : std::nullopt;
  const auto ipv4 = parse_ipv4(words[4]);
  const auto or_port = parse_number(words[5], 65535);
  if (!rsa_id) return item_error(item, "identity is not 20 bytes of base64");
  if (!ipv4 || !or_port) return item_error(item, "expected an IPv4 address and a port");
  // dir-spec sorts by identity; a repeated one would double a relay's weight.
  if (!out.routers.empty() && !(out.routers.back().rsa_id < *rsa_id)) {
    return item_error(item, "relays are not in ascending order of identity");
  }
  Router& router = out.routers.emplace_back();
  router.nickname = std::string(words[0].substr(0, 19));
  router.rsa_id = *rsa_id;
  router.ipv4 = *ipv4;
  router.or_port = static_cast<uint16_t>(*or_port);
  return {};
}

Status parse_digest(const DirectoryItem& item, Router& router) {
  const auto words = split_arguments(item.arguments);
  const auto bytes = words.empty() ? std::nullopt : decode_base64(words[0]);
  const auto digest = bytes ? to_array<32>(*bytes) : std::nullopt;
  if (!digest) return item_error(item, "expected 32 bytes of base64");
  router.microdescriptor = *digest;
  return {};
}

Status parse_flags(const DirectoryItem& item, Router& router) {
  RouterFlags& flags = router.flags;
  for (const std::string_view flag : split_arguments(item.arguments)) {
    if (flag == "Running") flags.running = true;
    if (flag == "Valid") flags.valid = true;
    if (flag == "Fast") flags.fast = true;
    if (flag == "Guard") flags.guard = true;
    if (flag == "Exit") flags.exit = true;
    if (flag == "BadExit") flags.bad_exit = true;
    if (flag == "MiddleOnly") flags.middle_only = true;
  }
  return {};
}

Status parse_protocols(const DirectoryItem& item, Router& router) {
  auto protocols = ProtocolSet::parse(item.arguments);
  if (!protocols.ok()) return item_error(item, protocols.error());
  router.protocols = std::move(protocols).value();
  return {};
}

Status parse_weight(const DirectoryItem& item, Router& router) {
  constexpr std::string_view kBandwidth = "Bandwidth=";
  for (const std::string_view word : split_arguments(item.arguments)) {
    if (!word.starts_with(kBandwidth)) continue;
    const auto value = parse_number(word.substr(kBandwidth.size()), UINT32_MAX);
    if (!value) return item_error(item, "Bandwidth= is not a number of up to 32 bits");
    router.bandwidth = *value;
  }
  return {};
}

Status parse_router_item(const DirectoryItem& item, Router& router) {
  if (item.keyword == "m") return parse_digest(item, router);
  if (item.keyword == "s") return parse_flags(item, router);
  if (item.keyword == "pr") return parse_protocols(item, router);
  if (item.keyword == "w") return parse_weight(item, router);
  return {};
}

Status parse_item(const DirectoryItem& item, Consensus& out) {
  if (item.keyword == "r") return parse_router(item, out);
  if (!out.routers.empty()) return parse_router_item(item, out.routers.back());
  if (item.keyword == "valid-after") return parse_date(item, out.valid_after);
  if (item.keyword == "fresh-until") return parse_date(item, out.fresh_until);
  if (item.keyword == "valid-until") return parse_date(item, out.valid_until);
  if (item.keyword == "params") return parse_params(item, out);
  return {};
}

}  // namespace

int32_t Consensus::param(std::string_view name, int32_t fallback, int32_t low, int32_t high) const {
  const auto found = params.find(name);
  return std::clamp(found == params.end() ? fallback : found->second, low, high);
}

Result<Consensus> parse_consensus_body(std::string_view text) {
  Consensus out;
  ItemReader reader(text);
  while (true) {
    const auto item = reader.next();
    if (!item.ok()) return Error{"consensus: " + item.error()};
    if (!item.value() || item.value()->keyword == "directory-footer") break;
    const Status parsed = parse_item(*item.value(), out);
    if (!parsed.ok()) return Error{"consensus: " + parsed.error()};
  }
  if (out.valid_until <= out.valid_after) {
    return Error{"consensus: valid-after and valid-until are missing or in the wrong order"};
  }
  if (out.routers.empty()) return Error{"consensus: lists no relays"};
  return out;
}

}  // namespace onion_proxy
