// One HTTP connection: requests one after the other, each with a deadline and a limit.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "plugin/sidecar/exporters/http/pages.h"

namespace conflux::sidecar {

using HttpSocket = boost::asio::generic::stream_protocol::socket;

class Connection;

// Outlives its connections, or at least the loop that runs them.
class ConnectionHost {
 public:
  virtual HttpResponse handle_request(const HttpRequest& request) = 0;
  // The connection is closed; this is its last word.
  virtual void handle_end(Connection& connection) = 0;

 protected:
  ~ConnectionHost() = default;
};

struct ConnectionLimits {
  std::size_t header_bytes;
  std::chrono::milliseconds timeout;
};

// Held by its own pending operation. One thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(HttpSocket socket, ConnectionHost& host, ConnectionLimits limits);

  void run() { read(); }
  // Ends at once if it waits for a request, else when the response has left.
  void finish();

  // Says 503 to one connection too many.
  static void turn_away(HttpSocket socket);

 private:
  void read();
  void handle_header(boost::system::error_code error);
  void write(HttpResponse response);
  void end();

  boost::beast::basic_stream<boost::asio::generic::stream_protocol> stream_;
  ConnectionHost& host_;
  ConnectionLimits limits_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
  HttpResponse response_;
  bool writing_ = false;
  bool finishing_ = false;
  bool ended_ = false;
};

}  // namespace conflux::sidecar
