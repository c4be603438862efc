#include "examples/onion_proxy/net/http_get.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <optional>

#include "examples/onion_proxy/net/http_reply.h"
#include "examples/onion_proxy/net/timer.h"

namespace onion_proxy {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Lives until its last handler has run.
class HttpGet : public std::enable_shared_from_this<HttpGet> {
 public:
  HttpGet(boost::asio::io_context& io, HttpRequest request,
          std::function<void(Result<std::string>)> done)
      : socket_(io), timer_(io), request_(std::move(request)), done_(std::move(done)) {}

  void start() {
    timer_.run_after(request_.timeout, [self = shared_from_this()] {
      self->finish(Error{"no complete answer in time"});
    });
    socket_.async_connect(request_.server, [self = shared_from_this()](const error_code& error) {
      if (error) return self->finish(Error{"cannot connect: " + error.message()});
      self->send();
    });
  }

 private:
  void send() {
    // Host is optional in HTTP/1.0, and an address has no business in a request to itself.
    query_ = fmt::format("GET {} HTTP/1.0\r\n\r\n", request_.target);
    boost::asio::async_write(socket_, boost::asio::buffer(query_),
                             [self = shared_from_this()](const error_code& error, size_t) {
                               if (error) return self->finish(Error{error.message()});
                               self->receive();
                             });
  }

  void receive() {
    // One byte above the bound tells a reply that is too long from one that just fits.
    boost::asio::async_read(
        socket_, boost::asio::dynamic_buffer(reply_, kHttpHeaderMax + request_.body_bytes_max + 1),
        [self = shared_from_this()](const error_code& error, size_t) {
          self->handle_reply(error);
        });
  }

  void handle_reply(const error_code& error) {
    if (error && error != boost::asio::error::eof) return finish(Error{error.message()});
    auto body = parse_http_reply(reply_);
    if (body.ok() && (!error || body.value().size() > request_.body_bytes_max)) {
      return finish(
          Error{fmt::format("the reply is longer than {} bytes", request_.body_bytes_max)});
    }
    finish(std::move(body));
  }

  void finish(Result<std::string> result) {
    if (!done_) return;
    error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
    auto done = std::move(done_);
    done_ = nullptr;
    done(std::move(result));
  }

  tcp::socket socket_;
  Timer timer_;
  const HttpRequest request_;
  std::function<void(Result<std::string>)> done_;
  std::string query_;
  std::string reply_;
};

}  // namespace

void http_get(boost::asio::io_context& io, HttpRequest request,
              std::function<void(Result<std::string>)> done) {
  std::make_shared<HttpGet>(io, std::move(request), std::move(done))->start();
}

}  // namespace onion_proxy
