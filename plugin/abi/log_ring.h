// Log records on their way to the host. [any-thread]
#pragma once

#include <mpath/plugin.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace conflux {

// Bounded: when the host does not drain, the oldest records are lost, and counted.
class LogRing {
 public:
  static constexpr std::size_t kCapacity = 1024;

  LogRing() : records_(kCapacity) {}

  void push(const mpath_log_record& record) noexcept {
    const std::lock_guard lock(mutex_);
    records_[(head_ + size_) % kCapacity] = record;
    if (size_ < kCapacity) {
      ++size_;
    } else {
      head_ = (head_ + 1) % kCapacity;
      ++lost_;
    }
  }

  // The oldest record, if there is one.
  bool pop(mpath_log_record& out) noexcept {
    const std::lock_guard lock(mutex_);
    if (size_ == 0) return false;
    out = records_[head_];
    head_ = (head_ + 1) % kCapacity;
    --size_;
    return true;
  }

  [[nodiscard]] std::size_t size() noexcept {
    const std::lock_guard lock(mutex_);
    return size_;
  }

  // How many were lost since the last time that this was asked.
  std::uint64_t take_lost() noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t lost = lost_;
    lost_ = 0;
    return lost;
  }

 private:
  std::mutex mutex_;
  std::vector<mpath_log_record> records_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace conflux
