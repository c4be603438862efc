#include "examples/onion_proxy/net/app_socket.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// A read that fills its room doubles the next one: memory is for those who send much.
constexpr size_t kReadSizeMin = 8 * 1024;
constexpr size_t kReadSizeMax = 64 * 1024;

}  // namespace

std::shared_ptr<AppSocket> AppSocket::create(tcp::socket socket, std::shared_ptr<void> ticket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  return std::shared_ptr<AppSocket>(new AppSocket(std::move(socket), std::move(ticket)));
}

AppSocket::AppSocket(tcp::socket socket, std::shared_ptr<void> ticket)
    : socket_(std::move(socket)),
      linger_(socket_.get_executor()),
      ticket_(std::move(ticket)),
      read_size_(kReadSizeMin) {}

AppSocket::~AppSocket() { close(write_queue_bytes() > 0); }

void AppSocket::set_user(AppSocketUser* user) {
  user_ = user;
  end_announced_ = false;
  if (user == nullptr || closed_) return;
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->announce(); });
}

void AppSocket::announce() {
  AppSocketUser* user = user_;
  if (user != nullptr && !readable().empty()) user->handle_readable();
  // The user may have handed the socket on, to one who is announced to separately.
  if (user == user_) announce_end();
  read();
}

void AppSocket::announce_end() {
  if (user_ == nullptr || !read_ended_ || discarding_ || end_announced_) return;
  end_announced_ = true;
  user_->handle_read_end();
}

void AppSocket::consume(size_t size) {
  input_.consume(size);
  read();
}

size_t AppSocket::backlog_bytes() const {
  // While a read is under way the kernel has nothing.
  if (reading_ || read_ended_ || closed_) return input_.size();
  error_code error;
  const size_t in_kernel = socket_.available(error);
  return input_.size() + (error ? 0 : in_kernel);
}

void AppSocket::read() {
  if (reading_ || read_ended_ || closed_) return;
  // In large pieces: a read for each cell that has gone would be a system call for each.
  full_ = readable().size() >= (full_ ? kReadAhead / 2 : kReadAhead);
  if (full_) return;
  reading_ = true;
  const MutableByteView room = input_.prepare(read_size_);
  socket_.async_read_some(boost::asio::buffer(room.data(), room.size()),
                          [self = shared_from_this()](const error_code& error, size_t size) {
                            self->handle_read(error, size);
                          });
}

void AppSocket::handle_read(const error_code& error, size_t size) {
  reading_ = false;
  if (closed_) return;
  if (error == boost::asio::error::eof) {
    read_ended_ = true;
    if (discarding_ && finished_) return fail("closed");
    return announce_end();
  }
  if (error) return fail("the application's connection broke: " + error.message());
  if (!discarding_) {
    input_.commit(size);
    if (size == read_size_) read_size_ = std::min(2 * read_size_, kReadSizeMax);
    if (user_ != nullptr) user_->handle_readable();
  }
  read();
}

void AppSocket::write(ByteView bytes) {
  if (closed_ || finish_due_ || finished_) return;
  append(queued_, bytes);
  above_low_water_ = above_low_water_ || write_queue_bytes() > kWriteLowWater;
  schedule_flush();
}

void AppSocket::schedule_flush() {
  if (flush_due_ || write_pending_) return;
  flush_due_ = true;
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->flush(); });
}

void AppSocket::flush() {
  flush_due_ = false;
  if (write_pending_ || closed_) return;
  if (written_ == writing_.size()) {
    writing_.clear();
    written_ = 0;
    writing_.swap(queued_);
  }
  if (writing_.empty()) return handle_drained();
  write_pending_ = true;
  socket_.async_write_some(
      boost::asio::buffer(writing_.data() + written_, writing_.size() - written_),
      [self = shared_from_this()](const error_code& error, size_t size) {
        self->handle_written(error, size);
      });
}

void AppSocket::handle_written(const error_code& error, size_t size) {
  write_pending_ = false;
  if (closed_) return;
  if (error) return fail("the application no longer reads: " + error.message());
  written_ += size;
  flush();
  if (closed_ || !above_low_water_ || write_queue_bytes() > kWriteLowWater) return;
  above_low_water_ = false;
  if (user_ != nullptr && !discarding_) user_->handle_writable();
}

void AppSocket::handle_drained() {
  if (finish_due_) shut_down_writing();
  if (!discarding_ || !finished_) return;
  if (read_ended_) return fail("closed");
  linger_.run_after(kLinger, [self = shared_from_this()] { self->fail("closed"); });
  read();
}

void AppSocket::shut_down_writing() {
  finish_due_ = false;
  finished_ = true;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void AppSocket::finish_writing() {
  if (closed_ || finish_due_ || finished_) return;
  finish_due_ = true;
  schedule_flush();
}

void AppSocket::close_when_written() {
  if (closed_ || discarding_) return;
  discarding_ = true;
  // An application that writes everything before it reads would wait for us, and we for it.
  consume(input_.size());
  finish_due_ = !finished_;
  schedule_flush();
}

void AppSocket::close(bool reset) {
  user_ = nullptr;
  if (closed_) return;
  error_code ignored;
  if (reset) socket_.set_option(tcp::socket::linger(true, 0), ignored);
  release();
}

void AppSocket::fail(const std::string& reason) {
  if (closed_) return;
  release();
  AppSocketUser* user = std::exchange(user_, nullptr);
  if (user != nullptr) user->handle_closed(reason);
}

void AppSocket::release() {
  closed_ = true;
  linger_.cancel();
  error_code ignored;
  socket_.close(ignored);
  ticket_.reset();
}

}  // namespace onion_proxy
