#include "plugin/sidecar/exporters/http/prometheus_server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <set>
#include <thread>
#include <utility>

#include "plugin/sidecar/exporters/http/connection.h"
#include "plugin/sidecar/exporters/http/listen_address.h"
#include "plugin/sidecar/exporters/http/socket_file.h"

namespace conflux::sidecar {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kGrace{1000};
// After accept() failed for want of descriptors.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

// Everything but the constructor, run() and stop() happens on its thread.
class PrometheusServer::Server final : public ConnectionHost {
 public:
  Server(PrometheusServerOptions options, PrometheusSource source)
      : options_(std::move(options)), source_(std::move(source)) {}

  // Empty, or what is wrong.
  std::string open(const ListenAddress& address) {
    if (!address.unix_path.empty()) return open_unix(address.unix_path);
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address.host), address.port);
    // Never SO_REUSEPORT: two sidecars would share the port, and the scrapes, unnoticed.
    return listen(endpoint, true);
  }

  void run() {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { close(); });
    thread_.join();
    socket_file_.reset();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::uint64_t scrapes() const noexcept { return scrapes_.load(); }

  HttpResponse handle_request(const HttpRequest& request) override {
    const PageOptions pages{.stale_after = options_.stale_after,
                            .check_host = socket_file_ == nullptr};
    try {
      if (is_scrape(request, pages)) ++scrapes_;
      PageInput input{.snapshot = source_.snapshot(),
                      .facts = source_.facts(),
                      .now = std::chrono::system_clock::now()};
      input.facts.scrapes = scrapes_.load();
      return answer(request, input, pages);
    } catch (const std::exception&) {
      return refuse(boost::beast::http::status::internal_server_error,
                    "the sidecar failed to answer; see its log");
    }
  }

  void handle_end(Connection& connection) override {
    connections_.erase(&connection);
    if (closing_ && connections_.empty()) io_.stop();
  }

 private:
  std::string open_unix(const std::string& path) {
    SocketFile::Result file = SocketFile::acquire(path);
    if (file.file == nullptr) return file.problem;
    socket_file_ = std::move(file.file);
    return listen(asio::local::stream_protocol::endpoint(path), false);
  }

  template <class Endpoint>
  std::string listen(const Endpoint& endpoint, bool is_tcp) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error && is_tcp) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error && !is_tcp && !socket_file_->open_to_group()) {
      error = error_code(errno, boost::system::system_category());
    }
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return options_.listen + ": " + error.message() + "; is another process there already?";
    }
    if (is_tcp) read_port();
    return {};
  }

  void read_port() {
    const auto bound = acceptor_.local_endpoint();
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), bound.data(), std::min(bound.size(), tcp.capacity()));
    tcp.resize(bound.size());
    port_ = tcp.port();
  }

  void accept() {
    acceptor_.async_accept([this](error_code error, HttpSocket socket) {
      if (closing_) return;
      if (error) return pause();
      if (connections_.size() >= options_.connections_max) {
        Connection::turn_away(std::move(socket));
      } else {
        const ConnectionLimits limits{.header_bytes = options_.header_bytes_max,
                                      .timeout = options_.timeout};
        auto connection = std::make_shared<Connection>(std::move(socket), *this, limits);
        connections_.insert(connection.get());
        connection->run();
      }
      accept();
    });
  }

  void pause() {
    timer_.expires_after(kAcceptPause);
    timer_.async_wait([this](error_code) {
      if (!closing_) accept();
    });
  }

  void close() {
    closing_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
    const std::set<Connection*> open = connections_;
    for (Connection* connection : open) connection->finish();
    if (connections_.empty()) return io_.stop();
    timer_.expires_after(kGrace);
    timer_.async_wait([this](error_code) { io_.stop(); });
  }

  PrometheusServerOptions options_;
  PrometheusSource source_;
  asio::io_context io_{1};
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_{io_};
  asio::steady_timer timer_{io_};
  std::set<Connection*> connections_;
  std::unique_ptr<SocketFile> socket_file_;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> scrapes_{0};
  bool closing_ = false;
  std::thread thread_;
};

PrometheusServer::Result PrometheusServer::start(PrometheusServerOptions options,
                                                 PrometheusSource source) {
  const ParsedListenAddress parsed = parse_listen_address(options.listen);
  if (!parsed.address) return {nullptr, parsed.problem};
  auto server = std::make_unique<Server>(std::move(options), std::move(source));
  if (std::string problem = server->open(*parsed.address); !problem.empty()) {
    return {nullptr, std::move(problem)};
  }
  server->run();
  return {std::unique_ptr<PrometheusServer>(new PrometheusServer(std::move(server))), {}};
}

PrometheusServer::PrometheusServer(std::unique_ptr<Server> server) noexcept
    : server_(std::move(server)) {}
PrometheusServer::~PrometheusServer() { stop(); }
std::uint16_t PrometheusServer::port() const noexcept { return server_->port(); }
std::uint64_t PrometheusServer::scrapes() const noexcept { return server_->scrapes(); }
void PrometheusServer::stop() { server_->stop(); }

}  // namespace conflux::sidecar
