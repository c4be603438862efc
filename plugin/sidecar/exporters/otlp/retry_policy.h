// When to send a request again. Pure: the code that a receiver answered with goes in, a wait comes
// out. Spec: OTLP 1.x, "OTLP/gRPC Response", "OTLP/gRPC Throttling".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace conflux::sidecar {

// Codes of gRPC, by their numbers in the protocol.
enum class RpcCode : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

struct RetryOptions {
  std::chrono::milliseconds first{1000};
  std::chrono::milliseconds most{60'000};
  // A receiver may ask for longer, but not for ever: it could be mistaken.
  std::chrono::milliseconds asked_most{600'000};
};

struct ExportFailure {
  RpcCode code = RpcCode::kUnknown;
  // RetryInfo, if the receiver sent one.
  std::optional<std::chrono::milliseconds> retry_after{};
};

[[nodiscard]] bool is_retryable(const ExportFailure& failure) noexcept;

// How long to wait before the next try. `failures`: in a row, this one included. `random`: in
// [0, 1), anew each time, so that many senders do not come back together. What the receiver asked
// for is never undercut.
[[nodiscard]] std::chrono::milliseconds retry_delay(const ExportFailure& failure, unsigned failures,
                                                    double random,
                                                    const RetryOptions& options) noexcept;

}  // namespace conflux::sidecar
