// SWITCH: the next cells of this leg are so many ahead.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "plugin/types/strong.h"

namespace conflux {

// Spec: prop329 [SEQUENCING]. Body: the relative sequence number, u32, big endian.
inline constexpr std::size_t kSwitchSize = 4;

[[nodiscard]] std::array<std::uint8_t, kSwitchSize> encode_switch(SeqDelta delta) noexcept;

// Nothing if it is too short (C tor takes that for zero; zero is judged elsewhere, not guessed).
[[nodiscard]] std::optional<SeqDelta> parse_switch(std::span<const std::uint8_t> body) noexcept;

}  // namespace conflux
