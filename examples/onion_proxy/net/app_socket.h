// The connection of one application after its SOCKS request: bytes both ways, with backpressure.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "examples/onion_proxy/base/bytes.h"

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
/// Owned by shared_ptr; single-threaded.
class AppSocket : public std::enable_shared_from_this<AppSocket> {
 public:
  static constexpr size_t kReadAhead = 64 * 1024;
  static constexpr size_t kWriteLowWater = 128 * 1024;

  static std::shared_ptr<AppSocket> create(boost::asio::ip::tcp::socket socket);

  /// Who hears of events from now on; nullptr for nobody. Borrowed. Starts reading.
  void set_user(AppSocketUser* user);

  /// Bytes that the application sent and nobody consumed yet; valid until the next `consume`.
  ByteView readable() const { return ByteView(input_).subspan(consumed_); }
  void consume(size_t size);
  /// The application will send nothing beyond `readable()`.
  bool read_ended() const { return read_ended_; }

  /// Takes a copy. The queue has no limit of its own: the owner bounds it by flow control.
  void write(ByteView bytes);
  size_t write_queue_bytes() const { return queued_.size() + writing_.size() - written_; }

  /// Half close: after everything queued, the application reads end of file. Reading goes on.
  void finish_writing();

  /// Everything queued leaves, then the connection is closed both ways.
  void close_when_written();

  /// Closes now. `reset` tells the application that data was lost (TCP RST), so that it does not
  /// take a broken transfer for a whole one. The user hears nothing more.
  void close(bool reset);

  bool is_closed() const { return closed_; }

 private:
  explicit AppSocket(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  void read();
  void handle_read(const boost::system::error_code& error, size_t size);
  void flush();
  void handle_written(const boost::system::error_code& error, size_t size);
  void drained();
  void fail(const std::string& reason);

  boost::asio::ip::tcp::socket socket_;
  AppSocketUser* user_ = nullptr;

  Bytes input_;
  size_t consumed_ = 0;
  bool reading_ = false;
  bool read_ended_ = false;

  Bytes queued_;
  Bytes writing_;
  size_t written_ = 0;
  bool flush_due_ = false;
  bool write_pending_ = false;
  bool finish_after_ = false;
  bool close_after_ = false;
  bool closed_ = false;
};

}  // namespace onion_proxy
