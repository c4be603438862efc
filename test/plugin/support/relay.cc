#include "test/plugin/support/relay.h"

#include <algorithm>
#include <stdexcept>

namespace conflux::test {
namespace {

void put(Body& body, std::size_t at, std::size_t bytes, std::uint64_t value) {
  for (std::size_t i = bytes; i-- > 0; value >>= 8U) {
    body.at(at + i) = static_cast<std::uint8_t>(value & 0xFFU);
  }
}

std::uint64_t get(std::span<const std::uint8_t> body, std::size_t at, std::size_t bytes) {
  if (at + bytes > body.size()) throw std::out_of_range("body too short");
  std::uint64_t value = 0;
  for (const std::uint8_t byte : body.subspan(at, bytes)) value = value << 8U | byte;
  return value;
}

}  // namespace

Body encode(const LinkBody& link) {
  Body body(50);
  put(body, 0, 1, link.version);
  std::ranges::copy(link.nonce, body.begin() + 1);
  put(body, 33, 8, link.last_sent);
  put(body, 41, 8, link.last_received);
  put(body, 49, 1, link.ux);
  return body;
}

LinkBody decode_link(std::span<const std::uint8_t> body) {
  LinkBody link;
  link.version = static_cast<std::uint8_t>(get(body, 0, 1));
  link.last_sent = get(body, 33, 8);
  link.last_received = get(body, 41, 8);
  link.ux = static_cast<std::uint8_t>(get(body, 49, 1));
  std::ranges::copy(body.subspan(1, 32), link.nonce.begin());
  return link;
}

Body switch_body(std::uint32_t delta) {
  Body body(4);
  put(body, 0, 4, delta);
  return body;
}

std::uint32_t decode_switch(std::span<const std::uint8_t> body) {
  return static_cast<std::uint32_t>(get(body, 0, 4));
}

}  // namespace conflux::test
