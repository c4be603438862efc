// What all regions say at one moment: plain values, immutable once taken, shared by everybody who
// serves or exports them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plugin/region/reader.h"

namespace conflux::sidecar {

struct RegionSnapshot {
  std::string instance;
  region::Health health = region::Health::kAbsent;
  std::string problem;  // why it is not live, and what to do; empty if it is
  region::Identity identity;
  std::chrono::milliseconds heartbeat_age{0};
  // The region's own catalogue; null if there is none to be read.
  std::shared_ptr<const std::vector<region::Description>> metrics;
  // As the region has them; empty: nothing to tell (see Collector).
  std::vector<region::Word> aggregates;
  std::size_t slots = 0;
  std::uint64_t slots_rejected = 0;
  std::uint64_t read_retries = 0;  // since the sidecar found it
  std::uint64_t attachments = 0;   // how often a file of this name was opened
};

struct Snapshot {
  std::chrono::system_clock::time_point taken_at;
  std::vector<RegionSnapshot> regions;  // by instance
  std::string problem;                  // of the directory itself; empty: none
};

// One tunnel of one region, unpacked.
struct LegSnapshot {
  std::uint32_t ordinal = 0;
  std::uint32_t state = 0;   // MPATH_LEG_*
  std::uint32_t rtt_ms = 0;  // 0: not measured
  std::uint32_t cwnd = 0;
  std::uint32_t inflight = 0;
  std::uint64_t cells_sent = 0;
  std::uint64_t cells_received = 0;
};
struct TunnelSnapshot {
  std::string instance;
  std::uint32_t slot = 0;  // its place in the region
  std::uint32_t display_id = 0;
  region::SlotState state{};
  region::AgeClass age{};
  std::uint64_t cells_sent = 0;
  std::uint64_t cells_received = 0;
  std::uint32_t switches_sent = 0;
  std::uint32_t switches_received = 0;
  std::uint64_t reorder_cells = 0;
  std::uint64_t reorder_bytes = 0;
  std::uint64_t reorder_peak_bytes = 0;
  std::uint32_t primary = 0;
  std::vector<LegSnapshot> legs;
  std::uint32_t legs_untold = 0;
};
[[nodiscard]] TunnelSnapshot unpack(const std::string& instance, const region::TunnelSlot& slot);

// Tunnels that one message of conflux.metrics.v1 holds at most.
inline constexpr std::uint32_t kWatchedMost = 10'000;

// How many times faster than its best leg alone: the one answer to "does it help?". 0: no cells.
[[nodiscard]] double aggregation_ratio(std::uint64_t best, std::uint64_t others) noexcept;

}  // namespace conflux::sidecar
