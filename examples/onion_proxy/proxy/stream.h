#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "examples/onion_proxy/cell/relay_body.h"
#include "examples/onion_proxy/cell/relay_cell.h"
#include "examples/onion_proxy/circuit/stream_flow.h"
#include "examples/onion_proxy/net/app_socket.h"
#include "examples/onion_proxy/net/socks_listener.h"

namespace onion_proxy {

class Stream;

/// What a stream asks of its tunnel. Nothing here calls back into the stream.
class StreamHost {
 public:
  virtual ~StreamHost() = default;
  /// Sends a cell that is not DATA; it keeps its place among such cells.
  virtual void send_control(RelayHeader header, Bytes body) = 0;
  /// The stream may have something to send, or another deadline.
  virtual void note_ready(Stream& stream) = 0;
  /// The stream is over. If the exit has not said so itself, cells for it may still be under way.
  virtual void note_finished(Stream& stream, bool exit_knows) = 0;
  virtual Instant now() const = 0;
};

/// One connection or name look-up of an application, from its SOCKS request to its end.
///
///   kConnecting --CONNECTED--> kOpen --END, or the application leaves--> kFinished
///
/// It answers the SOCKS request exactly once and never leaves the application waiting: whatever
/// ends it, the application gets a reply, an end of file, or a reset.
class Stream final : public AppSocketUser {
 public:
  struct Options {
    uint16_t id = 0;
    Micros connect_timeout = std::chrono::seconds(60);
    StreamFlowParams flow;
  };

  Stream(StreamHost& host, SocksArrival arrival, const Options& options);
  ~Stream() override;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  uint16_t id() const { return options_.id; }

  /// Sends BEGIN or RESOLVE.
  void open();

  /// A cell of this stream, in order. Fails on what breaks the protocol.
  Status handle_cell(const RelayCell& cell, Instant now);

  /// Whether it stands in the round of its set, which alone says so.
  bool in_round() const { return in_round_; }
  void set_in_round(bool in_round) { in_round_ = in_round; }

  /// DATA cells that it can fill now.
  size_t sendable_cells(Instant now);
  /// With what the application has written and the socket has not read ahead.
  size_t backlog_cells(Instant now);
  /// The body of the next DATA cell, at most `max` bytes; borrowed until `commit_sent`. Not empty
  /// if `sendable_cells` was not 0.
  ByteView next_body(size_t max, Instant now);
  void commit_sent(size_t size);

  /// Memory is short: pause the exit, or let it go on.
  void hold();
  void release();

  /// The tunnel is gone. Tells the application; sends nothing.
  void fail();

  /// When `handle_deadline` has something to do: `now` if it has.
  std::optional<Instant> next_deadline(Instant now);
  void handle_deadline();

  uint64_t bytes_up() const { return bytes_up_; }
  uint64_t bytes_down() const { return bytes_down_; }
  /// What it has moved in the busier direction since `begin_burst`.
  uint64_t burst() const {
    return std::max(bytes_up_ - up_before_burst_, bytes_down_ - down_before_burst_);
  }
  void begin_burst() {
    up_before_burst_ = bytes_up_;
    down_before_burst_ = bytes_down_;
  }
  /// Why it ended, for the statistics; empty after a connection that ended well.
  const std::string& failure() const { return failure_; }
  bool was_open() const { return was_open_; }

  // AppSocketUser
  void handle_readable() override;
  void handle_read_end() override;
  void handle_writable() override;
  void handle_closed(const std::string& reason) override;

 private:
  enum class State : uint8_t { kConnecting, kOpen, kFinished };

  Status handle_connected(const RelayCell& cell);
  Status handle_data(const RelayCell& cell, Instant now);
  Status handle_resolved(const RelayCell& cell);
  Status handle_end(const RelayCell& cell);
  Status handle_flow(const RelayCell& cell, Instant now);
  void note_drained(Instant now);
  void check_drained();
  void send_flow(const std::optional<StreamReceiveFlow::Action>& action);
  void end_if_done();
  void refuse(SocksReply reply, std::string reason);
  void finish(bool exit_knows);

  StreamHost& host_;
  SocksArrival arrival_;
  Options options_;
  State state_ = State::kConnecting;
  bool was_open_ = false;
  bool in_round_ = false;
  Instant connect_deadline_{};
  StreamSendFlow send_flow_;
  StreamReceiveFlow receive_flow_;
  std::optional<Instant> drain_check_;  ///< while the exit is paused: when to look again
  size_t queue_seen_ = 0;               ///< the socket's write queue when it was last looked at
  uint64_t bytes_up_ = 0;
  uint64_t bytes_down_ = 0;
  uint64_t up_before_burst_ = 0;
  uint64_t down_before_burst_ = 0;
  std::string failure_;
};

}  // namespace onion_proxy
