#pragma once

#include <openssl/sha.h>

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
/// Its value can be read at any time without ending it, and a copy goes its own way. Wiped at its
/// end. Not thread-safe.
class RunningSha1 {
 public:
  RunningSha1();
  RunningSha1(const RunningSha1&) = default;
  RunningSha1& operator=(const RunningSha1&) = default;
  ~RunningSha1();

  void update(ByteView data);
  /// The digest of everything so far; the running state goes on.
  Sha1Digest peek() const;

 private:
  /// Not an EVP_MD_CTX: each cell reads the digest, for which that had to be copied, with memory
  /// allocated and freed. OpenSSL's default provider computes both with the same code.
  SHA_CTX state_;
};

}  // namespace onion_proxy
