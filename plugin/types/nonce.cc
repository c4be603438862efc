#include "plugin/types/nonce.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace conflux {

Nonce::Nonce(std::span<const std::uint8_t, kSize> bytes) noexcept {
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

Nonce::~Nonce() { wipe(bytes_); }

void wipe(std::span<std::uint8_t> bytes) noexcept { OPENSSL_cleanse(bytes.data(), bytes.size()); }

bool Nonce::equals(const Nonce& other) const noexcept {
  return CRYPTO_memcmp(bytes_.data(), other.bytes_.data(), kSize) == 0;
}

}  // namespace conflux
