#include "plugin/sidecar/serve/page_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <charconv>
#include <stdexcept>

namespace conflux::sidecar {
namespace {

constexpr std::size_t kTagDigits = 32;
constexpr std::size_t kLongest = 256;

std::string hex(const unsigned char* bytes, std::size_t count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += kDigits[bytes[i] >> 4U];
    out += kDigits[bytes[i] & 15U];
  }
  return out;
}

}  // namespace

PageTokens::PageTokens() {
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) {
    throw std::runtime_error("no random bytes");
  }
}

std::string PageTokens::tag(const std::string& body, const std::string& filter) const {
  const std::string text = body + "/" + filter;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), nullptr);
  return hex(digest.data(), kTagDigits / 2);
}

// "<tag>.<slot>.<instance>"; an instance has no '/'.
std::string PageTokens::seal(const PagePosition& position, const std::string& filter) const {
  const std::string body = std::to_string(position.slot) + "." + position.instance;
  return tag(body, filter) + "." + body;
}

std::optional<PagePosition> PageTokens::open(const std::string& token,
                                             const std::string& filter) const {
  if (token.size() > kLongest || token.size() <= kTagDigits + 1) return std::nullopt;
  const std::string body = token.substr(kTagDigits + 1);
  const std::string expected = tag(body, filter) + ".";
  if (CRYPTO_memcmp(expected.data(), token.data(), expected.size()) != 0) return std::nullopt;
  PagePosition position;
  const char* end = body.data() + body.size();
  const auto [at, error] = std::from_chars(body.data(), end, position.slot);
  if (error != std::errc() || at == end || *at != '.') return std::nullopt;
  position.instance.assign(at + 1, end);
  return position;
}

}  // namespace conflux::sidecar
