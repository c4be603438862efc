#pragma once

#include <openssl/evp.h>

#include <memory>

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {

/// One AES-CTR key stream with a zero IV, kept for its circuit's life (a new context per cell would
/// cost more than the cipher). 16-byte key: AES-128 (relay cells); 32 bytes: AES-256 (ntor-v3).
class AesCtr {
 public:
  explicit AesCtr(ByteView key);

  /// XORs the next `data.size()` bytes of the key stream into `data`, in place: the same call
  /// encrypts and decrypts.
  void apply(MutableByteView data) { apply(data, data); }

  /// The same with the result in `out`, of the same size: `in` itself or apart from it.
  void apply(ByteView in, MutableByteView out);

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* ctx) const { EVP_CIPHER_CTX_free(ctx); }
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> ctx_;
};

}  // namespace onion_proxy
