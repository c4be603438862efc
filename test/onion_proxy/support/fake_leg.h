#pragma once

#include <optional>

#include "test/onion_proxy/support/fake_link_server.h"
#include "test/onion_proxy/support/fake_relay.h"

namespace onion_proxy::test {

/// The body of a CONNECTED: an address, and how long it is good for.
inline const Bytes kLoopback = {127, 0, 0, 1, 0, 0, 0, 60};

/// The three relays of one leg in one: the guard's TLS link is real, middle and exit are computed
/// behind it. Builds as an honest network does, then keeps what reaches the exit for the test.
class FakeLeg {
 public:
  /// Legs with the same `exit_number` end at the same exit.
  FakeLeg(boost::asio::io_context& io, uint8_t number, uint8_t exit_number);

  std::vector<RelayInfo> path() const;

  /// Answers what has arrived; call between turns of the event loop.
  void pump();

  struct Cell {
    RelayCommand command = RelayCommand::kDrop;
    uint16_t stream_id = 0;
    Bytes body;
    CellTag tag{};
  };
  /// Relay cells that reached the exit, oldest first.
  const std::vector<Cell>& cells() const { return cells_; }
  /// The first of this kind.
  const Cell* find(RelayCommand command) const;
  size_t count(RelayCommand command) const;
  bool is_built() const { return hops_ == 3; }
  /// Connections to its guard so far.
  size_t connections() const { return guard_.connections(); }
  /// Circuits that were begun on it; it serves the last one.
  size_t circuits() const { return circuits_; }
  bool is_destroyed() const { return destroyed_; }
  /// Relay cells that came after the client's DESTROY.
  size_t cells_after_destroy() const { return cells_after_destroy_; }
  /// Reads nothing until resume().
  void pause() { paused_ = true; }
  void resume() { paused_ = false; }
  /// Stops answering circuits: they stay half built.
  void stop_building() { building_ = false; }
  /// The exit keeps its answer to EXTEND2 until `answer_extend`.
  void hold_extend() { holding_ = true; }
  bool is_asked_to_extend() const { return kept_extend_.has_value(); }
  void answer_extend();
  /// Destroys circuits at their first cell.
  void refuse_building() { refusing_ = true; }

  /// From `hop` (the exit by default) towards the client.
  CellTag send(RelayHeader header, const Bytes& body, size_t hop = 2);
  void send_link_cell(LinkCommand command, ByteView payload);
  /// What is sent from now on arrives together, at uncork().
  void cork() { guard_.cork(); }
  void uncork() { guard_.uncork(); }
  void disconnect() { guard_.disconnect(); }

 private:
  void handle(const FakeLinkServer::Cell& cell);
  void handle_extend(ByteView request);
  static Bytes with_length(const Bytes& reply);

  FakeLinkServer guard_;
  FakeRelay guard_keys_;
  FakeRelay middle_;
  FakeRelay exit_;
  FakePath path_;
  std::vector<Cell> cells_;
  size_t handled_ = 0;
  size_t hops_ = 0;
  size_t circuits_ = 0;
  size_t cells_after_destroy_ = 0;
  uint32_t circuit_id_ = 0;
  bool destroyed_ = false;
  bool paused_ = false;
  bool building_ = true;
  bool holding_ = false;
  std::optional<Bytes> kept_extend_;
  bool refusing_ = false;
};

}  // namespace onion_proxy::test
