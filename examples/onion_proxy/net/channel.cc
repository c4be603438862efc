#include "examples/onion_proxy/net/channel.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cassert>

#include "examples/onion_proxy/base/clock.h"
#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr uint32_t kInitiatorBit = 0x80000000;
constexpr std::chrono::seconds kFlushTimeout{1};
// Keeps unsent bytes in our queue, where `blocked` sees them, instead of in the kernel's.
constexpr int kUnsentInKernelMax = 32 * 1024;
constexpr int kAskAfterSeconds = 60;
constexpr unsigned kUnackedMaxMs = 30'000;

tcp::endpoint endpoint_of(const RelayInfo& relay) {
  return {boost::asio::ip::address_v4(relay.ipv4), relay.or_port};
}

void set_tcp_options(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  // Only a matter of smoothness: a kernel without it still works.
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentInKernelMax,
                     sizeof kUnsentInKernelMax);
  // A connection that is dead without a word (another network, a NAT that forgot it) would be
  // handed out again until the kernel gives up, a quarter of an hour by default.
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &kAskAfterSeconds,
                     sizeof kAskAfterSeconds);
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnackedMaxMs,
                     sizeof kUnackedMaxMs);
}

}  // namespace

std::shared_ptr<Channel> Channel::create(const Environment& environment, const RelayInfo& relay) {
  return std::shared_ptr<Channel>(new Channel(environment, relay));
}

Channel::Channel(const Environment& environment, const RelayInfo& relay)
    : options_(environment.options),
      relay_(relay),
      socket_(environment.io),
      tls_(environment.tls),
      timer_(environment.io),
      idle_since_(steady_clock::now()) {}

Channel::~Channel() = default;

void Channel::open(OpenCallback done) {
  opened_ = std::move(done);
  timer_.run_after(options_.open_timeout,
                   [self = shared_from_this()] { self->drop("the relay did not answer in time"); });
  socket_.async_connect(endpoint_of(relay_), [self = shared_from_this()](const error_code& error) {
    self->handle_connected(error);
  });
}

void Channel::handle_connected(const error_code& error) {
  if (state_ != State::kConnecting) return;
  if (error) return drop("cannot connect: " + error.message());
  set_tcp_options(socket_);
  shake_hands();
  if (state_ != State::kClosed) read();
}

void Channel::shake_hands() {
  const auto done = tls_.handshake();
  if (!done.ok()) return drop("TLS failed: " + done.error());
  const Status begun = done.value() ? begin_link() : Status();
  if (!begun.ok()) return drop(begun.error());
  schedule_flush();
}

Status Channel::begin_link() {
  const auto digest = tls_.peer_certificate_digest();
  if (!digest) return Error{"TLS without a certificate"};
  state_ = State::kHandshake;
  handshake_ =
      std::make_unique<LinkHandshake>(LinkPeer{relay_.rsa_id, relay_.ed_id, relay_.ipv4, *digest});
  append(queued_, handshake_->start());
  return Status();
}

void Channel::read() {
  const MutableByteView room = tls_.input_room();
  socket_.async_read_some(boost::asio::buffer(room.data(), room.size()),
                          [self = shared_from_this()](const error_code& error, size_t size) {
                            self->handle_read(error, size);
                          });
}

void Channel::handle_read(const error_code& error, size_t size) {
  if (!is_usable()) return;
  if (error) return drop("the relay closed the connection: " + error.message());
  bytes_read_ += size;
  read_at_ = clock_now();
  tls_.commit_input(size);
  if (state_ == State::kConnecting) shake_hands();
  const Status status = carries_cells() ? handle_input() : Status();
  end_wake();
  if (!status.ok()) return drop(status.error());
  if (is_usable()) read();
}

// Record by record, so that the cells of one are still in the cache.
Status Channel::handle_input() {
  while (carries_cells()) {
    const auto size = tls_.read(decoder_.prepare(TlsEngine::kRecordMax));
    if (!size.ok()) return Error{size.error()};
    if (size.value() == 0) break;
    decoder_.commit(size.value());
    if (Status handled = handle_cells(); !handled.ok()) return handled;
  }
  // TLS may have had to answer by itself.
  if (!tls_.output().empty()) schedule_flush();
  drop_if_unread();
  return Status();
}

Status Channel::handle_cells() {
  LinkCell cell;
  while (carries_cells() && decoder_.next(cell)) {
    const Status status =
        state_ == State::kHandshake ? handle_link_cell(cell) : handle_open_cell(cell);
    if (!status.ok()) return status;
  }
  return {};
}

Status Channel::handle_link_cell(const LinkCell& cell) {
  const auto step = handshake_->handle_cell(cell, wall_clock());
  if (!step.ok()) return Error{step.error()};
  decoder_.set_circuit_id_width(handshake_->circuit_id_width());
  append(queued_, step.value().send);
  schedule_flush();
  if (!step.value().open) return {};
  handshake_.reset();
  timer_.cancel();
  state_ = State::kOpen;
  idle_since_ = steady_clock::now();
  auto opened = std::move(opened_);
  opened_ = nullptr;
  if (opened) opened(Status());
  return {};
}

Status Channel::handle_open_cell(LinkCell& cell) {
  switch (cell.command) {
    case LinkCommand::kRelay:
    case LinkCommand::kRelayEarly:
    case LinkCommand::kDestroy:
    case LinkCommand::kCreated:
    case LinkCommand::kCreatedFast:
    case LinkCommand::kCreated2:
      deliver(cell);
      return {};
    case LinkCommand::kPadding:
    case LinkCommand::kVpadding:
    case LinkCommand::kPaddingNegotiate:
    case LinkCommand::kNetinfo:
      return {};
    case LinkCommand::kCreate:
    case LinkCommand::kCreateFast:
    case LinkCommand::kCreate2:
    case LinkCommand::kVersions:
    case LinkCommand::kCerts:
    case LinkCommand::kAuthChallenge:
    case LinkCommand::kAuthenticate:
    case LinkCommand::kAuthorize:
      return Error{
          fmt::format("the relay sent {} on an open link", link_command_name(cell.command))};
  }
  // Unknown commands are for later versions. Spec: tor-spec "Cell Packet format".
  return {};
}

void Channel::deliver(LinkCell& cell) {
  const auto found = users_.find(cell.circuit_id);
  // Cells of a circuit that we have just left may still be under way.
  if (found == users_.end()) return;
  if (std::find(woken_.begin(), woken_.end(), cell.circuit_id) == woken_.end()) {
    woken_.push_back(cell.circuit_id);
  }
  found->second->handle_cell(cell, read_at_);
}

void Channel::end_wake() {
  // By id, because each call may detach others.
  for (const uint32_t id : woken_) {
    const auto found = users_.find(id);
    if (found != users_.end()) found->second->handle_cells_end();
  }
  woken_.clear();
}

Result<uint32_t> Channel::attach(CircuitUser& user) {
  if (state_ != State::kOpen) return Error{"the channel is not open"};
  while (true) {
    const auto random = random_array<4>();
    const uint32_t id = ByteReader(random).u32() | kInitiatorBit;
    if (!users_.emplace(id, &user).second) continue;
    round_.push_back(id);
    return id;
  }
}

void Channel::detach(uint32_t circuit_id) {
  if (users_.erase(circuit_id) == 0) return;
  std::erase(round_, circuit_id);
  if (users_.empty()) idle_since_ = steady_clock::now();
}

void Channel::send_cell(uint32_t circuit_id, LinkCommand command, ByteView payload) {
  if (!is_open()) return;
  append_fixed_cell(queued_, circuit_id, command, payload);
  note_queued();
}

CellPayloadView Channel::add_cell(uint32_t circuit_id, LinkCommand command) {
  assert(is_open());
  append_fixed_cell(queued_, circuit_id, command, {});
  note_queued();
  return MutableByteView(queued_).last<kCellPayloadSize>();
}

void Channel::note_queued() {
  blocked_ = blocked_ || queued_cells() >= options_.high_water_cells;
  schedule_flush();
  drop_if_unread();
}

size_t Channel::unsent_bytes() const {
  return queued_.size() + tls_.output().size() + writing_.size() - written_;
}

// Attack: a relay that reads nothing, while cells of its circuits and TLS itself must be answered,
// would fill the memory. By post: who queues a cell has yet to write it where it lies.
void Channel::drop_if_unread() {
  if (unread_ || unsent_bytes() <= options_.unsent_max) return;
  unread_ = true;
  boost::asio::post(socket_.get_executor(),
                    [self = shared_from_this()] { self->drop("the relay does not read"); });
}

void Channel::schedule_flush() {
  if (flush_due_ || write_pending_) return;
  flush_due_ = true;
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->flush(); });
}

void Channel::flush() {
  flush_due_ = false;
  if (write_pending_ || state_ == State::kClosed) return;
  if (written_ == writing_.size()) {
    if (Status sealed = seal_queued(); !sealed.ok()) return drop(sealed.error());
  }
  if (!writing_.empty()) return write_some();
  if (state_ == State::kClosing) drop(close_reason_);
}

Status Channel::seal_queued() {
  bytes_written_ += queued_.size();
  if (Status sealed = tls_.write(queued_); !sealed.ok()) return sealed;
  queued_.clear();
  tls_.take_output(writing_);
  written_ = 0;
  return Status();
}

void Channel::write_some() {
  write_pending_ = true;
  const ByteView left = ByteView(writing_).subspan(written_);
  socket_.async_write_some(boost::asio::buffer(left.data(), left.size()),
                           [self = shared_from_this()](const error_code& error, size_t size) {
                             self->handle_written(error, size);
                           });
}

void Channel::handle_written(const error_code& error, size_t size) {
  write_pending_ = false;
  if (state_ == State::kClosed) return;
  if (error) return drop("cannot send to the relay: " + error.message());
  written_ += size;
  // The next write first, so that users who now add cells find it under way.
  flush();
  if (blocked_ && queued_cells() <= options_.low_water_cells) release_blocked();
}

// Each release goes on where the last one stopped: one upload can fill the queue again each time,
// and circuits that always came behind it would never send.
void Channel::release_blocked() {
  blocked_ = false;
  // A user may fill the queue again or leave.
  for (size_t left = round_.size(); left > 0 && !blocked_ && !round_.empty(); --left) {
    const uint32_t id = round_.front();
    round_.pop_front();
    round_.push_back(id);
    users_.at(id)->handle_channel_writable();
  }
}

void Channel::close(std::string reason) {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  const bool flushes = state_ == State::kOpen;
  state_ = State::kClosing;
  close_reason_ = std::move(reason);
  boost::asio::post(socket_.get_executor(), [self = shared_from_this(), flushes] {
    flushes ? self->finish_close() : self->drop(self->close_reason_);
  });
}

void Channel::finish_close() {
  if (state_ == State::kClosed) return;
  timer_.run_after(kFlushTimeout, [self = shared_from_this()] { self->drop(self->close_reason_); });
  notify_closed();
  if (!write_pending_) flush();
}

void Channel::drop(const std::string& reason) {
  if (state_ == State::kClosed) return;
  if (state_ != State::kClosing) close_reason_ = reason;
  state_ = State::kClosed;
  blocked_ = false;
  queued_.clear();
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  auto opened = std::move(opened_);
  opened_ = nullptr;
  if (opened) opened(Error{close_reason_});
  notify_closed();
}

void Channel::notify_closed() {
  round_.clear();
  while (!users_.empty()) {
    CircuitUser* user = users_.begin()->second;
    users_.erase(users_.begin());
    user->handle_channel_closed(close_reason_);
  }
  idle_since_ = steady_clock::now();
}

}  // namespace onion_proxy
