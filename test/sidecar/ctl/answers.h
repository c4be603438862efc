// Answers of a sidecar, made by hand.
#pragma once

#include <conflux/metrics/v1/metrics.pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace conflux::top::test {

namespace v1 = metrics::v1;

inline void add_sample(v1::Region& region, const std::string& metric, const std::string& label,
                       double value) {
  v1::Sample* sample = region.add_samples();
  sample->set_metric(metric);
  sample->set_label_value(label);
  sample->set_number(value);
}

struct RegionFacts {
  std::string instance = "proxy";
  v1::Region::Health health = v1::Region::HEALTH_LIVE;
  std::string problem{};
  std::uint32_t slots = 64;
  bool fine_grained = true;
  double best_received = 0;
  double other_received = 0;
  double tunnels = 2;
};

inline void add_region(v1::Snapshot& snapshot, const RegionFacts& facts) {
  v1::Region& region = *snapshot.add_regions();
  region.set_instance(facts.instance);
  region.set_health(facts.health);
  region.set_problem(facts.problem);
  region.set_format_major(1);
  region.set_slots(facts.slots);
  region.set_fine_grained(facts.fine_grained);
  region.mutable_started_at()->set_seconds(1000);
  add_sample(region, "conflux_tunnels", "", facts.tunnels);
  add_sample(region, "conflux_legs", "", 2 * facts.tunnels);
  add_sample(region, "conflux_cells_received", "best", facts.best_received);
  add_sample(region, "conflux_cells_received", "other", facts.other_received);
  add_sample(region, "conflux_reorder", "", 1 << 20);
  add_sample(region, "conflux_reorder_limit", "", 64 << 20);
}

// Seconds after the region began.
inline v1::Snapshot snapshot_at(double at, const RegionFacts& facts = {}) {
  v1::Snapshot snapshot;
  snapshot.mutable_taken_at()->set_seconds(1000 + static_cast<std::int64_t>(at));
  snapshot.set_sidecar_version("0.1.0");
  add_region(snapshot, facts);
  return snapshot;
}

inline v1::ListTunnelsResponse tunnels_at(double at) {
  v1::ListTunnelsResponse response;
  response.mutable_taken_at()->set_seconds(1000 + static_cast<std::int64_t>(at));
  return response;
}

struct TunnelFacts {
  std::uint32_t id = 0xa1;
  std::uint32_t switches = 0;
  std::uint64_t reorder_cells = 0;
  // Cells received by each leg; the first one sends.
  std::vector<std::uint64_t> received{};
  std::string instance = "proxy";
};

inline void add_tunnel(v1::ListTunnelsResponse& response, const TunnelFacts& facts) {
  v1::Tunnel& tunnel = *response.add_tunnels();
  tunnel.set_instance(facts.instance);
  tunnel.set_display_id(facts.id);
  tunnel.set_state(v1::Tunnel::STATE_READY);
  tunnel.set_age(v1::Tunnel::AGE_MINUTES);
  tunnel.set_switches_received(facts.switches);
  tunnel.set_reorder_cells(facts.reorder_cells);
  tunnel.set_reorder_bytes(facts.reorder_cells * 509);
  tunnel.set_primary(1);
  std::uint64_t all = 0;
  std::uint32_t ordinal = 0;
  for (const std::uint64_t cells : facts.received) {
    v1::Leg& leg = *tunnel.add_legs();
    leg.set_ordinal(++ordinal);
    leg.set_state(v1::Leg::STATE_LINKED);
    leg.mutable_rtt()->set_nanos(
        static_cast<std::int32_t>(100'000'000 + 80'000'000 * (ordinal - 1)));
    leg.set_cwnd(200);
    leg.set_inflight(50 * ordinal);
    leg.set_cells_received(cells);
    all += cells;
  }
  tunnel.set_cells_received(all);
  response.set_total(response.total() + 1);
}

}  // namespace conflux::top::test
