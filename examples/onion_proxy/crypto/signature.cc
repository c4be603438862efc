#include "examples/onion_proxy/crypto/signature.h"

#include <openssl/crypto.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <utility>

#include "examples/onion_proxy/crypto/digest.h"
#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {
namespace {

constexpr std::size_t kEd25519KeyLength = 32;
constexpr std::size_t kEd25519SignatureLength = 64;
// Relay identities have 1024 bits, authority keys 2048 and 3072. The upper bound keeps a hostile
// document from buying seconds of our CPU with one key.
constexpr int kRsaBitsMin = 1024;
constexpr int kRsaBitsMax = 8192;

struct EvpPkeyCtxDeleter {
  void operator()(EVP_PKEY_CTX* ctx) const { EVP_PKEY_CTX_free(ctx); }
};
using EvpPkeyCtx = std::unique_ptr<EVP_PKEY_CTX, EvpPkeyCtxDeleter>;

struct EvpMdCtxDeleter {
  void operator()(EVP_MD_CTX* ctx) const { EVP_MD_CTX_free(ctx); }
};
using EvpMdCtx = std::unique_ptr<EVP_MD_CTX, EvpMdCtxDeleter>;

struct OpensslDeleter {
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};

std::optional<ByteArray<20>> pkcs1_sha1(EVP_PKEY* key) {
  unsigned char* raw = nullptr;
  const int length = i2d_PublicKey(key, &raw);
  const std::unique_ptr<unsigned char, OpensslDeleter> der(raw);
  if (length <= 0) return std::nullopt;
  return sha1(ByteView(der.get(), static_cast<size_t>(length)));
}

}  // namespace

Result<RsaPublicKey> RsaPublicKey::from_pkcs1(ByteView der) {
  const unsigned char* at = der.data();
  EvpPkey key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
  if (!key) return Error{"not a PKCS#1 RSA public key"};
  if (at != der.data() + der.size()) return Error{"bytes after the RSA public key"};
  return from_pkey(std::move(key));
}

Result<RsaPublicKey> RsaPublicKey::from_pkey(EvpPkey key) {
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return Error{"not an RSA key"};
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
    return Error{"RSA key of " + std::to_string(bits) + " bits; expected 1024 to 8192"};
  }
  const auto digest = pkcs1_sha1(key.get());
  if (!digest) return Error{"RSA key cannot be encoded as PKCS#1"};
  return RsaPublicKey(std::move(key), *digest);
}

std::optional<Bytes> RsaPublicKey::recover(ByteView signature) const {
  const EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key_.get(), nullptr));
  // No set_signature_md: Tor signs the bare digest, without the DigestInfo of PKCS#1 v1.5.
  if (!ctx || EVP_PKEY_verify_recover_init(ctx.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_PADDING) != 1) {
    return std::nullopt;
  }
  Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
  std::size_t length = out.size();
  if (EVP_PKEY_verify_recover(ctx.get(), out.data(), &length, signature.data(), signature.size()) !=
      1) {
    return std::nullopt;
  }
  out.resize(length);
  return out;
}

bool RsaPublicKey::verify(ByteView digest, ByteView signature) const {
  const auto recovered = recover(signature);
  return recovered && constant_time_equal(*recovered, digest);
}

bool verify_ed25519(ByteView key, ByteView message, ByteView signature) {
  if (key.size() != kEd25519KeyLength || signature.size() != kEd25519SignatureLength) return false;
  const EvpPkey pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const EvpMdCtx ctx(EVP_MD_CTX_new());
  if (!pkey || !ctx) return false;
  if (EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, pkey.get()) != 1) return false;
  return EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace onion_proxy
