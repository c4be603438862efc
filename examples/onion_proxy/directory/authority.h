// Directory authorities: who the user trusts (configuration), and the certificates by which they
// name their signing keys. Spec: dir-spec "Creating key certificates".
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "examples/onion_proxy/crypto/signature.h"
#include "examples/onion_proxy/directory/item_reader.h"

namespace onion_proxy {

/// One configured authority.
struct Authority {
  std::string nickname;
  ByteArray<20> v3_identity{};
  boost::asio::ip::tcp::endpoint dir_address;
};

/// The trust root: at least one authority, at most `kAuthoritiesMax`, no identity twice.
inline constexpr size_t kAuthoritiesMax = 64;

/// Reads a file of one authority per line, in either of two forms; `#` starts a comment:
///   NICK v3ident=HEX dirport=127.0.0.1:PORT fingerprint=HEX
///   DirAuthority NICK orport=PORT no-v2 v3ident=HEX 127.0.0.1:DIRPORT FINGERPRINT
/// Errors name the line and what was expected there.
Result<std::vector<Authority>> parse_authorities(std::string_view text);

/// A signing key that a trusted authority vouches for.
struct AuthorityCertificate {
  ByteArray<20> v3_identity{};
  ByteArray<20> signing_key_digest{};
  RsaPublicKey signing_key;
  UnixTime expires;
};

/// Checks one certificate: its own signature by the identity key, the signing key's cross
/// signature, the fingerprint line and the expiry. Whether the identity is trusted is for the
/// caller.
Result<AuthorityCertificate> parse_authority_certificate(std::string_view text, UnixTime now);

struct CertificateSet {
  std::vector<AuthorityCertificate> trusted;  ///< valid, and of a configured identity
  std::vector<std::string> refused;           ///< one reason for each of the others
};

/// The reply to `/tor/keys/all`. A bad certificate is left out; it does not spoil the others.
/// Bound: looks at `4 * kAuthoritiesMax` certificates at most.
Result<CertificateSet> parse_certificates(std::string_view text,
                                          const std::vector<Authority>& authorities, UnixTime now);

}  // namespace onion_proxy
