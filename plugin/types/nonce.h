// The secret that makes a circuit part of a tunnel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace conflux {

// 32 bytes that grant the right to add a leg. They have no printer, are compared in constant time
// and are wiped when the object dies. Spec: prop329 [LINKING_CIRCUITS]. Attacks A3, A8, A9.
class Nonce {
 public:
  static constexpr std::size_t kSize = 32;

  explicit Nonce(std::span<const std::uint8_t, kSize> bytes) noexcept;
  Nonce(const Nonce&) noexcept = default;
  Nonce& operator=(const Nonce&) noexcept = default;
  ~Nonce();

  // Constant time over all 32 bytes (regression R2: one compared a single byte).
  [[nodiscard]] bool equals(const Nonce& other) const noexcept;
  // For the LINK body only.
  [[nodiscard]] std::span<const std::uint8_t, kSize> bytes() const noexcept { return bytes_; }

  bool operator==(const Nonce&) const = delete;

 private:
  std::array<std::uint8_t, kSize> bytes_;
};

// Overwrites bytes that held a nonce, in a way that no optimiser removes.
void wipe(std::span<std::uint8_t> bytes) noexcept;

template <class Sink>
Sink& operator<<(Sink&, const Nonce&) = delete;

}  // namespace conflux
