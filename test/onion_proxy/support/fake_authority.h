// A directory authority that signs what tests write.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/onion_proxy/circuit/relay_info.h"
#include "examples/onion_proxy/directory/consensus.h"
#include "test/onion_proxy/support/signers.h"

namespace onion_proxy::test {

/// 2026-11-22 12:00:00 UTC, the noon of all directory tests.
UnixTime noon();

/// `2026-11-22 12:00:00` and the like.
std::string time_text(UnixTime time);

class FakeAuthority {
 public:
  explicit FakeAuthority(std::string nickname) : nickname_(std::move(nickname)) {}

  Authority configured() const;

  struct Certificate {
    UnixTime expires = noon() + std::chrono::hours(24);
    std::string fingerprint{};                ///< empty: the right one
    const RsaSigner* certifier = nullptr;     ///< null: the identity key
    const RsaSigner* cross_signer = nullptr;  ///< null: the signing key
  };
  std::string certificate() const { return certificate(Certificate{}); }
  std::string certificate(const Certificate& how) const;

  /// One `directory-signature` item; `signed_text` ends with "directory-signature ".
  std::string signature(std::string_view signed_text) const;

  const RsaSigner& identity() const { return identity_; }
  const RsaSigner& signing() const { return signing_; }

 private:
  std::string nickname_;
  RsaSigner identity_;
  RsaSigner signing_;
};

/// A relay as a consensus and a microdescriptor list it.
struct FakeRouter {
  std::string nickname{};
  uint8_t number = 1;  ///< makes its identities; list them in ascending order
  std::string flags = "Exit Fast Guard Running Stable V2Dir Valid";
  std::string protocols = "Conflux=1 FlowCtrl=1-2 Link=3-5 Relay=2-6";
  std::string exit_ports{};  ///< `accept 1-65535`; empty: no `p` line
  uint64_t bandwidth = 100;
  std::string family_ids{};
  uint16_t or_port = 9001;
  std::optional<RelayInfo> relay{};  ///< keys and address instead of those of `number`
};

std::string microdescriptor(const FakeRouter& router);

struct FakeConsensus {
  UnixTime valid_after = noon() - std::chrono::seconds(10);
  UnixTime fresh_until = noon() + std::chrono::seconds(10);
  UnixTime valid_until = noon() + std::chrono::seconds(50);
  std::string params = "cc_alg=2 cfx_enabled=1";
  std::vector<FakeRouter> routers{};

  /// Up to the footer, without signatures.
  std::string body() const;
  std::string signed_by(const std::vector<const FakeAuthority*>& authorities) const;
};

}  // namespace onion_proxy::test
