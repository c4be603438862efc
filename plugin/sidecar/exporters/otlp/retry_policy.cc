#include "plugin/sidecar/exporters/otlp/retry_policy.h"

#include <algorithm>
#include <cmath>

namespace conflux::sidecar {

using std::chrono::milliseconds;

namespace {

milliseconds scaled(milliseconds base, double factor) {
  return milliseconds(std::llround(static_cast<double>(base.count()) * factor));
}

}  // namespace

bool is_retryable(const ExportFailure& failure) noexcept {
  switch (failure.code) {
    case RpcCode::kCancelled:
    case RpcCode::kDeadlineExceeded:
    case RpcCode::kAborted:
    case RpcCode::kOutOfRange:
    case RpcCode::kUnavailable:
    case RpcCode::kDataLoss:
      return true;
    case RpcCode::kResourceExhausted:
      // Without it the receiver means a quota, and not that it will recover.
      return failure.retry_after.has_value();
    case RpcCode::kOk:
    case RpcCode::kUnknown:
    case RpcCode::kInvalidArgument:
    case RpcCode::kNotFound:
    case RpcCode::kAlreadyExists:
    case RpcCode::kPermissionDenied:
    case RpcCode::kFailedPrecondition:
    case RpcCode::kUnimplemented:
    case RpcCode::kInternal:
    case RpcCode::kUnauthenticated:
      break;
  }
  return false;
}

milliseconds retry_delay(const ExportFailure& failure, unsigned failures, double random,
                         const RetryOptions& options) noexcept {
  const milliseconds asked = failure.retry_after.value_or(milliseconds(0));
  if (asked > milliseconds(0)) {
    // Later by up to a tenth, never earlier.
    return scaled(std::min(asked, options.asked_most), 1 + random / 10);
  }
  // Doubled each time; 2^30 is more than any limit.
  const unsigned doublings = std::min(std::max(failures, 1U) - 1, 30U);
  const milliseconds base =
      std::min(scaled(options.first, std::ldexp(1.0, static_cast<int>(doublings))), options.most);
  return scaled(base, 0.5 + random / 2);
}

}  // namespace conflux::sidecar
