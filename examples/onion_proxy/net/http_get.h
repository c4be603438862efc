// One HTTP/1.0 GET to a directory port.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "examples/onion_proxy/base/result.h"

namespace onion_proxy {

struct HttpRequest {
  boost::asio::ip::tcp::endpoint server;
  std::string target;  ///< such as "/tor/keys/all"
  std::chrono::milliseconds timeout{10000};
  size_t body_bytes_max = 1 << 20;
};

/// `done` is called exactly once from the event loop, never from inside this call. Destroying the
/// io_context is the only way to drop it early.
void http_get(boost::asio::io_context& io, HttpRequest request,
              std::function<void(Result<std::string>)> done);

}  // namespace onion_proxy
