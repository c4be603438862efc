// Our own bugs: caught where they happen, fatal in tests, contained in production.
#pragma once

#include <cassert>
#include <exception>

namespace conflux {

// Thrown when the plugin finds itself inconsistent. The ABI shim turns it into a poisoned tunnel;
// it never leaves the plugin.
class InternalError final : public std::exception {
 public:
  explicit InternalError(const char* what) noexcept : what_(what) {}
  [[nodiscard]] const char* what() const noexcept override { return what_; }

 private:
  const char* what_;
};

// True or a bug of ours. Stays on in production where it guards memory or sequence numbers.
#define CONFLUX_CHECK(condition)                                  \
  do {                                                            \
    assert(condition);                                            \
    if (!(condition)) throw ::conflux::InternalError(#condition); \
  } while (false)

}  // namespace conflux
