#pragma once

#include <optional>
#include <string>
#include <variant>

#include "examples/onion_proxy/cell/relay_body.h"
#include "examples/onion_proxy/cell/relay_cell.h"
#include "examples/onion_proxy/circuit/onion_crypto.h"
#include "examples/onion_proxy/circuit/relay_info.h"
#include "examples/onion_proxy/crypto/ntor.h"
#include "examples/onion_proxy/crypto/ntor_v3.h"

namespace onion_proxy {

/// A finished circuit: its layers, and what the exit agreed to.
struct BuiltCircuit {
  OnionCrypto crypto;
  uint8_t sendme_inc = 0;
};

/// One fixed cell to be sent on the circuit.
struct OutgoingCell {
  LinkCommand command = LinkCommand::kRelay;
  Bytes payload;
};

/// Builds one circuit hop by hop: CREATE2 with ntor to the guard, EXTEND2 with ntor to each middle,
/// EXTEND2 with ntor-v3 and congestion control to the exit. Sans-I/O: cells out by `poll_cell`,
/// answers in by `handle_cell`.
///
///   start -> kBuilding --(last EXTENDED2)--> kBuilt
///                \----(anything else)------> kFailed
///
/// Bounded: one cell waits at a time, at most `kMaxHops` hops.
class CircuitBuilder {
 public:
  /// RELAY_EARLY cells are limited to 8 per circuit, one per extension.
  static constexpr size_t kMaxHops = 8;

  enum class State : uint8_t { kBuilding, kBuilt, kFailed };

  /// `path` has 2..kMaxHops relays, guard first. `sendme_inc` is the consensus value.
  CircuitBuilder(std::vector<RelayInfo> path, uint8_t sendme_inc);

  State state() const { return state_; }
  /// Why it failed; names hops from 1.
  const std::string& failure() const { return failure_; }
  size_t hops_done() const { return built_.crypto.hop_count(); }

  std::optional<OutgoingCell> poll_cell();

  /// A cell of this circuit. The payload is decrypted in place.
  void handle_cell(LinkCommand command, MutableByteView payload);

  /// The result, once `state()` is kBuilt. Call once.
  BuiltCircuit take() { return std::move(built_); }

 private:
  void begin_hop();
  Result<Handshake> next_handshake();
  void handle_relay(MutableByteView payload);
  void finish_hop(ByteView body);
  Result<Bytes> finish_handshake(ByteView reply);
  void fail(std::string reason);
  bool at_exit() const { return hops_done() + 1 == path_.size(); }

  std::vector<RelayInfo> path_;
  uint8_t expected_sendme_inc_;
  State state_ = State::kBuilding;
  std::string failure_;
  BuiltCircuit built_;
  std::variant<std::monostate, NtorClient, NtorV3Client> handshake_;
  std::optional<OutgoingCell> waiting_;
};

}  // namespace onion_proxy
