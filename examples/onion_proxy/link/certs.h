// The CERTS cell: the chain of certificates that binds a TLS connection to a relay's identities.
// Spec: tor-spec "CERTS cells", cert-spec.
#pragma once

#include <chrono>
#include <optional>

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/crypto/digest.h"

namespace onion_proxy {

/// Identities that a CERTS cell proves to belong to the presented TLS certificate.
struct ProvenIdentity {
  ByteArray<20> rsa_id{};
  ByteArray<32> ed_id{};
};

/// Validates the whole chain: the master identity key signs the signing key (type 4), that signs
/// the TLS certificate's digest (type 5); the RSA identity (type 2) signs the master key (type 7).
/// Nothing may have expired at `now`. The error says which link of the chain is broken.
/// `tls_certificate` is the SHA-256 of the DER that the peer presented in TLS.
Result<ProvenIdentity> verify_certs(ByteView body, const Sha256Digest& tls_certificate,
                                    std::chrono::sys_seconds now);

/// One Ed25519 certificate, checked in form but not in signature.
struct EdCertificate {
  uint8_t type = 0;
  uint8_t key_type = 0;
  std::chrono::sys_seconds expires;
  ByteArray<32> certified_key{};
  std::optional<ByteArray<32>> signed_with;  ///< extension 4
  ByteView signed_part;                      ///< borrowed from the input
  ByteView signature;                        ///< borrowed from the input
};

/// Refuses versions other than 1, extensions that claim to affect validation but are unknown, and
/// lengths that do not add up.
Result<EdCertificate> parse_ed_certificate(ByteView bytes);

}  // namespace onion_proxy
