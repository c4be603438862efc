// Relay commands and the bodies of signalling cells, as an exit writes them. Own code, so that the
// plugin's codec is not its own judge. Spec: tor-spec "Relay cells"; prop329 [LINKING_CIRCUITS].
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace conflux::test {

inline constexpr std::uint8_t kBegin = 1;
inline constexpr std::uint8_t kData = 2;
inline constexpr std::uint8_t kEnd = 3;
inline constexpr std::uint8_t kConnected = 4;
inline constexpr std::uint8_t kSendme = 5;
inline constexpr std::uint8_t kTruncated = 9;
inline constexpr std::uint8_t kDrop = 10;
inline constexpr std::uint8_t kResolve = 11;
inline constexpr std::uint8_t kResolved = 12;
inline constexpr std::uint8_t kBeginDir = 13;
inline constexpr std::uint8_t kExtend2 = 14;
inline constexpr std::uint8_t kLink = 19;
inline constexpr std::uint8_t kLinked = 20;
inline constexpr std::uint8_t kLinkedAck = 21;
inline constexpr std::uint8_t kSwitch = 22;
inline constexpr std::uint8_t kPaddingNegotiate = 41;
inline constexpr std::uint8_t kXoff = 43;
inline constexpr std::uint8_t kXon = 44;

using Body = std::vector<std::uint8_t>;

// LINK or LINKED.
struct LinkBody {
  std::uint8_t version = 1;
  std::array<std::uint8_t, 32> nonce{};
  std::uint64_t last_sent = 0;
  std::uint64_t last_received = 0;
  std::uint8_t ux = 1;  // what a stock exit answers
};

[[nodiscard]] Body encode(const LinkBody& link);
// Throws std::out_of_range if it is too short.
[[nodiscard]] LinkBody decode_link(std::span<const std::uint8_t> body);
[[nodiscard]] Body switch_body(std::uint32_t delta);
[[nodiscard]] std::uint32_t decode_switch(std::span<const std::uint8_t> body);

}  // namespace conflux::test
