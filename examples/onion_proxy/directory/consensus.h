// The microdescriptor consensus: which relays exist, signed by most of the authorities.
// Spec: dir-spec "Computing microdescriptor consensuses".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "examples/onion_proxy/crypto/digest.h"
#include "examples/onion_proxy/directory/authority.h"
#include "examples/onion_proxy/directory/protocol_set.h"

namespace onion_proxy {

inline constexpr size_t kConsensusBytesMax = 32 * 1024 * 1024;
inline constexpr size_t kRoutersMax = 65536;

/// Flags that path choice looks at; others are read over.
struct RouterFlags {
  bool running = false;
  bool valid = false;
  bool fast = false;
  bool guard = false;
  bool exit = false;
  bool bad_exit = false;
  bool middle_only = false;
};

struct Router {
  std::string nickname;
  ByteArray<20> rsa_id{};
  ByteArray<4> ipv4{};
  uint16_t or_port = 0;
  Sha256Digest microdescriptor{};
  RouterFlags flags;
  ProtocolSet protocols;
  uint64_t bandwidth =
      0;  ///< consensus weight, kilobytes per second by convention; 0 if not stated
};

struct Consensus {
  UnixTime valid_after;
  UnixTime fresh_until;
  UnixTime valid_until;
  std::map<std::string, int32_t, std::less<>> params;
  std::vector<Router> routers;

  /// The network parameter `name`, clamped to [low, high]; `fallback` when absent.
  int32_t param(std::string_view name, int32_t fallback, int32_t low, int32_t high) const;
};

/// What a consensus must satisfy.
struct ConsensusCheck {
  const std::vector<Authority>& authorities;              ///< the trust root
  const std::vector<AuthorityCertificate>& certificates;  ///< of these authorities only
  UnixTime now;
};

/// Verifies, then parses. Refused unless more than half of the configured authorities signed it
/// and `now` lies between valid-after and valid-until. Nothing of an unsigned document is parsed
/// but its signatures.
Result<Consensus> parse_consensus(std::string_view text, const ConsensusCheck& check);

/// How many configured authorities validly signed `text`; an error if it is not a consensus.
/// Part of parse_consensus, apart for tests and diagnosis.
Result<size_t> count_signatures(std::string_view text, const ConsensusCheck& check);

/// The body without regard to signatures and time. Only for text that was verified.
Result<Consensus> parse_consensus_body(std::string_view text);

}  // namespace onion_proxy
