#pragma once

#include <openssl/evp.h>

#include <memory>

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {

using Sha1Digest = ByteArray<20>;
using Sha256Digest = ByteArray<32>;

Sha1Digest sha1(ByteView data);
Sha256Digest sha256(ByteView data);
Sha256Digest sha3_256(ByteView data);

/// The first `size` bytes of SHAKE-256. One call per input: OpenSSL 3.0 cannot squeeze twice.
Bytes shake256(ByteView data, size_t size);

Sha256Digest hmac_sha256(ByteView key, ByteView data);

struct HkdfInput {
  ByteView key_material;
  ByteView salt;
  ByteView info;
};
/// RFC 5869 extract-then-expand with SHA-256.
Bytes hkdf_sha256(const HkdfInput& input, size_t size);

/// The running SHA-1 of one hop and direction (tor-spec "Relay cells": digest of all cells so far).
/// Its value can be read at any time without ending it. Not thread-safe.
class RunningSha1 {
 public:
  RunningSha1();
  RunningSha1(RunningSha1&&) noexcept = default;
  RunningSha1& operator=(RunningSha1&&) noexcept = default;

  void update(ByteView data);
  /// The digest of everything so far; the running state goes on.
  Sha1Digest peek();
  /// Becomes a copy of `other`.
  void assign(const RunningSha1& other);
  void swap(RunningSha1& other) noexcept { running_.swap(other.running_); }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* ctx) const { EVP_MD_CTX_free(ctx); }
  };
  using Context = std::unique_ptr<EVP_MD_CTX, Free>;

  Context running_;
  Context scratch_;
};

}  // namespace onion_proxy
