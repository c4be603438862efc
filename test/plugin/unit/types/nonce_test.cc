#include "plugin/types/nonce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <ostream>
#include <string>

namespace conflux {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

// A nonce that could be printed, compared in passing or turned into text would leak one day.
static_assert(!Printable<Nonce>);
static_assert(!std::equality_comparable<Nonce>);
static_assert(!std::convertible_to<Nonce, std::string>);
static_assert(!std::is_default_constructible_v<Nonce>, "a nonce of zeroes is not a nonce");

std::array<std::uint8_t, Nonce::kSize> pattern() {
  std::array<std::uint8_t, Nonce::kSize> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + 1);
  return bytes;
}

TEST(Nonce, EqualsACopyOfItself) {
  const Nonce nonce(pattern());
  const Nonce copy = nonce;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_TRUE(nonce.equals(copy));
  EXPECT_TRUE(nonce.equals(Nonce(pattern())));
}

TEST(Nonce, DiffersWhicheverSingleBitDiffers) {  // regression R2: one byte was compared
  const Nonce nonce(pattern());
  for (std::size_t bit = 0; bit < Nonce::kSize * 8; ++bit) {
    auto bytes = pattern();
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1U << bit % 8);
    EXPECT_FALSE(nonce.equals(Nonce(bytes))) << "bit " << bit;
  }
}

TEST(Nonce, HandsOutItsBytesForLink) {
  const Nonce nonce(pattern());
  EXPECT_TRUE(std::ranges::equal(nonce.bytes(), pattern()));
}

TEST(Nonce, IsWipedWhenItDies) {
  alignas(Nonce) std::array<std::byte, sizeof(Nonce)> storage;
  Nonce* nonce = new (storage.data()) Nonce(pattern());
  std::destroy_at(nonce);
  EXPECT_TRUE(std::ranges::all_of(storage, [](std::byte byte) { return byte == std::byte{0}; }));
}

}  // namespace
}  // namespace conflux
