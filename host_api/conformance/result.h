// What became of a check.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpath::kit {

enum class Status : std::uint8_t { kPassed, kWarning, kFailed, kCrashed, kTimedOut, kSkipped };

[[nodiscard]] constexpr std::string_view word_of(Status status) noexcept {
  switch (status) {
    case Status::kPassed:
      return "passed";
    case Status::kWarning:
      return "warning";
    case Status::kFailed:
      return "failed";
    case Status::kCrashed:
      return "crashed";
    case Status::kTimedOut:
      return "timed out";
    case Status::kSkipped:
      return "skipped";
  }
  return "unknown";
}

struct Result {
  Status status = Status::kPassed;
  std::string requirement{};  // that was broken; empty unless the status is bad
  std::string message{};      // why; empty if it passed
  double seconds = 0;

  [[nodiscard]] bool is_bad() const noexcept {
    return status == Status::kFailed || status == Status::kCrashed || status == Status::kTimedOut;
  }
};

}  // namespace mpath::kit
