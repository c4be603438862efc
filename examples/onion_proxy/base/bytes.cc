#include "examples/onion_proxy/base/bytes.h"

#include <openssl/evp.h>

namespace onion_proxy {
namespace {

constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHexDigits = "0123456789ABCDEF";
// EVP_DecodeBlock counts in int; no document here comes near.
constexpr std::size_t kBase64LengthMax = std::size_t{1} << 26;

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  const std::size_t at = kHexDigits.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(at);
}

}  // namespace

std::optional<Bytes> decode_base64(std::string_view text) {
  const bool padded = text.ends_with('=');
  if (padded && text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  if (text.size() > kBase64LengthMax || text.size() % 4 == 1) return std::nullopt;
  if (text.find_first_not_of(kBase64Alphabet) != std::string_view::npos) return std::nullopt;
  std::string blocks(text);
  // EVP_DecodeBlock decodes whole blocks only, so pad with zero bits and cut the surplus off.
  const std::size_t surplus = (4 - blocks.size() % 4) % 4;
  blocks.append(surplus, 'A');
  Bytes out(blocks.size() / 4 * 3);
  if (out.empty()) return out;
  const int length =
      EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(blocks.data()),
                      static_cast<int>(blocks.size()));
  if (length != static_cast<int>(out.size())) return std::nullopt;
  out.resize(out.size() - surplus);
  return out;
}

std::string encode_base64(ByteView bytes) {
  if (bytes.empty()) return {};
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  while (out.ends_with('=')) out.pop_back();
  return out;
}

std::optional<Bytes> decode_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = hex_digit(text[i]);
    const auto low = hex_digit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  return out;
}

std::string encode_hex(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(kHexDigits[byte >> 4]);
    out.push_back(kHexDigits[byte & 15]);
  }
  return out;
}

}  // namespace onion_proxy
