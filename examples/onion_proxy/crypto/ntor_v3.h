#pragma once

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/crypto/digest.h"
#include "examples/onion_proxy/crypto/x25519.h"

namespace onion_proxy {

struct NtorV3Relay {
  ByteArray<32> ed_id;
  Curve25519Key ntor_key;
};

/// Client side of the ntor-v3 handshake, one use: like ntor, and carries one encrypted message each
/// way (the circuit extensions). Spec: tor-spec "The ntor-v3 handshake".
class NtorV3Client {
 public:
  static constexpr uint16_t kHandshakeType = 3;
  /// The verification string that circuit extension uses.
  static constexpr std::string_view kCircuitVerification = "circuit extend";

  struct Options {
    std::string_view verification = kCircuitVerification;
    X25519KeyPair keys = X25519KeyPair::generate();  ///< fresh; tests inject a known pair
  };
  struct Finished {
    Bytes server_message;
    Bytes keys;
  };

  NtorV3Client(const NtorV3Relay& relay, Options options);
  NtorV3Client(const NtorV3Relay& relay) : NtorV3Client(relay, Options{}) {}

  /// HDATA with `message` encrypted to the relay; fails only if the relay's key is degenerate.
  /// Call once.
  Result<Bytes> onionskin(ByteView message);

  /// Checks the relay's HDATA; gives its message and `key_size` bytes of key material. Fails if the
  /// reply is short, its point is degenerate, or it was not made by the owner of the relay's key.
  Result<Finished> finish(ByteView reply, size_t key_size) const;

 private:
  NtorV3Relay relay_;
  std::string verification_;
  X25519KeyPair keys_;
  Curve25519Key shared_with_key_{};
  Sha256Digest mac_{};
};

}  // namespace onion_proxy
