// Microdescriptors: the keys and exit ports of a relay, named by digest in the consensus.
// Spec: dir-spec "Computing microdescriptors".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "examples/onion_proxy/crypto/digest.h"
#include "examples/onion_proxy/directory/item_reader.h"

namespace onion_proxy {

/// The `p` line: which ports an exit reaches, for most addresses.
class ExitPorts {
 public:
  /// `accept 80,443,1024-65535` or `reject ...`. Bound: as many ranges as one line holds.
  static Result<ExitPorts> parse(std::string_view arguments);

  bool allows(uint16_t port) const;
  bool allows_any() const;

 private:
  struct Range {
    uint16_t low = 0;
    uint16_t high = 0;
  };
  std::vector<Range> ranges_;
  bool accept_ = true;  ///< no line at all is `reject 1-65535`: accept nothing
};

struct Microdescriptor {
  Sha256Digest digest{};
  ByteArray<32> ntor_key{};
  ByteArray<32> ed_id{};
  ExitPorts exit_ports;
  std::vector<std::string> family_ids;  ///< relays that share one are run by the same hand
};

/// One microdescriptor; `digest` is taken over its whole text.
Result<Microdescriptor> parse_microdescriptor(std::string_view text);

struct MicrodescriptorSet {
  std::map<Sha256Digest, Microdescriptor> by_digest;
  std::vector<std::string> refused;  ///< reasons: not asked for, or malformed
};

/// The reply to a request for `wanted` digests: keeps what was asked for and parses. What does not
/// have a wanted digest was altered on the way, or is not ours, and is left out.
MicrodescriptorSet parse_microdescriptors(std::string_view text,
                                          const std::vector<Sha256Digest>& wanted);

}  // namespace onion_proxy
