#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "examples/onion_proxy/circuit/circuit.h"
#include "examples/onion_proxy/net/channel_pool.h"
#include "examples/onion_proxy/net/timer.h"

namespace onion_proxy {

class Leg;

/// Why a circuit went, and which of its relays may be at fault. Only a guard's own connection tells
/// of the guard: were it blamed for what relays behind it do, an exit that kills circuits could
/// walk a client from guard to guard.
struct LegLoss {
  std::string reason;
  size_t first_suspect = 0;  ///< index of a hop
  size_t last_suspect = 0;
};

/// Who builds a tunnel from legs. Every call is the last that the leg does with its own state, so
/// the owner may destroy the leg (but not free it) inside.
class LegOwner {
 public:
  virtual ~LegOwner() = default;
  virtual void handle_leg_built(Leg& leg) = 0;
  /// The circuit is gone, or could not be built. Its `destroy` has been done.
  virtual void handle_leg_lost(Leg& leg, const LegLoss& loss) = 0;
  /// Where to decrypt a relay cell that has arrived: `sealed` itself, or a place of the owner's
  /// that stays valid until `handle_leg_cell` has returned.
  virtual CellPayloadView room_for_leg_cell(CellPayloadView sealed) = 0;
  /// A relay cell of the last hop, for streams or the multipath plugin; it lies in the room that
  /// was asked for last.
  virtual void handle_leg_cell(Leg& leg, const RelayCell& cell, Instant now) = 0;
  /// A relay of the leg broke the protocol; its circuit still stands.
  virtual void handle_leg_violation(Leg& leg, const Violation& violation) = 0;
  /// All cells of one read are in, or the channel takes cells again.
  virtual void handle_leg_wake() = 0;
};

struct LegOptions {
  size_t ordinal = 1;  ///< the only name that logs use
  std::vector<RelayInfo> path;
  uint8_t sendme_inc = 31;
  VegasParams vegas{};
  std::chrono::milliseconds build_timeout{20000};
};

/// One circuit on one channel: being built, then carrying cells, then gone.
class Leg final : public CircuitUser {
 public:
  Leg(boost::asio::io_context& io, LegOwner& owner, LegOptions options);
  ~Leg() override;
  Leg(const Leg&) = delete;
  Leg& operator=(const Leg&) = delete;

  /// Connects to the guard and builds. Ends in handle_leg_built or handle_leg_lost.
  void build(ChannelPool& channels);

  size_t ordinal() const { return options_.ordinal; }
  const std::vector<RelayInfo>& path() const { return options_.path; }
  bool is_built() const { return std::holds_alternative<Circuit>(state_); }
  bool is_gone() const { return std::holds_alternative<Gone>(state_); }

  /// Of a built leg only.
  Circuit& circuit() { return std::get<Circuit>(state_); }
  const Circuit& circuit() const { return std::get<Circuit>(state_); }
  ChannelState channel_state() const;
  /// From the request to the exit, the last of its building, to the answer. Of a built leg only.
  Micros round_trip() const { return round_trip_; }

  /// Seals the cell and queues it on the channel. Ignored once the leg is gone.
  void send(const Circuit::Outgoing& cell, Instant now);

  /// Keeps SENDMEs back from now on, so that the exit must stop once its window is full.
  void hold_sendmes() { sendmes_held_ = true; }
  /// Sends those that were kept back, and each that falls due later at once.
  void release_sendmes(Instant now);

  /// Sends DESTROY and lets the channel go. The owner hears nothing more. Idempotent.
  void destroy();

  // CircuitUser
  void handle_cell(LinkCell& cell, Instant now) override;
  void handle_cells_end() override;
  void handle_channel_writable() override;
  void handle_channel_closed(const std::string& reason) override;

 private:
  struct Connecting {};
  struct Gone {};

  void start(Result<std::shared_ptr<Channel>> channel);
  void handle_build_timeout();
  void flush_builder(Instant now);
  void handle_build_cell(LinkCell& cell, Instant now);
  void handle_relay(LinkCell& cell, Instant now);
  void flush_sendmes(Instant now);
  void lose(std::string reason);
  void lose_guard(std::string reason);
  void report(LegLoss loss);
  size_t hop_at_work() const;
  void forget_circuit();

  LegOwner& owner_;
  LegOptions options_;
  Timer build_timer_;
  std::shared_ptr<Channel> channel_;
  uint32_t circuit_id_ = 0;
  uint64_t read_before_ = 0;  ///< on the channel, before the circuit was begun
  Instant asked_exit_at_{};
  Micros round_trip_{};
  bool sendmes_held_ = false;
  std::variant<Connecting, CircuitBuilder, Circuit, Gone> state_;
  /// Expires with the leg, so that a channel that opens too late finds nobody.
  std::shared_ptr<Leg*> self_ = std::make_shared<Leg*>(this);
};

}  // namespace onion_proxy
