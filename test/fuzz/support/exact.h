// Arguments in heap blocks of exactly the size that is claimed, so that AddressSanitizer sees a
// step past the end, and with tails that nobody may touch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "test/fuzz/support/expect.h"

namespace conflux::fuzz {

inline constexpr std::byte kTail{0xA5};

// A struct that begins with struct_size, as a host of another version would lay it out.
template <class T>
class ExactStruct {
 public:
  explicit ExactStruct(const T& value, std::size_t size = sizeof(T))
      : size_(std::max(size, sizeof(std::uint32_t))), bytes_(new std::byte[size_]) {
    std::fill_n(bytes_.get(), size_, kTail);
    std::memcpy(bytes_.get(), &value, std::min(size_, sizeof(T)));
    const auto claimed = static_cast<std::uint32_t>(size);
    std::memcpy(bytes_.get(), &claimed, sizeof claimed);
  }
  T* get() { return reinterpret_cast<T*>(bytes_.get()); }
  // As far as it reaches; the rest is zero.
  [[nodiscard]] T value() const {
    T out{};
    std::memcpy(static_cast<void*>(&out), bytes_.get(), std::min(size_, sizeof(T)));
    return out;
  }
  void check_tail() const {
    for (std::size_t i = sizeof(T); i < size_; ++i) {
      expect(bytes_[i] == kTail, "what a newer host appended is left alone");
    }
  }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

// An array whose elements are `stride` bytes apart.
template <class T>
class ExactArray {
 public:
  ExactArray(std::size_t count, std::size_t stride)
      : count_(count),
        stride_(stride),
        bytes_(new std::byte[std::max<std::size_t>(1, count * stride)]) {
    std::fill_n(bytes_.get(), count * stride, kTail);
  }
  ExactArray(std::span<const T> values, std::size_t stride) : ExactArray(values.size(), stride) {
    for (std::size_t i = 0; i < count_; ++i) {
      std::memcpy(bytes_.get() + i * stride_, &values[i], std::min(stride_, sizeof(T)));
    }
  }
  T* get() { return reinterpret_cast<T*>(bytes_.get()); }
  [[nodiscard]] T at(std::size_t i) const {
    T out{};
    std::memcpy(static_cast<void*>(&out), bytes_.get() + i * stride_, std::min(stride_, sizeof(T)));
    return out;
  }
  // Elements from `written` on, and what lies between elements, are as they were.
  void check_untouched(std::size_t written) const {
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t from = i < written ? std::min(stride_, sizeof(T)) : 0;
      for (std::size_t at = from; at < stride_; ++at) {
        expect(bytes_[i * stride_ + at] == kTail, "what was not written is left alone");
      }
    }
  }

 private:
  std::size_t count_;
  std::size_t stride_;
  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace conflux::fuzz
