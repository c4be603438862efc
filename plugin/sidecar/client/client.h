// A client of conflux-sidecar: for tools that show what it tells.
#pragma once

#include <conflux/metrics/v1/metrics.pb.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace grpc {
class ClientContext;
}

namespace conflux::sidecar {

// Where the sidecar is.
struct Address {
  // "unix:/run/conflux/sidecar.sock", or "host:port" with all three files of mutual TLS.
  std::string target{};
  std::string ca_file{};
  std::string certificate_file{};
  std::string key_file{};
};

// An answer, or why there is none.
template <class T>
struct Answer {
  T value{};
  grpc::Status status{};

  [[nodiscard]] bool ok() const { return status.ok(); }
};

// What a person can do with a status: the message without gRPC's internals.
[[nodiscard]] std::string reason_of(const grpc::Status& status);

// Ends a stream from another thread, also before it has begun. Thread-safe.
class Cancellation {
 public:
  Cancellation();
  ~Cancellation();
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;
  void cancel();

 private:
  friend class Client;
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

// Methods are thread-safe and wait at most for the timeout. A stream waits as long as it is left
// running; its callback answers false to end it, which is a status of OK.
class Client {
 public:
  // Null with `problem` if a file of the address cannot be read.
  [[nodiscard]] static std::unique_ptr<Client> make(const Address& address, std::string& problem);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `cancellation`: ends it early.
  [[nodiscard]] Answer<metrics::v1::Snapshot> snapshot(const std::string& instance,
                                                       Cancellation& cancellation) const;
  [[nodiscard]] Answer<metrics::v1::DescribeResponse> describe(const std::string& instance) const;
  // All pages as one.
  [[nodiscard]] Answer<metrics::v1::ListTunnelsResponse> tunnels(const std::string& instance) const;

  struct WatchOptions {
    std::string instance{};
    std::chrono::milliseconds interval{1000};
    std::vector<std::string> changed{};  // watch(): metrics; see WatchRequest
    std::uint32_t limit = 0;             // watch_tunnels(): see WatchTunnelsRequest
  };
  using OnSnapshot = std::function<bool(const metrics::v1::Snapshot&)>;
  using OnTunnels = std::function<bool(const metrics::v1::ListTunnelsResponse&)>;
  [[nodiscard]] grpc::Status watch(const WatchOptions& options, Cancellation& cancellation,
                                   const OnSnapshot& on_snapshot) const;
  [[nodiscard]] grpc::Status watch_tunnels(const WatchOptions& options, Cancellation& cancellation,
                                           const OnTunnels& on_tunnels) const;

 private:
  struct Stubs;
  Client();
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace conflux::sidecar
