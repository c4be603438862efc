#include "examples/onion_proxy/link/certs.h"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <ctime>
#include <map>

#include "examples/onion_proxy/base/wire.h"
#include "examples/onion_proxy/crypto/random.h"
#include "examples/onion_proxy/crypto/signature.h"

namespace onion_proxy {
namespace {

using std::chrono::sys_seconds;

// Spec: tor-spec "CERTS cells". 1, 3 and 6 are obsolete or for other uses, and read over.
enum CertType : uint8_t {
  kRsaIdentity = 2,
  kSigningByIdentity = 4,
  kTlsBySigning = 5,
  kEdByRsaIdentity = 7,
};

constexpr uint8_t kKeyTypeEd25519 = 1;
constexpr std::string_view kCrossPrefix = "Tor TLS RSA/Ed25519 cross-certificate";

using Certs = std::map<uint8_t, ByteView>;

Result<Certs> split_certs(ByteView body) {
  Certs out;
  ByteReader reader(body);
  const uint8_t count = reader.u8();
  for (int i = 0; i < count; ++i) {
    const uint8_t type = reader.u8();
    const ByteView cert = reader.take(reader.u16());
    if (!reader.ok()) return Error{"CERTS: shorter than its certificates"};
    if (!out.emplace(type, cert).second) {
      return Error{fmt::format("CERTS: two certificates of type {}", type)};
    }
  }
  // Spec: bytes behind the last certificate are to be ignored.
  if (!reader.ok()) return Error{"CERTS: empty"};
  return out;
}

Result<ByteView> require(const Certs& certs, CertType type) {
  const auto found = certs.find(type);
  if (found == certs.end()) return Error{fmt::format("CERTS: type {} is missing", +type)};
  return found->second;
}

Error broken(CertType type, std::string_view what) {
  return Error{fmt::format("CERTS: type {}: {}", +type, what)};
}

struct X509Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

Result<RsaPublicKey> verify_rsa_identity(ByteView der, sys_seconds now) {
  const unsigned char* at = der.data();
  const std::unique_ptr<X509, X509Deleter> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) {
    return broken(kRsaIdentity, "not one X.509 certificate");
  }
  std::time_t time = std::chrono::system_clock::to_time_t(now);
  if (X509_cmp_time(X509_get0_notBefore(certificate.get()), &time) >= 0 ||
      X509_cmp_time(X509_get0_notAfter(certificate.get()), &time) <= 0) {
    return broken(kRsaIdentity, "outside its validity period");
  }
  EvpPkey pkey(X509_get_pubkey(certificate.get()));
  if (!pkey) return broken(kRsaIdentity, "its key is unreadable");
  if (EVP_PKEY_get_bits(pkey.get()) != 1024) return broken(kRsaIdentity, "not a 1024-bit key");
  if (X509_verify(certificate.get(), pkey.get()) != 1) {
    return broken(kRsaIdentity, "not signed by itself");
  }
  auto key = RsaPublicKey::from_pkey(std::move(pkey));
  if (!key.ok()) return broken(kRsaIdentity, key.error());
  return key;
}

Result<EdCertificate> parse_typed(ByteView bytes, CertType type, sys_seconds now) {
  auto certificate = parse_ed_certificate(bytes);
  if (!certificate.ok()) return broken(type, certificate.error());
  if (certificate.value().type != type) return broken(type, "holds another type inside");
  if (certificate.value().expires <= now) return broken(type, "expired");
  return certificate;
}

// Returns the medium-term signing key, and the master identity in `ed_id`.
Result<ByteArray<32>> verify_signing_key(ByteView bytes, sys_seconds now, ByteArray<32>& ed_id) {
  const auto certificate = parse_typed(bytes, kSigningByIdentity, now);
  if (!certificate.ok()) return Error{certificate.error()};
  const EdCertificate& cert = certificate.value();
  if (cert.key_type != kKeyTypeEd25519) return broken(kSigningByIdentity, "not an Ed25519 key");
  if (!cert.signed_with) return broken(kSigningByIdentity, "does not name the identity key");
  if (!verify_ed25519(*cert.signed_with, cert.signed_part, cert.signature)) {
    return broken(kSigningByIdentity, "not signed by the identity key");
  }
  ed_id = *cert.signed_with;
  return cert.certified_key;
}

Status verify_tls(ByteView bytes, sys_seconds now, const ByteArray<32>& signing_key,
                  const Sha256Digest& tls_certificate) {
  const auto certificate = parse_typed(bytes, kTlsBySigning, now);
  if (!certificate.ok()) return Error{certificate.error()};
  const EdCertificate& cert = certificate.value();
  if (cert.signed_with && *cert.signed_with != signing_key) {
    return broken(kTlsBySigning, "names another signing key");
  }
  if (!verify_ed25519(signing_key, cert.signed_part, cert.signature)) {
    return broken(kTlsBySigning, "not signed by the signing key");
  }
  // The step that stops a man in the middle: his TLS certificate has another digest.
  if (!constant_time_equal(cert.certified_key, tls_certificate)) {
    return broken(kTlsBySigning, "made for another TLS certificate");
  }
  return {};
}

Status verify_cross(ByteView bytes, sys_seconds now, const RsaPublicKey& rsa,
                    const ByteArray<32>& ed_id) {
  ByteReader reader(bytes);
  const ByteArray<32> key = reader.array<32>();
  const auto expires = sys_seconds(std::chrono::hours(reader.u32()));
  const ByteView signature = reader.take(reader.u8());
  if (!reader.ok() || !reader.at_end()) return broken(kEdByRsaIdentity, "its lengths do not fit");
  if (expires <= now) return broken(kEdByRsaIdentity, "expired");
  if (key != ed_id) return broken(kEdByRsaIdentity, "made for another Ed25519 identity");
  const Sha256Digest digest = sha256(concat(kCrossPrefix, bytes.first(36)));
  if (!rsa.verify(digest, signature)) {
    return broken(kEdByRsaIdentity, "not signed by the RSA identity");
  }
  return {};
}

}  // namespace

Result<ProvenIdentity> verify_certs(ByteView body, const Sha256Digest& tls_certificate,
                                    sys_seconds now) {
  const auto certs = split_certs(body);
  if (!certs.ok()) return Error{certs.error()};
  std::map<CertType, ByteView> needed;
  for (const CertType type : {kRsaIdentity, kSigningByIdentity, kTlsBySigning, kEdByRsaIdentity}) {
    const auto cert = require(certs.value(), type);
    if (!cert.ok()) return Error{cert.error()};
    needed[type] = cert.value();
  }
  ProvenIdentity proven;
  const auto signing_key = verify_signing_key(needed[kSigningByIdentity], now, proven.ed_id);
  if (!signing_key.ok()) return Error{signing_key.error()};
  Status status = verify_tls(needed[kTlsBySigning], now, signing_key.value(), tls_certificate);
  if (!status.ok()) return Error{status.error()};
  const auto rsa = verify_rsa_identity(needed[kRsaIdentity], now);
  if (!rsa.ok()) return Error{rsa.error()};
  status = verify_cross(needed[kEdByRsaIdentity], now, rsa.value(), proven.ed_id);
  if (!status.ok()) return Error{status.error()};
  proven.rsa_id = rsa.value().identity_digest();
  return proven;
}

}  // namespace onion_proxy
