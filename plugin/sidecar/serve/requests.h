// What requests of conflux.metrics.v1 must be, and the numbers in them.
#pragma once

#include <conflux/metrics/v1/metrics.pb.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstddef>

namespace conflux::sidecar {

inline constexpr std::size_t kInstanceLongest = 32;
inline constexpr std::chrono::milliseconds kIntervalLeast{100};
inline constexpr std::chrono::milliseconds kIntervalMost{3'600'000};
inline constexpr int kChangedMost = 64;
inline constexpr std::uint32_t kPageDefault = 100;
inline constexpr std::uint32_t kPageMost = 1000;
inline constexpr std::uint32_t kWatchedDefault = 1000;

// INVALID_ARGUMENT with what was expected.
[[nodiscard]] grpc::Status check_instance(const std::string& instance);
// The interval of a watch request; one second if it has none.
template <class Request>
[[nodiscard]] grpc::Status read_interval(const Request& request, std::chrono::milliseconds& out);
// `given`, or `otherwise` if it is 0.
[[nodiscard]] grpc::Status read_count(const char* name, std::uint32_t given,
                                      std::uint32_t otherwise, std::uint32_t most,
                                      std::size_t& out);

[[nodiscard]] grpc::Status read_duration(const google::protobuf::Duration& duration,
                                         std::chrono::milliseconds& out);

template <class Request>
grpc::Status read_interval(const Request& request, std::chrono::milliseconds& out) {
  out = std::chrono::seconds(1);
  return request.has_interval() ? read_duration(request.interval(), out) : grpc::Status();
}

}  // namespace conflux::sidecar
