// What a client asks of an exit's scheduling, as LINK carries it.
#pragma once

#include <cstdint>

namespace conflux {

// Spec: prop329 [INITIAL_UX]. Any other byte is representable and unknown.
enum class DesiredUx : std::uint8_t {
  kNoOpinion = 0,
  kMinLatency = 1,
  kLowMemLatency = 2,
  kHighThroughput = 3,
  kLowMemThroughput = 4,
};

inline constexpr std::uint8_t kDesiredUxMax = 4;

}  // namespace conflux
