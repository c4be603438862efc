// How many calls are served at once.
#pragma once

#include <atomic>
#include <cstdint>

namespace conflux::sidecar {

// Thread-safe. A call holds its place until the last byte of its answer has left or the client is
// gone, so clients that do not read hold places and no more.
class Admission {
 public:
  explicit Admission(std::uint32_t places) : free_(static_cast<std::int64_t>(places)) {}

  [[nodiscard]] bool try_enter() {
    if (free_.fetch_sub(1) > 0) return true;
    free_.fetch_add(1);
    return false;
  }
  void leave() { free_.fetch_add(1); }

 private:
  std::atomic<std::int64_t> free_;
};

}  // namespace conflux::sidecar
