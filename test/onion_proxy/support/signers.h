// The signing halves that the proxy itself never needs.
#pragma once

#include <string>
#include <string_view>

#include "examples/onion_proxy/crypto/signature.h"

namespace onion_proxy::test {

class RsaSigner {
 public:
  explicit RsaSigner(size_t bits = 1024);

  EVP_PKEY* key() const { return key_.get(); }
  Bytes pkcs1() const;
  ByteArray<20> digest() const;
  /// PKCS#1 v1.5 over the bare digest, as Tor signs.
  Bytes sign(ByteView digest) const;

 private:
  EvpPkey key_;
};

class EdSigner {
 public:
  EdSigner();

  const ByteArray<32>& public_key() const { return public_key_; }
  Bytes sign(ByteView message) const;

 private:
  EvpPkey key_;
  ByteArray<32> public_key_{};
};

/// `-----BEGIN LABEL-----`, base64 in lines of 64, `-----END LABEL-----`.
std::string armour(std::string_view label, ByteView body);

}  // namespace onion_proxy::test
