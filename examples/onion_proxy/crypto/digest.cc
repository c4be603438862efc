#include "examples/onion_proxy/crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "examples/onion_proxy/crypto/openssl_error.h"

namespace onion_proxy {
namespace {

// An implicit fetch (EVP_sha1()) searches the providers at every init; a fetched one does not.
// Never freed: algorithms live as long as the process, and static destructors would race with it.
const EVP_MD* fetched(const char* name) {
  const EVP_MD* md = EVP_MD_fetch(nullptr, name, nullptr);
  require_openssl(md != nullptr, "a required digest is missing from OpenSSL");
  return md;
}

const EVP_MD* sha1_algorithm() {
  static const EVP_MD* const md = fetched("SHA1");
  return md;
}

template <size_t N>
ByteArray<N> digest(const EVP_MD* md, ByteView data) {
  ByteArray<N> out;
  unsigned size = 0;
  require_openssl(
      EVP_Digest(data.data(), data.size(), out.data(), &size, md, nullptr) == 1 && size == N,
      "computing a digest failed");
  return out;
}

}  // namespace

Sha1Digest sha1(ByteView data) { return digest<20>(sha1_algorithm(), data); }

Sha256Digest sha256(ByteView data) {
  static const EVP_MD* const md = fetched("SHA256");
  return digest<32>(md, data);
}

Sha256Digest sha3_256(ByteView data) {
  static const EVP_MD* const md = fetched("SHA3-256");
  return digest<32>(md, data);
}

Bytes shake256(ByteView data, size_t size) {
  static const EVP_MD* const md = fetched("SHAKE256");
  Bytes out(size);
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  const bool done = ctx != nullptr && EVP_DigestInit_ex2(ctx, md, nullptr) == 1 &&
                    EVP_DigestUpdate(ctx, data.data(), data.size()) == 1 &&
                    EVP_DigestFinalXOF(ctx, out.data(), out.size()) == 1;
  EVP_MD_CTX_free(ctx);
  require_openssl(done, "SHAKE-256 failed");
  return out;
}

Sha256Digest hmac_sha256(ByteView key, ByteView data) {
  Sha256Digest out;
  size_t size = 0;
  const unsigned char* done =
      EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(), data.data(),
                data.size(), out.data(), out.size(), &size);
  require_openssl(done != nullptr && size == out.size(), "HMAC-SHA256 failed");
  return out;
}

Bytes hkdf_sha256(const HkdfInput& input, size_t size) {
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  const auto octets = [](const char* name, ByteView value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<uint8_t*>(value.data()),
                                             value.size());
  };
  char sha256_name[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256_name, 0),
      octets(OSSL_KDF_PARAM_KEY, input.key_material), octets(OSSL_KDF_PARAM_SALT, input.salt),
      octets(OSSL_KDF_PARAM_INFO, input.info), OSSL_PARAM_construct_end()};
  EVP_KDF_CTX* ctx = EVP_KDF_CTX_new(kdf);
  Bytes out(size);
  const bool done = ctx != nullptr && EVP_KDF_derive(ctx, out.data(), out.size(), params) == 1;
  EVP_KDF_CTX_free(ctx);
  require_openssl(done, "HKDF-SHA256 failed");
  return out;
}

// OpenSSL 3.0 calls these deprecated, in favour of EVP.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

RunningSha1::RunningSha1() { require_openssl(SHA1_Init(&state_) == 1, "starting SHA-1 failed"); }

RunningSha1::~RunningSha1() { OPENSSL_cleanse(&state_, sizeof state_); }

void RunningSha1::update(ByteView data) {
  require_openssl(SHA1_Update(&state_, data.data(), data.size()) == 1, "updating SHA-1 failed");
}

Sha1Digest RunningSha1::peek() const {
  Sha1Digest out;
  RunningSha1 copy = *this;
  require_openssl(SHA1_Final(out.data(), &copy.state_) == 1, "reading SHA-1 failed");
  return out;
}

#pragma GCC diagnostic pop

}  // namespace onion_proxy
