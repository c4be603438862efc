// Big-endian integers of fixed extent: an overread does not compile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace conflux {

template <class UInt>
[[nodiscard]] constexpr UInt load_big_endian(std::span<const std::uint8_t, sizeof(UInt)> bytes) {
  UInt value = 0;
  for (const std::uint8_t byte : bytes) value = static_cast<UInt>(value << 8U | byte);
  return value;
}

template <class UInt>
constexpr void store_big_endian(UInt value, std::span<std::uint8_t, sizeof(UInt)> bytes) {
  for (std::size_t i = sizeof(UInt); i-- > 0; value = static_cast<UInt>(value >> 8U)) {
    bytes[i] = static_cast<std::uint8_t>(value & 0xFFU);
  }
}

}  // namespace conflux
