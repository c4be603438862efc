#include "plugin/sidecar/ctl/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace conflux::ctl {
namespace {

using metrics::v1::Leg;
using metrics::v1::Region;
using metrics::v1::Tunnel;

std::string scaled(double value, double base, std::span<const char* const> units) {
  std::size_t unit = 0;
  // What would be printed as 1000 or 1024 is 1 of the next.
  while (unit + 1 < units.size() && value >= base - 0.5) {
    value /= base;
    ++unit;
  }
  return unit == 0 || value >= 99.95 ? fmt::format("{:.0f} {}", value, units[unit])
                                     : fmt::format("{:.1f} {}", value, units[unit]);
}

}  // namespace

std::string in_rate_units(double bytes) {
  constexpr auto kUnits = std::to_array<const char*>({"B", "kB", "MB", "GB", "TB"});
  return scaled(std::isfinite(bytes) && bytes > 0 ? bytes : 0, 1000, kUnits);
}

std::string in_memory_units(std::uint64_t bytes) {
  constexpr auto kUnits = std::to_array<const char*>({"B", "KiB", "MiB", "GiB", "TiB", "PiB"});
  return scaled(static_cast<double>(bytes), 1024, kUnits);
}

std::string in_words(std::chrono::seconds duration) {
  const auto total = std::max<std::int64_t>(duration.count(), 0);
  const auto minutes = total / 60;
  const auto hours = minutes / 60;
  if (total < 60) return fmt::format("{} s", total);
  if (hours == 0) return fmt::format("{} min", minutes);
  if (hours < 24) return fmt::format("{} h {:02} min", hours, minutes % 60);
  return fmt::format("{} d {} h", hours / 24, hours % 24);
}

std::string as_ratio(double ratio) {
  return std::isfinite(ratio) && ratio > 0 ? fmt::format("{:.1f}x", ratio) : "-";
}

std::string tunnel_name(std::uint32_t display_id) { return fmt::format("{:08x}", display_id); }

std::string number(double value) {
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  return whole ? fmt::format("{:.0f}", value) : fmt::format("{:.6g}", value);
}

std::string_view word_for(Region::Health health) {
  constexpr auto kWords =
      std::to_array<std::string_view>({"unknown", "absent", "unreadable", "unsupported", "corrupt",
                                       "live", "stalled", "dead", "closed"});
  const auto at = static_cast<std::size_t>(health);
  return at < kWords.size() ? kWords[at] : kWords[0];
}

std::string_view word_for(Tunnel::State state) {
  constexpr auto kWords =
      std::to_array<std::string_view>({"unknown", "single", "linking", "ready", "closed"});
  const auto at = static_cast<std::size_t>(state);
  return at < kWords.size() ? kWords[at] : kWords[0];
}

std::string_view word_for(Leg::State state) {
  constexpr auto kWords =
      std::to_array<std::string_view>({"unknown", "plain", "unlinked", "link queued",
                                       "awaiting linked", "ack queued", "linked", "timed out"});
  const auto at = static_cast<std::size_t>(state);
  return at < kWords.size() ? kWords[at] : kWords[0];
}

std::string_view word_for(metrics::v1::MetricDescription::Kind kind) {
  constexpr auto kWords =
      std::to_array<std::string_view>({"unknown", "counter", "gauge", "histogram"});
  const auto at = static_cast<std::size_t>(kind);
  return at < kWords.size() ? kWords[at] : kWords[0];
}

std::string_view word_for(Tunnel::Age age) {
  constexpr auto kWords = std::to_array<std::string_view>({"?", "<1m", "<10m", "<1h", ">1h"});
  const auto at = static_cast<std::size_t>(age);
  return at < kWords.size() ? kWords[at] : kWords[0];
}

double seconds_of(const google::protobuf::Timestamp& time) {
  return static_cast<double>(time.seconds()) + time.nanos() / 1e9;
}

double seconds_of(const google::protobuf::Duration& duration) {
  return static_cast<double>(duration.seconds()) + duration.nanos() / 1e9;
}

std::uint32_t rtt_of(const Leg& leg) {
  return leg.has_rtt() ? static_cast<std::uint32_t>(std::lround(seconds_of(leg.rtt()) * 1000)) : 0;
}

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  return out;
}

}  // namespace conflux::ctl
