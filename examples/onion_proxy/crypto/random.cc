#include "examples/onion_proxy/crypto/random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "examples/onion_proxy/crypto/openssl_error.h"

namespace onion_proxy {

void random_bytes(MutableByteView out) {
  require_openssl(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1, "RAND_bytes failed");
}

bool constant_time_equal(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void cleanse(MutableByteView secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace onion_proxy
