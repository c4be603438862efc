// The connection to an OTLP receiver, and what its answers mean. All of gRPC's client side that the
// exporter uses, its experimental part included, is behind this header.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/sidecar/exporters/otlp/encode.h"
#include "plugin/sidecar/exporters/otlp/retry_policy.h"

namespace conflux::sidecar {

struct OtlpEndpoint {
  std::string target{};  // "host:4317", "[::1]:4317" or "unix:/absolute/path"
  // Without TLS: on loopback and Unix sockets only.
  bool plaintext = false;
  std::string ca_file{};           // PEM; empty: the system's certificate authorities
  std::string certificate_file{};  // PEM, for mTLS; empty, as the next: none
  std::string key_file{};          // both are read anew when they change
  std::vector<std::pair<std::string, std::string>> headers{};  // metadata, such as authorization
  bool gzip = false;
};

struct OtlpReply {
  RpcCode code = RpcCode::kUnknown;
  std::optional<std::chrono::milliseconds> retry_after{};
  std::uint64_t points_rejected = 0;  // of an accepted request
};

// Thread-safe.
class OtlpChannel {
 public:
  // Null with `problem`, in one line with what to do, if the endpoint makes no sense or a file
  // cannot be read. Connects later, when there is something to send.
  struct Result {
    std::unique_ptr<OtlpChannel> channel;
    std::string problem;
  };
  [[nodiscard]] static Result create(const OtlpEndpoint& endpoint);
  ~OtlpChannel();
  OtlpChannel(const OtlpChannel&) = delete;
  OtlpChannel& operator=(const OtlpChannel&) = delete;

  // Blocks until there is an answer, for `timeout` at most.
  [[nodiscard]] OtlpReply send(const OtlpRequest& request, std::chrono::milliseconds timeout);
  // Makes a send() that is under way answer kCancelled, and every later one.
  void cancel();

 private:
  struct State;
  explicit OtlpChannel(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace conflux::sidecar
