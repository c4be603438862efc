#include "plugin/sidecar/exporters/otlp/retry_policy.h"

#include <gtest/gtest.h>

namespace conflux::sidecar::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr RetryOptions kOptions{.first = 100ms, .most = 1000ms, .asked_most = 5000ms};

// Spec: OTLP, table of retryable codes.
TEST(RetryPolicy, RetriesWhatTheSpecificationCallsRetryableAndNothingElse) {
  for (int code = 1; code <= 16; ++code) {
    const bool retryable =
        code == 1 || code == 4 || code == 10 || code == 11 || code == 14 || code == 15;
    EXPECT_EQ(is_retryable({static_cast<RpcCode>(code), {}}), retryable) << code;
  }
}

TEST(RetryPolicy, RetriesAnExhaustedReceiverOnlyIfItSaysWhen) {
  EXPECT_FALSE(is_retryable({RpcCode::kResourceExhausted, {}}));
  EXPECT_TRUE(is_retryable({RpcCode::kResourceExhausted, 10ms}));
  EXPECT_TRUE(is_retryable({RpcCode::kResourceExhausted, 0ms}));
  EXPECT_FALSE(is_retryable({RpcCode::kInvalidArgument, 10ms})) << "whatever it says of when";
}

TEST(RetryPolicy, DoublesTheWaitUpToTheLimit) {
  const ExportFailure failure{RpcCode::kUnavailable, {}};
  EXPECT_EQ(retry_delay(failure, 1, 0, kOptions), 50ms);
  EXPECT_EQ(retry_delay(failure, 2, 0, kOptions), 100ms);
  EXPECT_EQ(retry_delay(failure, 4, 0, kOptions), 400ms);
  EXPECT_EQ(retry_delay(failure, 5, 0, kOptions), 500ms);
  EXPECT_EQ(retry_delay(failure, 4'000'000'000, 0, kOptions), 500ms) << "and never overflows";
}

TEST(RetryPolicy, SpreadsTheWaitOverTheUpperHalf) {
  const ExportFailure failure{RpcCode::kUnavailable, {}};
  EXPECT_EQ(retry_delay(failure, 1, 0.5, kOptions), 75ms);
  EXPECT_LE(retry_delay(failure, 1, 0.999, kOptions), 100ms);
}

TEST(RetryPolicy, WaitsAtLeastAsLongAsTheReceiverAsksButNotForEver) {
  for (const double random : {0.0, 0.3, 0.999}) {
    const milliseconds wait = retry_delay({RpcCode::kUnavailable, 3000ms}, 1, random, kOptions);
    EXPECT_GE(wait, 3000ms);
    EXPECT_LE(wait, 3300ms);
  }
  EXPECT_EQ(retry_delay({RpcCode::kUnavailable, 24h}, 1, 0, kOptions), 5000ms);
}

TEST(RetryPolicy, BacksOffOnItsOwnIfTheReceiverAsksForNoTimeAtAll) {
  EXPECT_EQ(retry_delay({RpcCode::kResourceExhausted, 0ms}, 3, 0, kOptions), 200ms);
}

}  // namespace
}  // namespace conflux::sidecar::test
