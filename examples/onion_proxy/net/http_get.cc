#include "examples/onion_proxy/net/http_get.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <optional>

#include "examples/onion_proxy/directory/item_reader.h"

namespace onion_proxy {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kHeaderMax = 16 * 1024;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> header_field(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t length = std::min(header.find('\n'), header.size());
    const std::string_view line = header.substr(0, length);
    header.remove_prefix(std::min(length + 1, header.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (equal_ignoring_case(line.substr(0, colon), name)) return trim(line.substr(colon + 1));
  }
  return std::nullopt;
}

// Lives until its last handler has run.
class HttpGet : public std::enable_shared_from_this<HttpGet> {
 public:
  HttpGet(boost::asio::io_context& io, HttpRequest request,
          std::function<void(Result<std::string>)> done)
      : socket_(io), timer_(io), request_(std::move(request)), done_(std::move(done)) {}

  void start() {
    timer_.expires_after(request_.timeout);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->finish(Error{"no complete answer in time"});
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
        socket_, boost::asio::dynamic_buffer(reply_, kHeaderMax + request_.body_bytes_max + 1),
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
  boost::asio::steady_timer timer_;
  const HttpRequest request_;
  std::function<void(Result<std::string>)> done_;
  std::string query_;
  std::string reply_;
};

}  // namespace

Result<std::string> parse_http_reply(std::string_view reply) {
  const size_t header_end = reply.find("\r\n\r\n");
  if (header_end == std::string_view::npos || header_end > kHeaderMax) {
    return Error{"the answer is not HTTP, or breaks off in its header"};
  }
  const std::string_view header = reply.substr(0, header_end);
  const std::string_view status = trim(header.substr(0, header.find('\n')));
  if (!status.starts_with("HTTP/1.") || status.size() < 12) return Error{"the answer is not HTTP"};
  if (status.substr(8, 4) != " 200" || (status.size() > 12 && status[12] != ' ')) {
    return Error{fmt::format("refused: {}", status.substr(9, 80))};
  }
  const auto encoding = header_field(header, "Content-Encoding");
  if (encoding && *encoding != "identity") {
    return Error{
        fmt::format("Content-Encoding {}, which we did not ask for", encoding->substr(0, 40))};
  }
  const std::string_view body = reply.substr(header_end + 4);
  if (const auto stated = header_field(header, "Content-Length")) {
    const auto length = parse_number(*stated, UINT32_MAX);
    if (!length || *length != body.size()) return Error{"the answer breaks off"};
  }
  return std::string(body);
}

void http_get(boost::asio::io_context& io, HttpRequest request,
              std::function<void(Result<std::string>)> done) {
  std::make_shared<HttpGet>(io, std::move(request), std::move(done))->start();
}

}  // namespace onion_proxy
