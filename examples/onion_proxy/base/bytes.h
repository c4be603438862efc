// The byte containers that the parts of the proxy exchange, and text encodings of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace onion_proxy {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Copies exactly N bytes; nullopt when `bytes` has any other length.
template <std::size_t N>
std::optional<ByteArray<N>> to_array(ByteView bytes) {
  if (bytes.size() != N) return std::nullopt;
  ByteArray<N> out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

// Base64 with or without `=` padding, as Tor's directory documents mix both. Refuses everything
// outside the alphabet, white space included.
std::optional<Bytes> decode_base64(std::string_view text);

// Without padding, as in `m` and `r` lines.
std::string encode_base64(ByteView bytes);

// Upper or lower case, an even number of digits.
std::optional<Bytes> decode_hex(std::string_view text);

// Upper case, the form that Tor prints fingerprints in.
std::string encode_hex(ByteView bytes);

}  // namespace onion_proxy
