#pragma once

#include <optional>
#include <vector>

#include "examples/onion_proxy/base/bytes.h"
#include "examples/onion_proxy/cell/relay_cell.h"
#include "examples/onion_proxy/crypto/aes_ctr.h"
#include "examples/onion_proxy/crypto/digest.h"

namespace onion_proxy {

/// Key material of one tor1 hop: Df | Db | Kf | Kb (tor-spec "Setting circuit keys").
inline constexpr size_t kHopKeySize = 72;

/// What authenticates a cell in a SENDME: the whole running SHA-1 after it.
using CellTag = Sha1Digest;

/// The tor1 layers of one circuit. Digests and ciphers live as long as the circuit and work on the
/// 509 bytes of a cell. Hops count from 0 (the guard).
class OnionCrypto {
 public:
  /// Adds the next hop from its 72 bytes of key material.
  void add_hop(ByteView keys);
  size_t hop_count() const { return hops_.size(); }

  /// Seals `payload` (digest field zero) for `hop`, through all layers before it.
  CellTag encrypt(size_t hop, CellPayloadView payload);

  struct Recognized {
    size_t hop = 0;
    CellTag tag{};
  };
  /// Peels layers until a hop's digest fits; `clear` then holds the payload, its digest field zero.
  /// `sealed` is `clear` itself or apart from it; the first layer is what moves it, so that this
  /// costs nothing. Nullopt: no hop made this cell; the circuit must be destroyed, and nothing more
  /// of it can be decrypted.
  std::optional<Recognized> decrypt(SealedPayloadView sealed, CellPayloadView clear);
  std::optional<Recognized> decrypt(CellPayloadView payload) { return decrypt(payload, payload); }

 private:
  struct Hop {
    explicit Hop(ByteView keys);
    RunningSha1 forward_digest;
    RunningSha1 backward_digest;
    AesCtr forward_cipher;
    AesCtr backward_cipher;
  };
  std::optional<CellTag> recognize(size_t index, CellPayloadView payload);

  std::vector<Hop> hops_;
};

}  // namespace onion_proxy
