#include "plugin/sidecar/serve/requests.h"

#include <string>

namespace conflux::sidecar {
namespace {

grpc::Status invalid(const std::string& text) { return {grpc::StatusCode::INVALID_ARGUMENT, text}; }

}  // namespace

grpc::Status check_instance(const std::string& instance) {
  return instance.size() <= kInstanceLongest
             ? grpc::Status()
             : invalid("instance: expected at most 32 characters, as in conflux.metrics.instance");
}

grpc::Status read_duration(const google::protobuf::Duration& duration,
                           std::chrono::milliseconds& out) {
  constexpr std::int64_t kMostSeconds = kIntervalMost.count() / 1000;
  const bool sane = duration.seconds() >= 0 && duration.seconds() <= kMostSeconds &&
                    duration.nanos() >= 0 && duration.nanos() < 1'000'000'000;
  out = std::chrono::milliseconds(sane ? duration.seconds() * 1000 + duration.nanos() / 1'000'000
                                       : 0);
  if (out >= kIntervalLeast && out <= kIntervalMost) return {};
  return invalid("interval: expected 100ms to 1h, or none for 1s");
}

grpc::Status read_count(const char* name, std::uint32_t given, std::uint32_t otherwise,
                        std::uint32_t most, std::size_t& out) {
  out = given == 0 ? otherwise : given;
  if (given <= most) return {};
  return invalid(std::string(name) + ": expected 1 to " + std::to_string(most) + ", or 0 for " +
                 std::to_string(otherwise));
}

}  // namespace conflux::sidecar
