#include "plugin/codec/switch_message.h"

#include "plugin/codec/big_endian.h"

namespace conflux {

std::array<std::uint8_t, kSwitchSize> encode_switch(SeqDelta delta) noexcept {
  std::array<std::uint8_t, kSwitchSize> body;
  store_big_endian(delta.raw(), std::span<std::uint8_t, kSwitchSize>(body));
  return body;
}

std::optional<SeqDelta> parse_switch(std::span<const std::uint8_t> body) noexcept {
  if (body.size() < kSwitchSize) return std::nullopt;
  return SeqDelta{load_big_endian<std::uint32_t>(body.first<kSwitchSize>())};
}

}  // namespace conflux
