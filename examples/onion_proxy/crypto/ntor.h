#pragma once

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/crypto/x25519.h"

namespace onion_proxy {

struct NtorRelay {
  ByteArray<20> rsa_id;
  Curve25519Key ntor_key;
};

/// Client side of the ntor handshake, one use. Spec: tor-spec "The ntor handshake".
class NtorClient {
 public:
  static constexpr uint16_t kHandshakeType = 2;

  /// `keys` is fresh for each handshake; tests inject a known pair.
  explicit NtorClient(const NtorRelay& relay, X25519KeyPair keys = X25519KeyPair::generate());

  /// HDATA of CREATE2 or EXTEND2: 84 bytes.
  Bytes onionskin() const;

  /// Checks the relay's HDATA (64 bytes) and gives `key_size` bytes of key material. Fails if the
  /// reply is short, its point is degenerate, or it was not made by the owner of the relay's key.
  Result<Bytes> finish(ByteView reply, size_t key_size) const;

 private:
  NtorRelay relay_;
  X25519KeyPair keys_;
};

}  // namespace onion_proxy
