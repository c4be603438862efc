// What a run simulates, as a scenario file says it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "examples/scheduler_lab/net/engine.h"

namespace scheduler_lab {

struct RelaySpec {
  std::string name;
  std::uint64_t rate = 0;   ///< bytes per second, read and written each; 0: no limit
  std::uint64_t burst = 0;  ///< bytes
};

/// A circuit: two relays and the exit, which all circuits share.
struct LegSpec {
  std::string guard;
  std::string middle;
  /// Of the connection to the guard.
  Time delay = 0;                               ///< one way
  Time jitter = 0;                              ///< one way, from none to this
  std::vector<std::pair<Time, Time>> stalls{};  ///< from, until
  std::optional<Time> death{};                  ///< when the circuit is destroyed
};

enum class TrafficKind : std::uint8_t { kBulk, kWeb, kInteractive };

struct TrafficSpec {
  TrafficKind kind = TrafficKind::kBulk;
  Time start = 0;
  std::uint64_t size = 0;     ///< bytes: of the file (0: without end), of an object, of a keystroke
  std::uint64_t objects = 0;  ///< of a page
  std::uint64_t count = 0;    ///< pages or keystrokes, 0: until the run ends
  Time pause = 0;             ///< mean time between pages, or keystrokes
};

/// A client of its own with one circuit, for fairness.
struct CompetitorSpec {
  LegSpec leg;
  std::vector<TrafficSpec> traffic{};
};

struct TorSpec {
  Time refill_interval = 100 * kMillisecond;
  Time kist_interval = 10 * kMillisecond;
  Time coarse_clock = 4 * kMillisecond;
  bool exact_buckets = false;      ///< rates are reached; tor loses a part
  Time wake_delay = kMillisecond;  ///< mean
  std::uint64_t mss = 65483;  ///< bytes of a full TCP segment; on loopback nearly all are small
  /// Whether TCP spans a leg's delay, or ends on both sides of it, as with a delaying forwarder.
  bool acks_travel = false;
  std::uint64_t socket_buffer = 4U << 20U;  ///< bytes of one connection in both kernels
};

struct Scenario {
  std::string name;  ///< of the file, without directory and ending
  std::string text;  ///< as it was read
  std::string title;
  Time duration = 0;
  Time rebuild = kSecond;  ///< from the loss of a tunnel to the next
  std::vector<RelaySpec> relays{};
  std::vector<LegSpec> legs{};
  std::vector<TrafficSpec> traffic{};
  std::vector<CompetitorSpec> competitors{};
  TorSpec tor{};
};

}  // namespace scheduler_lab
