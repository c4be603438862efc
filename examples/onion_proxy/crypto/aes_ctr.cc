#include "examples/onion_proxy/crypto/aes_ctr.h"

#include <cassert>

#include "examples/onion_proxy/crypto/openssl_error.h"

namespace onion_proxy {

AesCtr::AesCtr(ByteView key) : ctx_(EVP_CIPHER_CTX_new()) {
  assert(key.size() == 16 || key.size() == 32);
  static constexpr ByteArray<16> kZeroIv{};
  const EVP_CIPHER* cipher = key.size() == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr();
  require_openssl(
      ctx_ && EVP_EncryptInit_ex2(ctx_.get(), cipher, key.data(), kZeroIv.data(), nullptr) == 1,
      "starting AES-CTR failed");
}

void AesCtr::apply(ByteView in, MutableByteView out) {
  assert(in.size() == out.size());
  int size = 0;
  require_openssl(EVP_EncryptUpdate(ctx_.get(), out.data(), &size, in.data(),
                                    static_cast<int>(in.size())) == 1,
                  "AES-CTR failed");
}

}  // namespace onion_proxy
