#pragma once

#include "examples/onion_proxy/cell/relay_cell.h"
#include "examples/onion_proxy/circuit/onion_crypto.h"
#include "examples/onion_proxy/circuit/relay_info.h"
#include "examples/onion_proxy/crypto/x25519.h"

namespace onion_proxy::test {

/// The relay's side of both handshakes, written from the specification for tests.
class FakeRelay {
 public:
  explicit FakeRelay(uint8_t number);

  const RelayInfo& info() const { return info_; }
  const Bytes& keys() const { return keys_; }

  /// HDATA of CREATED2 for an onionskin of 84 bytes.
  Bytes answer_ntor(ByteView onionskin);
  /// HDATA of EXTENDED2; keeps what the client asked for in `client_message`.
  Bytes answer_ntor_v3(ByteView onionskin, ByteView server_message);
  const Bytes& client_message() const { return client_message_; }

 private:
  X25519KeyPair ntor_keys_;
  RelayInfo info_;
  Bytes keys_;
  Bytes client_message_;
};

/// All relays of a circuit at once: opens what the client sealed and seals answers.
class FakePath {
 public:
  void add_hop(ByteView keys);

  struct Opened {
    size_t hop = 0;
    CellTag tag{};
    RelayCell cell;
  };
  /// Peels the client's layers; the result borrows from `payload`. Aborts the test if no hop
  /// recognizes the cell.
  Opened open(CellPayload& payload);

  struct Sealed {
    CellPayload payload;
    CellTag tag;
  };
  Sealed seal(size_t hop, RelayHeader header, ByteView body);

 private:
  struct Hop {
    RunningSha1 forward_digest;
    RunningSha1 backward_digest;
    AesCtr forward_cipher;
    AesCtr backward_cipher;
  };
  std::vector<Hop> hops_;
};

}  // namespace onion_proxy::test
