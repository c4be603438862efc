// The malloc of the whole process, counted, and made to fail on demand. One thread at a time.
#pragma once

#include <cstdint>

namespace conflux::test {

// Counts allocations of this thread while it lives.
class AllocationCount {
 public:
  AllocationCount() noexcept;
  // malloc, calloc, realloc and operator new since it began.
  [[nodiscard]] std::uint64_t allocations() const noexcept;
  [[nodiscard]] std::uint64_t frees() const noexcept;

 private:
  std::uint64_t allocations_;
  std::uint64_t frees_;
};

// While it lives, the n-th allocation from now on (from 1) fails, and those after it succeed.
class FailingAllocation {
 public:
  explicit FailingAllocation(std::uint64_t n) noexcept;
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  // Has it failed yet?
  [[nodiscard]] bool has_failed() const noexcept;
};

// Bytes that are allocated now, as the C library counts them for each block.
[[nodiscard]] std::uint64_t allocated_bytes() noexcept;

}  // namespace conflux::test
