// The metrics region, byte by byte: one file on tmpfs, written by a plugin, read by a sidecar.
// plugin/region/FORMAT.md is the page for people. Little-endian, 64-bit words, nothing moves once
// it is published.
//
//   0        header, 32 words
//   schema   what each aggregate word means (schema.h)
//   words    the aggregates
//   slots    one per tunnel, if the operator asked for detail
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace conflux::region {

static_assert(std::endian::native == std::endian::little, "the region is little-endian");

using Word = std::uint64_t;

// "CFXM\0\r\n\x1a": no text tool and no transfer in text mode leaves it whole.
inline constexpr Word kMagic = 0x1a0a0d004d584643ULL;
// A reader takes its own major version only, and any minor one: those add at the end.
inline constexpr std::uint32_t kMajor = 1;
inline constexpr std::uint32_t kMinor = 0;

// Places of the header's words.
enum HeaderWord : std::size_t {
  kHeaderMagic = 0,
  kHeaderVersion,    // major << 32 | minor
  kHeaderBytes,      // of the whole file
  kHeaderRegionId,   // random; another one is another writer's life
  kHeaderStartedAt,  // Unix time in seconds
  kHeaderSchemaAt,   // bytes from the start
  kHeaderSchemaBytes,
  kHeaderSchemaCrc,     // CRC-32 of the schema
  kHeaderAggregatesAt,  // bytes from the start
  kHeaderAggregateCount,
  kHeaderSlotsAt,  // bytes from the start
  kHeaderSlotCount,
  kHeaderSlotBytes,
  kHeaderFlags,
  // From here on they change while the region lives.
  kHeaderReady,              // 1: all of the above is in place
  kHeaderState,              // RegionState
  kHeaderHeartbeat,          // one more at each tick of the writer
  kHeaderAggregateSequence,  // even: the aggregates are whole
  kHeaderSlotsRejected,      // tunnels for which there was no slot
  kHeaderWords = 32,
};

enum HeaderFlag : Word {
  kFlagFineGrained = 1,  // no binning: a laboratory's
  kFlagDebugBuild = 2,
};

enum class WriterState : Word { kRunning = 1, kClosed = 2 };

// A slot: words of one tunnel between two looks at its sequence (a seqlock).
enum SlotWord : std::size_t {
  kSlotSequence = 0,  // odd: being written
  kSlotGeneration,    // odd: a tunnel lives here
  kSlotDisplayId,     // 32 bits; a keyed hash that says nothing outside of this region
  kSlotState,         // SlotState | legs << 8 | legs that have no room here << 16
  kSlotAgeClass,
  kSlotCellsSent,
  kSlotCellsReceived,
  kSlotSwitches,  // sent << 32 | received, both modulo 2^32
  kSlotReorderCells,
  kSlotReorderBytes,
  kSlotReorderPeakBytes,
  kSlotPrimary,  // ordinal of the sending leg
  kSlotLegs = 16,
};
// A leg inside a slot.
enum SlotLegWord : std::size_t {
  kLegWindow = 0,  // cwnd << 32 | inflight
  kLegRtt,         // state << 48 | ordinal << 32 | round trip in ms, rounded to 10
  kLegCellsSent,
  kLegCellsReceived,
  kLegWords,
};
inline constexpr std::size_t kSlotLegsMax = 8;
inline constexpr std::size_t kSlotWords = kSlotLegs + kSlotLegsMax * kLegWords;
// Where the words of the i-th leg begin.
[[nodiscard]] constexpr std::size_t leg_at(std::size_t i) noexcept {
  return kSlotLegs + i * std::size_t{kLegWords};
}
inline constexpr std::size_t kSlotBytes = kSlotWords * sizeof(Word);
static_assert(kSlotBytes == 384 && kSlotBytes % 64 == 0);
using Slot = std::array<Word, kSlotWords>;

enum class SlotState : std::uint8_t { kSinglePath = 1, kLinking, kReady, kClosed };
// How long ago the tunnel was made, as coarse as this on purpose.
enum class AgeClass : std::uint8_t { kSeconds = 1, kMinutes, kTensOfMinutes, kHours };

// What a reader accepts, and a writer never exceeds.
inline constexpr std::uint64_t kRegionBytesMax = 16ULL << 20;
inline constexpr std::uint64_t kSchemaBytesMax = 64ULL << 10;
inline constexpr std::uint64_t kAggregatesMax = 1024;
inline constexpr std::uint64_t kSlotsMax = 16384;
// Everything starts at a cache line.
inline constexpr std::uint64_t kAlignment = 64;
[[nodiscard]] constexpr std::uint64_t aligned(std::uint64_t bytes) noexcept {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

inline constexpr const char* kFileSuffix = ".cfxm";

}  // namespace conflux::region
