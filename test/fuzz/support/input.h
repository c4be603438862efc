// Decisions out of the fuzzer's bytes, from front to back. Past the end everything is zero, so
// every text of bytes is a program.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace conflux::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

  [[nodiscard]] bool empty() const { return left_.empty(); }

  std::uint8_t byte() {
    const auto one = take(1);
    return one.empty() ? std::uint8_t{0} : one[0];
  }
  // `limit` is 1..256.
  std::size_t below(std::size_t limit) { return byte() % limit; }
  bool flag() { return (byte() & 1U) != 0; }

  template <class UInt>
  UInt raw() {
    std::uint64_t value = 0;
    for (const std::uint8_t it : take(sizeof(UInt))) value = value << 8U | it;
    return static_cast<UInt>(value);
  }

  // Small, at an edge where arithmetic breaks, or anything at all.
  std::uint64_t number() {
    constexpr std::uint8_t kSmall = 224;
    constexpr std::array<std::uint64_t, 16> kEdges = {256,
                                                      4096,
                                                      65535,
                                                      65536,
                                                      1U << 20U,
                                                      1U << 31U,
                                                      UINT32_MAX - 1,
                                                      UINT32_MAX,
                                                      1ULL << 32,
                                                      UINT64_MAX / 4,
                                                      UINT64_MAX / 4 + 1,
                                                      INT64_MAX,
                                                      1ULL << 63,
                                                      600'000'000,
                                                      UINT64_MAX - 1,
                                                      UINT64_MAX};
    const std::uint8_t kind = byte();
    if (kind < kSmall) return kind;
    if (kind < kSmall + kEdges.size()) return kEdges[kind - kSmall];
    return raw<std::uint64_t>();
  }
  std::uint32_t number32() { return static_cast<std::uint32_t>(number()); }

  // At most `count` bytes: what there is.
  std::span<const std::uint8_t> take(std::size_t count) {
    const auto out = left_.first(std::min(count, left_.size()));
    left_ = left_.subspan(out.size());
    return out;
  }
  std::span<const std::uint8_t> rest() { return take(left_.size()); }
  std::string_view rest_text() {
    const auto bytes = rest();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  std::span<const std::uint8_t> left_;
};

}  // namespace conflux::fuzz
