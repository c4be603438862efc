// One TLS connection to a relay that many circuits share: connects, proves the relay's identity,
// then carries cells both ways.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/base/time.h"
#include "examples/onion_proxy/cell/link_cell.h"
#include "examples/onion_proxy/cell/relay_cell.h"
#include "examples/onion_proxy/circuit/relay_info.h"
#include "examples/onion_proxy/link/link_handshake.h"
#include "examples/onion_proxy/net/timer.h"
#include "examples/onion_proxy/net/tls_engine.h"

namespace onion_proxy {

/// Where a channel delivers what belongs to one circuit. Implemented by the circuit's owner, who
/// keeps it alive until `detach` or `handle_channel_closed`, whichever comes first.
/// No function here is ever called from inside a call to the channel.
class CircuitUser {
 public:
  virtual ~CircuitUser() = default;

  /// A cell for this circuit: CREATED2, RELAY, RELAY_EARLY or DESTROY. The body is borrowed and may
  /// be decrypted in place. May call anything of the channel, `detach` and `close` included. `now`
  /// is when the bytes were read, the same for all cells of one read.
  virtual void handle_cell(LinkCell& cell, Instant now) = 0;

  /// Every cell of one read has been delivered: the moment for work once per wake, not per cell.
  virtual void handle_cells_end() = 0;

  /// The queue has fallen to the low-water mark after `blocked` was true.
  virtual void handle_channel_writable() = 0;

  /// The channel is gone, with all its circuits; called exactly once unless detached before.
  virtual void handle_channel_closed(const std::string& reason) = 0;
};

struct ChannelOptions {
  std::chrono::milliseconds open_timeout{15000};  ///< TCP, TLS and link handshake together
  size_t high_water_cells = 64;                   ///< `blocked` from here on
  size_t low_water_cells = 32;                    ///< until down to here
  /// Bytes that may wait for a relay that does not read. DATA ends at the high-water mark, and
  /// SENDMEs are one for 31 cells that were under way, 83 KB for a window of 2.5 MB. Other cells
  /// know no mark: a tunnel's 4096 streams have a BEGIN and an END each, 4 MiB. Twice all that of
  /// one tunnel; where many want more at once, the guard is as good as gone.
  size_t unsent_max = 8 << 20;
};

/// Owned by shared_ptr (the pool and each circuit hold one). Single-threaded: all calls come from
/// the thread that runs the io_context.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  using OpenCallback = std::function<void(Status)>;

  struct Environment {
    boost::asio::io_context& io;
    const TlsContext& tls;
    ChannelOptions options;
  };

  /// `relay` is what the other end must prove to be.
  static std::shared_ptr<Channel> create(const Environment& environment, const RelayInfo& relay);
  ~Channel();

  /// Connects. `done` is called exactly once, never from inside this call.
  void open(OpenCallback done);

  bool is_open() const { return state_ == State::kOpen; }
  bool is_closed() const { return state_ == State::kClosed; }
  /// Open, or on the way there.
  bool is_usable() const { return carries_cells() || state_ == State::kConnecting; }
  const RelayInfo& relay() const { return relay_; }

  /// Gives `user` a fresh circuit id (high bit set, as tor-spec asks of initiators). Fails when the
  /// channel is not open.
  Result<uint32_t> attach(CircuitUser& user);

  /// No more calls to that circuit's user. Sends nothing: DESTROY is the owner's to send before.
  void detach(uint32_t circuit_id);

  /// Queues one fixed cell; `payload` of up to 509 bytes is zero-padded. All cells queued in one
  /// turn of the event loop leave in as few TLS records as possible. Ignored once closed.
  void send_cell(uint32_t circuit_id, LinkCommand command, ByteView payload);

  /// The same without a copy: queues a cell and gives its payload, to be written before anything
  /// else is asked of the channel. Only while it is open.
  CellPayloadView add_cell(uint32_t circuit_id, LinkCommand command);

  /// Whether the owner should hold cells back. The kernel's queue is kept short, so this tells of
  /// the network, not of buffer sizes.
  bool blocked() const { return blocked_; }
  size_t queued_cells() const { return unsent_bytes() / kFixedCellSize; }
  size_t circuit_count() const { return users_.size(); }

  /// Steady-clock instant at which the last circuit left, or the channel opened.
  std::chrono::steady_clock::time_point idle_since() const { return idle_since_; }

  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t bytes_written() const { return bytes_written_; }

  /// Drops the connection after what is queued has left (one second at most), or at once when the
  /// channel is not yet open. Users hear of it from the event loop. Later calls do nothing.
  void close(std::string reason);

 private:
  enum class State { kConnecting, kHandshake, kOpen, kClosing, kClosed };
  Channel(const Environment& environment, const RelayInfo& relay);

  void handle_connected(const boost::system::error_code& error);
  void shake_hands();
  Status begin_link();
  void read();
  void handle_read(const boost::system::error_code& error, size_t size);
  Status handle_input();
  Status handle_cells();
  Status handle_link_cell(const LinkCell& cell);
  Status handle_open_cell(LinkCell& cell);
  void deliver(LinkCell& cell);
  void end_wake();
  void note_queued();
  size_t unsent_bytes() const;
  void drop_if_unread();
  void schedule_flush();
  void flush();
  Status seal_queued();
  void write_some();
  void handle_written(const boost::system::error_code& error, size_t size);
  void release_blocked();
  void finish_close();
  void drop(const std::string& reason);
  void notify_closed();
  bool carries_cells() const { return state_ == State::kOpen || state_ == State::kHandshake; }

  const ChannelOptions options_;
  const RelayInfo relay_;
  boost::asio::ip::tcp::socket socket_;
  TlsEngine tls_;
  Timer timer_;

  State state_ = State::kConnecting;
  OpenCallback opened_;
  std::string close_reason_;
  std::unique_ptr<LinkHandshake> handshake_;
  LinkCellDecoder decoder_;

  std::unordered_map<uint32_t, CircuitUser*> users_;
  std::deque<uint32_t> round_;   ///< the same circuits; the front is told first of room
  std::vector<uint32_t> woken_;  ///< circuits that got cells in this read
  Instant read_at_{};
  std::chrono::steady_clock::time_point idle_since_;

  Bytes queued_;  ///< cells not yet given to TLS
  /// Ciphertext that the socket borrows while a write is under way, when a relay may make TLS
  /// answer, and so move, what TLS still has. The next write begins when all of it has gone.
  Bytes writing_;
  size_t written_ = 0;
  bool flush_due_ = false;
  bool write_pending_ = false;
  bool blocked_ = false;
  bool unread_ = false;  ///< too much waits: about to be dropped
  uint64_t bytes_read_ = 0;
  uint64_t bytes_written_ = 0;
};

}  // namespace onion_proxy
