// A relay's certificates, right by default, each part replaceable by a wrong one.
#pragma once

#include <chrono>
#include <vector>

#include "examples/onion_proxy/crypto/digest.h"
#include "test/onion_proxy/support/signers.h"

namespace onion_proxy::test {

struct EdCertificateParts {
  uint8_t version = 1;
  uint8_t type = 4;
  std::chrono::sys_seconds expires{};
  uint8_t key_type = 1;
  ByteArray<32> certified_key{};
  Bytes extensions = {0};  ///< count, then each; encoded by the caller
};

/// Encodes and signs.
Bytes ed_certificate(const EdCertificateParts& parts, const EdSigner& signer);

/// Extension 4: the key that signed.
Bytes signed_with_extension(const ByteArray<32>& key);

class FakeLinkIdentity {
 public:
  static std::chrono::sys_seconds far_future();

  explicit FakeLinkIdentity(const Sha256Digest& tls_certificate);

  const EdSigner& master() const { return master_; }
  const EdSigner& signing() const { return signing_; }
  const RsaSigner& rsa() const { return rsa_; }
  const Sha256Digest& tls_certificate() const { return tls_certificate_; }

  /// DER of a self-signed certificate over the RSA identity, valid from an hour ago for
  /// `valid_for`.
  Bytes rsa_certificate(std::chrono::seconds valid_for, const RsaSigner* signer = nullptr) const;
  Bytes signing_certificate(std::chrono::sys_seconds expires) const;
  Bytes tls_link_certificate(std::chrono::sys_seconds expires) const;
  Bytes cross_certificate(std::chrono::sys_seconds expires,
                          const RsaSigner* signer = nullptr) const;

  struct Typed {
    uint8_t type = 0;
    Bytes body;
  };
  /// Types 2, 4, 5 and 7, all right.
  std::vector<Typed> all() const;
  static Bytes encode(const std::vector<Typed>& certificates);

 private:
  EdSigner master_;
  EdSigner signing_;
  RsaSigner rsa_;
  Sha256Digest tls_certificate_;
};

}  // namespace onion_proxy::test
