#include "plugin/sidecar/exporters/http/connection.h"

#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <string_view>
#include <utility>

namespace conflux::sidecar {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

bool is_too_large(const error_code& error) {
  return error == http::error::header_limit || error == http::error::buffer_overflow;
}

// Not a broken connection, but bytes that are no HTTP.
bool is_malformed(const error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

}  // namespace

Connection::Connection(HttpSocket socket, ConnectionHost& host, ConnectionLimits limits)
    : stream_(std::move(socket)),
      host_(host),
      limits_(limits),
      // Room for one read beyond the limit, so that it is the parser that counts.
      buffer_(limits.header_bytes + 1024) {}

void Connection::read() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  stream_.expires_after(limits_.timeout);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, std::size_t) { self->handle_header(error); });
}

void Connection::handle_header(error_code error) {
  if (ended_) return;
  if (is_too_large(error)) {
    return write(refuse(http::status::request_header_fields_too_large,
                        "the header of a request has at most " +
                            std::to_string(limits_.header_bytes) + " bytes here"));
  }
  if (is_malformed(error)) return write(refuse(http::status::bad_request, "this is no HTTP/1.1"));
  if (error) return end();
  // Nothing here takes a body, and to skip one would cost what the client likes.
  if (!parser_->is_done()) {
    return write(refuse(http::status::payload_too_large, "send no body"));
  }
  write(host_.handle_request(parser_->get()));
}

void Connection::write(HttpResponse response) {
  response_ = std::move(response);
  if (finishing_) response_.keep_alive(false);
  writing_ = true;
  stream_.expires_after(limits_.timeout);
  http::async_write(stream_, response_, [self = shared_from_this()](error_code error, std::size_t) {
    self->writing_ = false;
    if (self->ended_) return;
    if (error || self->finishing_ || !self->response_.keep_alive()) {
      return self->end();
    }
    self->read();
  });
}

void Connection::finish() {
  finishing_ = true;
  if (!writing_) end();
}

void Connection::end() {
  if (std::exchange(ended_, true)) return;
  error_code ignored;
  stream_.socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
  stream_.close();
  host_.handle_end(*this);
}

void Connection::turn_away(HttpSocket socket) {
  static constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n"
      "Retry-After: 1\r\n\r\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(boost::asio::buffer(kBusy), ignored);
}

}  // namespace conflux::sidecar
