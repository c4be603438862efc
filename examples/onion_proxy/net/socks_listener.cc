#include "examples/onion_proxy/net/socks_listener.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <set>
#include <utility>

namespace onion_proxy {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// After the process ran out of descriptors, accepting again at once would spin.
constexpr std::chrono::milliseconds kAcceptRetry{200};

}  // namespace

/// What sessions and tickets need of the listener; outlives it.
struct SocksListener::Shared {
  explicit Shared(const Logger& logger) : log(logger) {}

  const Logger& log;
  ArrivalCallback arrived;
  std::set<std::shared_ptr<SocksSession>> sessions;
  size_t connections = 0;
  std::function<void()> connection_gone;  ///< empty once the listener has stopped
};

/// One connection until its request is complete.
class SocksSession : public AppSocketUser, public std::enable_shared_from_this<SocksSession> {
 public:
  SocksSession(std::weak_ptr<SocksListener::Shared> owner, std::shared_ptr<AppSocket> socket,
               boost::asio::io_context& io)
      : owner_(std::move(owner)), io_(io), socket_(std::move(socket)), timer_(io) {}

  void start(std::chrono::seconds timeout) {
    socket_->set_user(this);
    timer_.run_after(timeout, [self = shared_from_this()] {
      self->refuse({}, "an application did not complete its SOCKS request in time");
    });
  }

  void drop() {
    timer_.cancel();
    socket_->close(false);
  }

  void handle_readable() override {
    while (true) {
      size_t consumed = 0;
      auto outcome = negotiation_.handle_input(socket_->readable(), consumed);
      socket_->consume(consumed);
      if (std::holds_alternative<Socks5Negotiation::NeedMore>(outcome)) return;
      if (auto* done = std::get_if<Socks5Negotiation::Done>(&outcome)) {
        return hand_over(std::move(done->request));
      }
      if (auto* refused = std::get_if<Socks5Negotiation::Refused>(&outcome)) {
        return refuse(refused->farewell, refused->reason);
      }
      socket_->write(std::get<Socks5Negotiation::Send>(outcome).bytes);
    }
  }

  void handle_read_end() override {
    refuse({}, "an application closed before its SOCKS request was complete");
  }
  void handle_writable() override {}
  void handle_closed(const std::string&) override { leave(); }

 private:
  void hand_over(SocksRequest request) {
    socket_->set_user(nullptr);
    const auto owner = leave();
    if (owner) owner->arrived({std::move(request), std::move(socket_)});
  }

  void refuse(const Bytes& farewell, const std::string& reason) {
    socket_->set_user(nullptr);
    socket_->write(farewell);
    socket_->close_when_written();
    if (const auto owner = leave()) owner->log.info("socks: {}", reason);
  }

  // The last step: the caller's own reference keeps this alive until it returns.
  std::shared_ptr<SocksListener::Shared> leave() {
    timer_.cancel();
    auto owner = std::exchange(owner_, {}).lock();
    if (owner) {
      keep_until_idle();
      owner->sessions.erase(shared_from_this());
    }
    return owner;
  }

  // We are called by the socket through a plain pointer: stay until the event loop turns.
  void keep_until_idle() {
    boost::asio::post(io_, [self = shared_from_this()] {});
  }

  std::weak_ptr<SocksListener::Shared> owner_;
  boost::asio::io_context& io_;
  std::shared_ptr<AppSocket> socket_;
  Timer timer_;
  Socks5Negotiation negotiation_;
};

SocksListener::SocksListener(boost::asio::io_context& io, const Logger& log,
                             SocksListenerOptions options)
    : io_(io),
      log_(log),
      options_(options),
      acceptor_(io),
      retry_(io),
      shared_(std::make_shared<Shared>(log)) {}

SocksListener::~SocksListener() { stop(); }

Status SocksListener::start(ArrivalCallback arrived) {
  shared_->arrived = std::move(arrived);
  shared_->connection_gone = [this] { accept(); };
  error_code error;
  acceptor_.open(options_.address.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(options_.address, error);
  if (!error) acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
  if (!error) local_ = acceptor_.local_endpoint(error);
  if (error) {
    return Error{fmt::format("cannot listen on port {}: {}; choose another with --socks",
                             options_.address.port(), error.message())};
  }
  accept();
  return {};
}

void SocksListener::stop() {
  shared_->connection_gone = nullptr;
  retry_.cancel();
  error_code ignored;
  acceptor_.close(ignored);
  for (const auto& session : std::exchange(shared_->sessions, {})) session->drop();
}

void SocksListener::accept() {
  if (accepting_ || !acceptor_.is_open() || shared_->connections >= options_.connections_max) {
    return;
  }
  accepting_ = true;
  acceptor_.async_accept(
      [this, alive = std::weak_ptr<Shared>(shared_)](const error_code& error, tcp::socket socket) {
        if (alive.expired() || error == boost::asio::error::operation_aborted) return;
        accepting_ = false;
        if (error) return retry_later(error.message());
        start_session(std::move(socket));
        accept();
      });
}

void SocksListener::retry_later(const std::string& reason) {
  log_.warn("socks: cannot accept: {}", reason);
  retry_.run_after(kAcceptRetry, [this] { accept(); });
}

void SocksListener::start_session(tcp::socket socket) {
  ++shared_->connections;
  // The ticket's end tells that the connection is gone, whoever owned it by then.
  std::shared_ptr<void> ticket(nullptr, [shared = shared_](void*) {
    --shared->connections;
    if (shared->connection_gone) shared->connection_gone();
  });
  auto session =
      std::make_shared<SocksSession>(shared_, AppSocket::create(std::move(socket), ticket), io_);
  shared_->sessions.insert(session);
  session->start(options_.negotiation_timeout);
}

}  // namespace onion_proxy
