#include "test/onion_proxy/support/fake_link_certs.h"

#include <openssl/x509.h>

#include <memory>

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy::test {
namespace {

using std::chrono::sys_seconds;

uint32_t hours(sys_seconds time) {
  return static_cast<uint32_t>(
      std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count());
}

struct X509Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

}  // namespace

Bytes ed_certificate(const EdCertificateParts& parts, const EdSigner& signer) {
  Bytes out = {parts.version, parts.type};
  append_u32(out, hours(parts.expires));
  append_u8(out, parts.key_type);
  append(out, parts.certified_key);
  append(out, parts.extensions);
  append(out, signer.sign(out));
  return out;
}

Bytes signed_with_extension(const ByteArray<32>& key) {
  Bytes out = {1, 0, 32, 4, 0};
  append(out, key);
  return out;
}

sys_seconds FakeLinkIdentity::far_future() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) +
         std::chrono::hours(240);
}

FakeLinkIdentity::FakeLinkIdentity(const Sha256Digest& tls_certificate)
    : tls_certificate_(tls_certificate) {}

Bytes FakeLinkIdentity::rsa_certificate(std::chrono::seconds valid_for,
                                        const RsaSigner* signer) const {
  const std::unique_ptr<X509, X509Deleter> certificate(X509_new());
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_for.count());
  X509_set_pubkey(certificate.get(), rsa_.key());
  X509_sign(certificate.get(), signer == nullptr ? rsa_.key() : signer->key(), EVP_sha256());
  unsigned char* raw = nullptr;
  const int length = i2d_X509(certificate.get(), &raw);
  Bytes out(raw, raw + length);
  OPENSSL_free(raw);
  return out;
}

Bytes FakeLinkIdentity::signing_certificate(sys_seconds expires) const {
  return ed_certificate({.type = 4,
                         .expires = expires,
                         .certified_key = signing_.public_key(),
                         .extensions = signed_with_extension(master_.public_key())},
                        master_);
}

Bytes FakeLinkIdentity::tls_link_certificate(sys_seconds expires) const {
  return ed_certificate(
      {.type = 5, .expires = expires, .key_type = 3, .certified_key = tls_certificate_}, signing_);
}

Bytes FakeLinkIdentity::cross_certificate(sys_seconds expires, const RsaSigner* signer) const {
  Bytes out = concat(master_.public_key());
  append_u32(out, hours(expires));
  const Bytes signed_part = concat(std::string_view("Tor TLS RSA/Ed25519 cross-certificate"), out);
  const Bytes signature = (signer == nullptr ? rsa_ : *signer).sign(sha256(signed_part));
  append_u8(out, static_cast<uint8_t>(signature.size()));
  append(out, signature);
  return out;
}

std::vector<FakeLinkIdentity::Typed> FakeLinkIdentity::all() const {
  return {{2, rsa_certificate(std::chrono::hours(24))},
          {4, signing_certificate(far_future())},
          {5, tls_link_certificate(far_future())},
          {7, cross_certificate(far_future())}};
}

Bytes FakeLinkIdentity::encode(const std::vector<Typed>& certificates) {
  Bytes out = {static_cast<uint8_t>(certificates.size())};
  for (const Typed& certificate : certificates) {
    append_u8(out, certificate.type);
    append_u16(out, static_cast<uint16_t>(certificate.body.size()));
    append(out, certificate.body);
  }
  return out;
}

}  // namespace onion_proxy::test
