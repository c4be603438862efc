// The schema inside a region: the catalogue of the plugin that wrote it, so that a reader shows
// also metrics that it has never heard of.
//
// Records, one after the other, each: u8 kind, u8 0, u16 words, u32 0, u64 bin, u64 scale, then the
// texts name, unit, help and label, then u16 count and that many texts (label values), then u16
// count and that many u64 (bounds). A text is u16 length and that many bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugin/region/catalogue.h"

namespace conflux::region {

// A metric as a reader learns it; see MetricSpec.
struct Description {
  MetricKind kind{};
  std::string name;
  std::string unit;
  std::string help;
  std::string label;
  std::vector<std::string> values;
  std::uint64_t bin = 1;
  std::uint64_t scale = 1;
  std::vector<std::uint64_t> bounds;
  std::size_t first_word = 0;
  std::size_t words = 0;

  friend bool operator==(const Description&, const Description&) = default;
};

// What a reader accepts of a stranger.
inline constexpr std::size_t kMetricsMax = 256;
inline constexpr std::size_t kTextMax = 1024;
inline constexpr std::size_t kValuesMax = 64;
inline constexpr std::size_t kBoundsMax = 64;

[[nodiscard]] std::vector<std::byte> encode_schema(std::span<const MetricSpec> metrics);

// Nothing if it is not whole, contradicts itself, exceeds a limit, or names a metric or label in
// characters that an exporter could not print. `word_count`: aggregates that the region has.
[[nodiscard]] std::optional<std::vector<Description>> decode_schema(
    std::span<const std::byte> bytes, std::size_t word_count);

// CRC-32 as in IEEE 802.3: finds what was cut or torn, not what was forged.
[[nodiscard]] std::uint32_t crc32(std::span<const std::byte> bytes) noexcept;

}  // namespace conflux::region
