#include "test/onion_proxy/support/signers.h"

#include <fmt/format.h>
#include <openssl/rsa.h>

#include <memory>
#include <stdexcept>

#include "examples/onion_proxy/crypto/digest.h"

namespace onion_proxy::test {
namespace {

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

struct CtxDeleter {
  void operator()(EVP_PKEY_CTX* ctx) const { EVP_PKEY_CTX_free(ctx); }
  void operator()(EVP_MD_CTX* ctx) const { EVP_MD_CTX_free(ctx); }
};

}  // namespace

RsaSigner::RsaSigner(size_t bits) : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits)) {
  require(key_ != nullptr, "RSA key generation");
}

Bytes RsaSigner::pkcs1() const {
  Bytes out(static_cast<size_t>(i2d_PublicKey(key_.get(), nullptr)));
  unsigned char* at = out.data();
  i2d_PublicKey(key_.get(), &at);
  return out;
}

ByteArray<20> RsaSigner::digest() const { return sha1(pkcs1()); }

Bytes RsaSigner::sign(ByteView digest) const {
  const std::unique_ptr<EVP_PKEY_CTX, CtxDeleter> ctx(EVP_PKEY_CTX_new(key_.get(), nullptr));
  require(EVP_PKEY_sign_init(ctx.get()) == 1, "sign init");
  require(EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_PADDING) == 1, "padding");
  Bytes out(static_cast<size_t>(EVP_PKEY_get_size(key_.get())));
  size_t length = out.size();
  require(EVP_PKEY_sign(ctx.get(), out.data(), &length, digest.data(), digest.size()) == 1, "sign");
  out.resize(length);
  return out;
}

EdSigner::EdSigner() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")) {
  size_t length = public_key_.size();
  require(key_ && EVP_PKEY_get_raw_public_key(key_.get(), public_key_.data(), &length) == 1,
          "Ed25519 key generation");
}

Bytes EdSigner::sign(ByteView message) const {
  const std::unique_ptr<EVP_MD_CTX, CtxDeleter> ctx(EVP_MD_CTX_new());
  require(EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key_.get()) == 1, "sign init");
  Bytes out(64);
  size_t length = out.size();
  require(EVP_DigestSign(ctx.get(), out.data(), &length, message.data(), message.size()) == 1,
          "sign");
  return out;
}

std::string armour(std::string_view label, ByteView body) {
  std::string text = encode_base64(body);
  while (text.size() % 4 != 0) text += '=';
  std::string out = fmt::format("-----BEGIN {}-----\n", label);
  for (size_t at = 0; at < text.size(); at += 64) out += text.substr(at, 64) + "\n";
  return out + fmt::format("-----END {}-----\n", label);
}

}  // namespace onion_proxy::test
