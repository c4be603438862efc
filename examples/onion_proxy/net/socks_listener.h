// Accepts applications on one address and negotiates SOCKS5 with them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "examples/onion_proxy/base/log.h"
#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/net/app_socket.h"
#include "examples/onion_proxy/net/timer.h"
#include "examples/onion_proxy/socks/socks5.h"

namespace onion_proxy {

/// One parsed request with the socket that waits for its reply. Answer with
/// `socket->write(encode_socks_reply(...))`, then either use it or `close_when_written()`.
struct SocksArrival {
  SocksRequest request;
  std::shared_ptr<AppSocket> socket;
};

struct SocksListenerOptions {
  boost::asio::ip::tcp::endpoint address;
  size_t connections_max = 1024;  ///< still negotiating plus handed over; more wait in the backlog
  std::chrono::seconds negotiation_timeout{30};
};

class SocksSession;

/// Single-threaded. Destroying it stops accepting and drops negotiations; sockets handed over live
/// on with their owners.
class SocksListener {
 public:
  using ArrivalCallback = std::function<void(SocksArrival)>;

  SocksListener(boost::asio::io_context& io, const Logger& log, SocksListenerOptions options);
  ~SocksListener();
  SocksListener(const SocksListener&) = delete;
  SocksListener& operator=(const SocksListener&) = delete;

  /// Binds and accepts. `arrived` is called from the event loop for each complete request.
  Status start(ArrivalCallback arrived);

  /// Where it listens: tells the port when port 0 was asked for.
  boost::asio::ip::tcp::endpoint local_endpoint() const { return local_; }

  void stop();

 private:
  friend class SocksSession;
  struct Shared;

  void accept();
  void retry_later(const std::string& reason);
  void start_session(boost::asio::ip::tcp::socket socket);

  boost::asio::io_context& io_;
  const Logger& log_;
  const SocksListenerOptions options_;
  boost::asio::ip::tcp::acceptor acceptor_;
  Timer retry_;
  boost::asio::ip::tcp::endpoint local_;
  bool accepting_ = false;
  std::shared_ptr<Shared> shared_;
};

}  // namespace onion_proxy
