#include "examples/onion_proxy/crypto/random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "examples/onion_proxy/crypto/openssl_error.h"

namespace onion_proxy {

void random_bytes(MutableByteView out) {
  require_openssl(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1, "RAND_bytes failed");
}

void random_padding(MutableByteView out) {
  static thread_local ByteArray<8192> supply;
  static thread_local size_t used = supply.size();
  if (out.size() > supply.size() - used) {
    if (out.size() > supply.size()) return random_bytes(out);
    random_bytes(supply);
    used = 0;
  }
  std::memcpy(out.data(), &supply[used], out.size());
  // What has been used must not be found in memory before it is on the wire.
  std::memset(&supply[used], 0, out.size());
  used += out.size();
}

bool constant_time_equal(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void cleanse(MutableByteView secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace onion_proxy
