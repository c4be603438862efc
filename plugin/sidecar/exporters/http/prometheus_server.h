// GET /metrics for Prometheus, /healthz for whoever watches the sidecar, and a page for people.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "plugin/sidecar/exporters/own_metrics.h"
#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

struct PrometheusServerOptions {
  std::string listen{};  // see parse_listen_address()
  // Further connections get 503 and are closed.
  std::size_t connections_max = 32;
  std::size_t header_bytes_max = 8192;
  // For a whole request to arrive, and for a response to leave. A connection idles as long.
  std::chrono::milliseconds timeout{10'000};
  std::chrono::seconds stale_after{60};
};

// Called on the server's thread; what they throw becomes a 500.
struct PrometheusSource {
  std::function<std::shared_ptr<const Snapshot>()> snapshot;  // null: none yet
  std::function<SidecarFacts()> facts;  // without `scrapes`, which the server counts
};

// HTTP/1.1 on a thread of its own. Thread-safe.
class PrometheusServer {
 public:
  struct Result {
    std::unique_ptr<PrometheusServer> server;  // null: refused
    std::string problem;                       // in one line, with what to do
  };
  [[nodiscard]] static Result start(PrometheusServerOptions options, PrometheusSource source);
  // As stop().
  ~PrometheusServer();
  PrometheusServer(const PrometheusServer&) = delete;
  PrometheusServer& operator=(const PrometheusServer&) = delete;

  // 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::uint64_t scrapes() const noexcept;
  // Takes no further request, lets responses that are on their way leave for at most a second, and
  // returns when all is closed.
  void stop();

 private:
  class Server;
  explicit PrometheusServer(std::unique_ptr<Server> server) noexcept;
  std::unique_ptr<Server> server_;
};

}  // namespace conflux::sidecar
