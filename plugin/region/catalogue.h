// Every metric that leaves the process: one table, from which the region's schema, the exporters
// and the documentation are made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace conflux::region {

enum class MetricKind : std::uint8_t { kCounter = 1, kGauge = 2, kHistogram = 3 };

struct MetricSpec {
  MetricKind kind{};
  std::string_view name{};  // without the unit and "_total"
  std::string_view unit{};  // UCUM: "By", "s", "{cell}", "1"
  std::string_view help{};
  std::string_view label{};                    // empty: a single series
  std::span<const std::string_view> values{};  // of the label
  // Counters are floored to a multiple of it, gauges rounded up to one. 1: exact.
  std::uint64_t bin = 1;
  // What one count of a word is worth: value = count / scale.
  std::uint64_t scale = 1;
  std::span<const std::uint64_t> bounds{};  // of a histogram, in counts
  std::string_view reveals{};               // to an adversary who reads the export
  std::string_view safe{};                  // because
};

// The order of the table, and of the words in the region.
enum class Metric : std::size_t {
  kTunnels,
  kLegs,
  kTunnelsCreated,
  kTunnelsClosed,
  kHandshakes,
  kCellsSent,
  kCellsReceived,
  kSwitches,
  kReorderBytes,
  kReorderLimitBytes,
  kReorderPressure,
  kReorderPeak,
  kHandshakeRtt,
  kViolations,
  kViolationSeen,
  kInternalErrors,
  kClockStepsBack,
  kReloadOk,
  kReloadsFailed,
  kCount,
};

// Values of the labels, in their order.
enum class CloseCause : std::size_t { kDone, kLegLost, kProtocol, kLimit, kStalled, kShed, kBug };
enum class HandshakeResult : std::size_t { kLinked, kTimeout, kLost };
enum class Rank : std::size_t { kBest, kOther };
enum class Direction : std::size_t { kSent, kReceived };
enum class ViolationKind : std::size_t { kHandshake, kSwitch, kSequence, kOther };

[[nodiscard]] std::span<const MetricSpec> catalogue() noexcept;
[[nodiscard]] const MetricSpec& spec(Metric metric) noexcept;

// Words of one metric: one per label value (or one); a histogram has one per bucket, one for what
// is above all bounds, and one for the sum of what was observed.
[[nodiscard]] std::size_t word_count(const MetricSpec& metric) noexcept;
// The first word of a metric among the aggregates.
[[nodiscard]] std::size_t word_of(Metric metric) noexcept;
[[nodiscard]] std::size_t aggregate_words() noexcept;

// A histogram is told only when this many have contributed since it was told last.
inline constexpr std::uint64_t kHistogramFloor = 16;

}  // namespace conflux::region
