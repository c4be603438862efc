// What the live view knows: the last answers of the sidecar, and rates from the ones before.
//
// Goodput is sequenced cells times 498 bytes. The aggregation ratio ("does it help?") has one
// definition wherever this project tells it: all cells over those of each tunnel's best leg, since
// the beginning, in the direction in which more flowed.
#pragma once

#include <conflux/metrics/v1/metrics.pb.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/sidecar/ctl/top/rate.h"

namespace conflux::top {

// Both directions of something, as the proxy sees them.
struct Flow {
  double received = 0;
  double sent = 0;

  [[nodiscard]] double both() const noexcept { return received + sent; }
};

struct Ratio {
  double value = 0;  // 0: no cells yet
  bool of_sent = false;
};
// `best` and `all` in cells.
[[nodiscard]] Ratio ratio_of(const Flow& best, const Flow& all);
// Of one tunnel, from the cells of its legs.
[[nodiscard]] Ratio ratio_of(const metrics::v1::Tunnel& tunnel);

struct LegRow {
  std::uint32_t ordinal = 0;
  metrics::v1::Leg::State state{};
  std::uint32_t rtt_ms = 0;  // 0: not measured
  std::uint32_t cwnd = 0;
  std::uint32_t inflight = 0;
  Flow cells{};
  Flow goodput{};    // bytes per second
  double share = 0;  // of the tunnel's goodput; of its cells so far if nothing flows
  bool primary = false;
  std::vector<float> history{};  // goodput of both directions
};

struct TunnelRow {
  std::string instance{};
  std::uint32_t display_id = 0;
  metrics::v1::Tunnel::State state{};
  metrics::v1::Tunnel::Age age{};
  Flow cells{};
  Flow goodput{};
  Ratio ratio{};
  std::uint64_t reorder_cells = 0;
  std::uint64_t reorder_bytes = 0;
  std::uint64_t reorder_peak_bytes = 0;
  Flow switches{};
  double switches_per_minute = 0;
  std::uint32_t rtt_ms = 0;  // of the primary; 0: not measured
  std::uint32_t legs_untold = 0;
  std::vector<LegRow> legs{};
  std::vector<float> history{};
};

struct RegionRow {
  std::string instance{};
  metrics::v1::Region::Health health{};
  std::string problem{};
  std::uint32_t format_major = 0;
  std::uint32_t format_minor = 0;
  double running_for = 0;  // seconds; 0: unknown
  bool fine_grained = false;
  std::uint32_t slots = 0;
  std::uint64_t slots_rejected = 0;
  double tunnels = 0;
  double legs = 0;
  double reorder_bytes = 0;
  double reorder_limit_bytes = 0;
  bool violation_seen = false;
  double internal_errors = 0;
  Flow goodput{};
  Flow cells{};       // of all legs
  Flow best_cells{};  // of each tunnel's best leg
  double switches_per_minute = 0;

  [[nodiscard]] bool tells() const noexcept;  // live or stalled: its numbers mean something
};

struct Totals {
  Flow goodput{};
  Ratio ratio{};
  // The counters have told nothing yet, and the ratio is that of the tunnels that are open.
  bool ratio_of_open_tunnels = false;
  double tunnels = 0;
  double legs = 0;
  double reorder_bytes = 0;
  double reorder_limit_bytes = 0;
  double switches_per_minute = 0;
  std::vector<float> history{};
};

enum class Connection { kWaiting, kUp, kLost };
// Whether single tunnels are told of.
enum class Detail { kUnknown, kTold, kNoSlots, kRefused };

// What is shown. Plain values: it can be copied, and kept while the world goes on.
struct Model {
  Connection connection = Connection::kWaiting;
  std::string target{};  // where the sidecar is expected
  std::string lost_because{};
  std::string sidecar_version{};
  std::string directory_problem{};
  Detail detail = Detail::kUnknown;
  double taken_at = 0;  // Unix time in seconds
  std::vector<RegionRow> regions{};
  std::vector<TunnelRow> tunnels{};
  std::uint32_t tunnels_in_all = 0;  // also those that were not sent
  std::string tunnels_refused{};     // why there are none, if the sidecar said so
  Totals totals{};
};

// Makes Models out of successive answers. One thread at a time.
class Tracker {
 public:
  // `interval`: seconds between answers.
  Tracker(std::string target, double interval);

  void handle_snapshot(const metrics::v1::Snapshot& snapshot);
  void handle_tunnels(const metrics::v1::ListTunnelsResponse& tunnels);
  // The sidecar cannot be reached, and why.
  void handle_lost(std::string why);
  // This sidecar, or this way to it, tells of no single tunnels.
  void handle_no_detail();
  // It would, and refuses this request for them: why.
  void handle_refused(const std::string& why);

  [[nodiscard]] const Model& model() const noexcept { return model_; }

 private:
  struct FlowRate {
    explicit FlowRate(double window) : received(window), sent(window) {}
    Flow observe(double at, const Flow& value);
    Rate received;
    Rate sent;
  };
  struct LegTrack {
    FlowRate goodput;
    History history;
  };
  struct TunnelTrack {
    FlowRate goodput;
    Rate switches;
    History history;
    std::map<std::uint32_t, LegTrack> legs;  // by ordinal
    double seen_at = 0;
  };
  struct RegionTrack {
    FlowRate goodput;
    Rate switches;
  };
  using TunnelKey = std::pair<std::string, std::uint32_t>;

  [[nodiscard]] RegionRow look_at(const metrics::v1::Region& region, double at);
  [[nodiscard]] TunnelRow look_at(const metrics::v1::Tunnel& tunnel, double at);
  [[nodiscard]] LegRow look_at(const metrics::v1::Leg& leg, LegTrack& track, double at) const;
  void sum_up();
  // Totals are those of the tunnels that are told.
  [[nodiscard]] bool sums_tunnels() const;
  void sum_up_tunnels(Totals& totals) const;

  double window_;  // of rates, in seconds
  Model model_;
  History totals_;
  std::map<TunnelKey, TunnelTrack> tunnels_;
  std::map<std::string, RegionTrack> regions_;
};

}  // namespace conflux::top
