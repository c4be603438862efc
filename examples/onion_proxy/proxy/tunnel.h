#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "examples/onion_proxy/app/stats.h"
#include "examples/onion_proxy/base/log.h"
#include "examples/onion_proxy/circuit/sendme.h"
#include "examples/onion_proxy/directory/path_choice.h"
#include "examples/onion_proxy/net/channel_pool.h"
#include "examples/onion_proxy/net/timer.h"
#include "examples/onion_proxy/proxy/far_legs.h"
#include "examples/onion_proxy/proxy/liveness.h"
#include "examples/onion_proxy/proxy/path_set.h"
#include "examples/onion_proxy/proxy/stream_set.h"

namespace onion_proxy {

class Tunnel;

/// Who owns tunnels. Called from the event loop, never from inside a call to the tunnel.
class TunnelOwner {
 public:
  virtual ~TunnelOwner() = default;
  /// Streams may be opened.
  virtual void handle_tunnel_ready(Tunnel& tunnel) = 0;
  /// It carries nothing more; its streams have been told. The owner may free it.
  virtual void handle_tunnel_closed(Tunnel& tunnel) = 0;
  /// A stream ended. May be called from inside a call to the tunnel: only for counting.
  virtual void note_stream_ended(const Stream& stream) = 0;
  /// These may have failed: better not chosen for a while. As above.
  virtual void note_suspects(const std::vector<RelayInfo>& relays) = 0;
  /// One more path to the exit of `existing`, for a leg that never got to be linked. As above.
  virtual Result<ChosenPath> choose_replacement(const std::vector<ChosenPath>& existing) = 0;
};

struct TunnelEnvironment {
  boost::asio::io_context& io;
  const Logger& log;
  ChannelPool& channels;
};

struct TunnelOptions {
  uint64_t ordinal = 1;  ///< the only name that logs use
  std::vector<ChosenPath> paths;
  /// Further circuits tried for those that are lost before they are linked.
  size_t replacements_max = 3;
  uint8_t sendme_inc = 31;
  VegasParams vegas;
  std::chrono::milliseconds build_timeout{20000};
  Stream::Options stream;
  /// With open streams, how long the exit may be silent, probes included; zero: for ever.
  Micros stall_timeout = std::chrono::seconds(30);
  FarLegPolicy far_legs;
  std::string hold_link_file;  ///< for tests: legs are joined once it exists; empty: at once
};

/// A tunnel to one exit: builds its legs in parallel, joins each through a PathSet as soon as it is
/// built (a far one when it pays, see FarLegPolicy), carries streams as soon as one is linked.
///
///   kBuilding --(the first leg is built)--> kJoining --READY--> kReady --> kClosed
///        ^--(the last joined leg is lost, or is not linked in time)--'
///
/// Any loss of a leg that streams may have used closes it at once: there is no retransmission, and
/// a relay may sit on the DESTROY of the other legs for ever, so waiting would hang. So does an
/// exit that has fallen silent (see Liveness).
/// Single-threaded. Works in turns: what happens in one turn of the event loop is answered
/// together.
class Tunnel final : private LegOwner, private CellSink, private StreamHost {
 public:
  enum class State : uint8_t { kBuilding, kJoining, kReady, kClosed };

  Tunnel(const TunnelEnvironment& environment, TunnelOwner& owner, TunnelOptions options,
         std::unique_ptr<PathSet> paths);
  ~Tunnel() override;
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  void build();

  State state() const { return state_; }
  uint64_t ordinal() const { return options_.ordinal; }
  const RelayInfo& exit() const { return options_.paths.front().hops.back(); }
  const std::string& close_reason() const { return close_reason_; }
  bool was_ready() const { return was_ready_; }
  /// It closed because too much was held back.
  bool closed_for_memory() const { return closed_for_memory_; }
  size_t stream_count() const { return streams_.size(); }
  uint64_t plugin_id() const { return paths_->plugin_id(); }
  /// When its last stream ended; nullopt while one is open.
  std::optional<Instant> idle_since() const;

  /// Takes over the application, whatever becomes of the tunnel. Only in kReady.
  void open_stream(SocksArrival arrival);

  /// Something has happened to the paths of which no cell and no timer of ours will tell.
  void wake() { schedule_turn(); }

  /// Destroys all circuits; streams end with an error. Idempotent.
  void close(std::string reason);

  /// Legs and what the paths count. Keeps its last values after closing.
  const TunnelStats& stats();
  /// Of all streams so far.
  uint64_t bytes_up() const;
  uint64_t bytes_down() const;

 private:
  // LegOwner
  void handle_leg_built(Leg& leg) override;
  void handle_leg_lost(Leg& leg, const LegLoss& loss) override;
  CellPayloadView room_for_leg_cell(CellPayloadView sealed) override {
    return paths_->room(sealed);
  }
  void handle_leg_cell(Leg& leg, const RelayCell& cell, Instant now) override;
  void handle_leg_violation(Leg& leg, const Violation& violation) override;
  void handle_leg_wake() override;
  // CellSink
  void deliver(const RelayCell& cell, Instant now) override;
  // StreamHost
  void send_control(RelayHeader header, Bytes body) override;
  void note_ready(Stream& stream) override;
  void note_finished(Stream& stream, bool exit_knows) override;
  Instant now() const override;

  void add_leg(const ChosenPath& path);
  void replace_leg();
  void wait_for_a_leg(StreamFacts& facts);
  void handle_dropped(const DroppedLeg& dropped);
  void close_without_legs(const std::string& reason);
  void join_built();
  bool join(Leg& leg);
  bool handle_unjoined(Leg& leg, const std::string& why);
  bool must_wait(const Leg& leg) const;
  void let_wait(const Leg& leg);
  bool is_link_overdue() const;
  bool far_leg_waits() const;
  bool wants_far_legs() const;
  void review_far_legs();
  bool must_hold();
  void schedule_turn();
  void turn();
  void poll_paths(const StreamFacts& facts);
  void handle_pressure(Pressure pressure, Instant now);
  void pump_control(const StreamFacts& facts);
  void pump_data(StreamFacts& facts);
  size_t send_data_batch(const StreamFacts& facts);
  void send_turn(Leg& leg, const StreamSet::Turn& turn, Instant now);
  void serve_deadlines();
  void watch_exit();
  void probe_exit();
  [[nodiscard]] bool upload_moves();
  void blame_behind_guards();
  void blame(const Leg& leg, size_t first_hop, size_t last_hop);
  void arm_timer();
  StreamFacts facts();

  /// Of a leg into the paths: `begin` or `add`.
  enum class Entry : uint8_t {
    kNotYet,
    kWaits,  ///< it is far, see FarLegPolicy
    kJoined,
  };
  bool is_joined(const Leg& leg) const { return entries_[leg.ordinal() - 1] == Entry::kJoined; }

  struct Control {
    RelayHeader header;
    Bytes body;
  };

  TunnelEnvironment env_;
  TunnelOwner& owner_;
  TunnelOptions options_;
  State state_ = State::kBuilding;
  bool was_ready_ = false;
  bool closed_for_memory_ = false;
  bool under_pressure_ = false;
  std::string close_reason_;
  std::vector<std::unique_ptr<Leg>> legs_;  ///< ordinal - 1 is the index
  std::vector<Entry> entries_;              ///< as legs_
  BulkWatch bulk_;                          ///< while a far leg waits
  Instant linked_by_{};                     ///< kJoining: else far legs join, too
  std::unique_ptr<PathSet> paths_;
  StreamSet streams_;
  std::deque<Control> control_;
  ShortCellSchedule short_cells_;
  Liveness liveness_;
  uint16_t probe_id_ = 0;                 ///< of a probe that has no answer yet
  std::vector<uint64_t> acked_at_check_;  ///< as legs_: DATA acknowledged at the last look
  TunnelStats stats_;
  uint64_t bytes_up_ = 0;  ///< of streams that have ended
  uint64_t bytes_down_ = 0;
  size_t replacements_ = 0;
  bool ever_used_ = false;
  std::optional<Instant> disused_since_;

  Timer timer_;
  std::optional<Instant> paths_deadline_;
  std::optional<Instant> armed_for_;
  bool turn_due_ = false;
  /// Expires with the tunnel, so that what was posted finds nobody.
  std::shared_ptr<Tunnel*> self_ = std::make_shared<Tunnel*>(this);
};

}  // namespace onion_proxy
