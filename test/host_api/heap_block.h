#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace conflux::test {

// A heap block of exactly `size` bytes, all of them kFill: AddressSanitizer sees any access past
// its end, and untouched() any write into a part that was to be left alone.
class HeapBlock {
 public:
  static constexpr std::uint8_t kFill = 0xA5;

  explicit HeapBlock(std::size_t size)
      : size_(size), bytes_(static_cast<std::uint8_t*>(std::malloc(size))) {
    std::memset(bytes_.get(), kFill, size);
  }
  [[nodiscard]] std::uint8_t* data() { return bytes_.get(); }
  [[nodiscard]] bool untouched(std::size_t from, std::size_t to) const {
    return std::all_of(bytes_.get() + from, bytes_.get() + to,
                       [](std::uint8_t byte) { return byte == kFill; });
  }
  [[nodiscard]] bool untouched(std::size_t from = 0) const { return untouched(from, size_); }

 private:
  struct Free {
    void operator()(std::uint8_t* block) const { std::free(block); }
  };
  std::size_t size_;
  std::unique_ptr<std::uint8_t, Free> bytes_;
};

}  // namespace conflux::test
