// The connection of one application after its SOCKS request: bytes both ways, with backpressure.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "examples/onion_proxy/base/byte_queue.h"
#include "examples/onion_proxy/base/bytes.h"
#include "examples/onion_proxy/net/timer.h"

namespace onion_proxy {

/// Who moves an application's bytes: the stream. Never called from inside a call to the socket.
class AppSocketUser {
 public:
  virtual ~AppSocketUser() = default;

  /// `readable()` has grown.
  virtual void handle_readable() = 0;
  /// The application closed its sending side, and everything it sent has been in `readable()`.
  virtual void handle_read_end() = 0;
  /// The write queue has fallen to or below the low-water mark, having been above it.
  virtual void handle_writable() = 0;
  /// The connection is gone, by error or after `close_when_written`; called exactly once, unless
  /// `close` or `set_user(nullptr)` came first.
  virtual void handle_closed(const std::string& reason) = 0;
};

/// Reading is by pulling: the socket reads ahead up to `kReadAhead` bytes and then leaves the rest
/// to TCP's backpressure, so an owner that does not consume stops the application.
/// Owned by shared_ptr; single-threaded. Its last owner ends it with `close` or
/// `close_when_written`: pending reads keep it alive otherwise.
class AppSocket : public std::enable_shared_from_this<AppSocket> {
 public:
  static constexpr size_t kReadAhead = 128 * 1024;
  static constexpr size_t kWriteLowWater = 128 * 1024;
  /// How long `close_when_written` waits for the application to close its side.
  static constexpr std::chrono::seconds kLinger{5};

  /// `ticket` is dropped when the connection is gone: whoever counts connections makes one.
  static std::shared_ptr<AppSocket> create(boost::asio::ip::tcp::socket socket,
                                           std::shared_ptr<void> ticket = nullptr);
  /// An event loop that is destroyed drops its pending handlers, and with them sockets that nobody
  /// else owns any more: what was not written then is lost, and the application is told by a reset.
  ~AppSocket();
  AppSocket(const AppSocket&) = delete;
  AppSocket& operator=(const AppSocket&) = delete;

  /// Who hears of events from now on; nullptr for nobody. Borrowed. Starts reading. A new user
  /// hears of what is there already.
  void set_user(AppSocketUser* user);

  /// Bytes that the application sent and nobody consumed yet; valid until control returns to the
  /// event loop, or the next `consume`.
  ByteView readable() const { return input_.bytes(); }
  void consume(size_t size);
  /// With what waits in the kernel because as much was read ahead as may be.
  size_t backlog_bytes() const;
  /// The application will send nothing beyond `readable()`.
  bool read_ended() const { return read_ended_; }

  /// Takes a copy. The queue has no limit of its own: the owner bounds it by flow control.
  void write(ByteView bytes);
  size_t write_queue_bytes() const { return queued_.size() + writing_.size() - written_; }

  /// Half close: after everything queued, the application reads end of file. Reading goes on.
  void finish_writing();

  /// Everything queued leaves, then the connection is closed both ways. What the application still
  /// sends is thrown away: closing at once would reset the connection and lose our last bytes.
  void close_when_written();

  /// Closes now; the user hears nothing more. `reset` tells the application that data was lost
  /// (TCP RST), so that it does not take a broken transfer for a whole one.
  void close(bool reset);

  bool is_closed() const { return closed_; }

 private:
  AppSocket(boost::asio::ip::tcp::socket socket, std::shared_ptr<void> ticket);

  void announce();
  void announce_end();
  void read();
  void handle_read(const boost::system::error_code& error, size_t size);
  void schedule_flush();
  void flush();
  void handle_written(const boost::system::error_code& error, size_t size);
  void handle_drained();
  void shut_down_writing();
  void fail(const std::string& reason);
  void release();

  boost::asio::ip::tcp::socket socket_;
  Timer linger_;
  std::shared_ptr<void> ticket_;
  AppSocketUser* user_ = nullptr;

  ByteQueue input_;
  size_t read_size_;      ///< of the next read
  bool reading_ = false;  ///< into what `input_` has prepared
  bool full_ = false;     ///< until half of what was read ahead has been consumed
  bool read_ended_ = false;
  bool end_announced_ = false;  ///< to the present user

  Bytes queued_;
  Bytes writing_;
  size_t written_ = 0;
  bool above_low_water_ = false;
  bool flush_due_ = false;
  bool write_pending_ = false;
  bool finish_due_ = false;  ///< half close once written
  bool finished_ = false;    ///< half closed
  bool discarding_ = false;  ///< close_when_written: input is of no interest any more
  bool closed_ = false;
};

}  // namespace onion_proxy
