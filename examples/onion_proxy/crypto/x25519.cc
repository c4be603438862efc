#include "examples/onion_proxy/crypto/x25519.h"

#include <openssl/err.h>

#include "examples/onion_proxy/crypto/openssl_error.h"

namespace onion_proxy {

X25519KeyPair::X25519KeyPair(EVP_PKEY* key) : key_(key) {
  size_t size = public_key_.size();
  require_openssl(key_ && EVP_PKEY_get_raw_public_key(key_.get(), public_key_.data(), &size) == 1 &&
                      size == public_key_.size(),
                  "making an X25519 key failed");
}

X25519KeyPair X25519KeyPair::generate() {
  return X25519KeyPair(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
}

X25519KeyPair X25519KeyPair::from_secret(const Curve25519Key& secret) {
  return X25519KeyPair(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.data(), secret.size()));
}

std::optional<Curve25519Key> X25519KeyPair::exchange(const Curve25519Key& peer) const {
  const std::unique_ptr<EVP_PKEY, Free> peer_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.data(), peer.size()));
  EVP_PKEY_CTX* ctx = EVP_PKEY_CTX_new(key_.get(), nullptr);
  require_openssl(peer_key && ctx != nullptr, "preparing X25519 failed");
  Curve25519Key shared;
  size_t size = shared.size();
  const bool done = EVP_PKEY_derive_init(ctx) == 1 &&
                    EVP_PKEY_derive_set_peer(ctx, peer_key.get()) == 1 &&
                    EVP_PKEY_derive(ctx, shared.data(), &size) == 1 && size == shared.size();
  EVP_PKEY_CTX_free(ctx);
  if (!done) {
    // A stale entry in the thread's error queue would be taken for a TLS failure later.
    ERR_clear_error();
    return std::nullopt;
  }
  return shared;
}

}  // namespace onion_proxy
