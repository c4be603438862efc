// Verification of the two signature kinds that Tor uses: RSA over a bare digest (no DigestInfo
// around it) and Ed25519. Nothing here signs.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <optional>

#include "examples/onion_proxy/base/bytes.h"
#include "examples/onion_proxy/base/result.h"

namespace onion_proxy {

struct EvpPkeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using EvpPkey = std::unique_ptr<EVP_PKEY, EvpPkeyDeleter>;

/// An RSA public key of 1024 to 8192 bits. Move only; usable from one thread at a time.
class RsaPublicKey {
 public:
  /// `der` is a PKCS#1 RSAPublicKey, the body of `-----BEGIN RSA PUBLIC KEY-----`, and nothing
  /// more.
  static Result<RsaPublicKey> from_pkcs1(ByteView der);

  /// Takes over a key that came out of a certificate; refuses anything but RSA.
  static Result<RsaPublicKey> from_pkey(EvpPkey key);

  /// SHA-1 of the PKCS#1 encoding: the fingerprint by which Tor names relays and authorities.
  const ByteArray<20>& identity_digest() const { return identity_digest_; }

  /// The digest inside `signature`, to be compared with the expected one; nullopt when this key
  /// did not make the signature.
  std::optional<Bytes> recover(ByteView signature) const;

  /// Whether `signature` holds exactly `digest`. Constant time in the digest.
  bool verify(ByteView digest, ByteView signature) const;

 private:
  RsaPublicKey(EvpPkey key, const ByteArray<20>& identity_digest)
      : key_(std::move(key)), identity_digest_(identity_digest) {}

  EvpPkey key_;
  ByteArray<20> identity_digest_;
};

/// Pure Ed25519. Spec: RFC 8032 5.1.7.
bool verify_ed25519(ByteView key, ByteView message, ByteView signature);

}  // namespace onion_proxy
