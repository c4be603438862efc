// The client's half of Tor's link handshake, v3 and later, without client authentication:
// VERSIONS out, then VERSIONS, CERTS, AUTH_CHALLENGE and NETINFO in, NETINFO out.
// Spec: tor-spec "Negotiating and initializing channels".
#pragma once

#include <chrono>

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/cell/link_cell.h"
#include "examples/onion_proxy/crypto/digest.h"

namespace onion_proxy {

/// What the relay must prove, and what we saw of it.
struct LinkPeer {
  ByteArray<20> rsa_id{};
  ByteArray<32> ed_id{};
  ByteArray<4> ipv4{};             ///< the address that we connected to, for NETINFO
  Sha256Digest tls_certificate{};  ///< SHA-256 of the DER certificate presented in TLS
};

/// Sans-I/O. `start`, then `handle_cell` for each cell until a step says `open` or fails; a failed
/// handshake is over and the connection must be closed with that reason.
/// Bound: refuses a peer that sends more than `kCellsMax` cells before NETINFO.
class LinkHandshake {
 public:
  static constexpr int kCellsMax = 32;

  struct Step {
    Bytes send;         ///< to be written now; may be empty
    bool open = false;  ///< NETINFO has gone both ways
  };

  explicit LinkHandshake(const LinkPeer& peer) : peer_(peer) {}

  /// The VERSIONS cell, to be sent as soon as TLS stands.
  Bytes start() const;

  /// `now` judges the expiry of certificates.
  Result<Step> handle_cell(const LinkCell& cell, std::chrono::sys_seconds now);

  /// For the decoder, to be taken over after every cell.
  CircuitIdWidth circuit_id_width() const;

  /// 4 or 5 once VERSIONS has come, 0 before.
  int link_protocol() const { return link_protocol_; }

 private:
  enum class State { kAwaitVersions, kAwaitCerts, kAwaitNetinfo, kOpen, kFailed };

  Result<Step> handle_in_state(const LinkCell& cell, std::chrono::sys_seconds now);
  Result<Step> handle_versions(const LinkCell& cell);
  Result<Step> handle_certs(const LinkCell& cell, std::chrono::sys_seconds now);
  Result<Step> handle_before_netinfo(const LinkCell& cell);
  Result<Step> handle_netinfo(const LinkCell& cell);

  LinkPeer peer_;
  State state_ = State::kAwaitVersions;
  int link_protocol_ = 0;
  int cells_ = 0;
  bool challenged_ = false;
};

}  // namespace onion_proxy
