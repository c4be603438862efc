// Big-endian fields, as every Tor wire format has them: a reader that checks once, and writers.
#pragma once

#include <cstring>
#include <ranges>
#include <type_traits>

#include "examples/onion_proxy/base/bytes.h"

namespace onion_proxy {

using MutableByteView = std::span<uint8_t>;

/// Reads big-endian fields from front to back. After the first field that does not fit, `ok()` is
/// false and every later read gives zeros: parsers read everything, then check once.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : left_(bytes) {}
  /// A temporary that owns its bytes would be gone before the first read.
  template <class Owner>
  requires(!std::is_lvalue_reference_v<Owner> &&
           !std::ranges::borrowed_range<Owner>) explicit ByteReader(Owner&& owner) = delete;

  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }
  size_t remaining() const { return left_.size(); }

  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }

  /// The next `n` bytes, borrowed; empty when they are not there.
  ByteView take(size_t n) {
    if (n > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    const ByteView out = left_.first(n);
    left_ = left_.subspan(n);
    return out;
  }

  template <size_t N>
  ByteArray<N> array() {
    ByteArray<N> out{};
    const ByteView in = take(N);
    if (!in.empty()) std::memcpy(out.data(), in.data(), N);
    return out;
  }

  ByteView rest() { return take(left_.size()); }

 private:
  uint64_t number(size_t n) {
    uint64_t value = 0;
    for (const uint8_t byte : take(n)) value = value << 8 | byte;
    return value;
  }

  ByteView left_;
  bool ok_ = true;
};

inline void append(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void append(Bytes& out, std::string_view text) { append(out, as_bytes(text)); }
inline void append_u8(Bytes& out, uint8_t value) { out.push_back(value); }
inline void append_u16(Bytes& out, uint16_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}
inline void append_u32(Bytes& out, uint32_t value) {
  append_u16(out, static_cast<uint16_t>(value >> 16));
  append_u16(out, static_cast<uint16_t>(value));
}
inline void append_u64(Bytes& out, uint64_t value) {
  append_u32(out, static_cast<uint32_t>(value >> 32));
  append_u32(out, static_cast<uint32_t>(value));
}

/// `a | b | c`, as the specifications write it.
template <class... Parts>
Bytes concat(const Parts&... parts) {
  Bytes out;
  (append(out, parts), ...);
  return out;
}

inline uint16_t read_u16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }
inline void write_u16(uint8_t* p, uint16_t value) {
  p[0] = static_cast<uint8_t>(value >> 8);
  p[1] = static_cast<uint8_t>(value);
}
inline void write_u32(uint8_t* p, uint32_t value) {
  write_u16(p, static_cast<uint16_t>(value >> 16));
  write_u16(p + 2, static_cast<uint16_t>(value));
}

}  // namespace onion_proxy
