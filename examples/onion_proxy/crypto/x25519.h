#pragma once

#include <openssl/evp.h>

#include <memory>
#include <optional>

#include "examples/onion_proxy/base/bytes.h"

namespace onion_proxy {

using Curve25519Key = ByteArray<32>;

/// An ephemeral X25519 key pair.
class X25519KeyPair {
 public:
  static X25519KeyPair generate();
  /// From a known secret: known-answer tests only.
  static X25519KeyPair from_secret(const Curve25519Key& secret);

  const Curve25519Key& public_key() const { return public_key_; }

  /// The shared secret; nullopt if it is all zero, which a point of small order forces (tor-spec
  /// asks for this check in both ntor handshakes).
  std::optional<Curve25519Key> exchange(const Curve25519Key& peer) const;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  explicit X25519KeyPair(EVP_PKEY* key);

  std::unique_ptr<EVP_PKEY, Free> key_;
  Curve25519Key public_key_{};
};

}  // namespace onion_proxy
