#include "plugin/sidecar/ctl/top/model.h"

#include <algorithm>

#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/model/snapshot.h"

namespace conflux::top {
namespace {

using metrics::v1::Leg;
using metrics::v1::Region;
using metrics::v1::Sample;
using metrics::v1::Tunnel;

Flow operator+(const Flow& a, const Flow& b) { return {a.received + b.received, a.sent + b.sent}; }
Flow operator*(const Flow& a, double by) { return {a.received * by, a.sent * by}; }

Flow cells_of(const Leg& leg) {
  return {static_cast<double>(leg.cells_received()), static_cast<double>(leg.cells_sent())};
}

struct Legs {
  Flow best;
  Flow all;
};
Legs legs_of(const Tunnel& tunnel) {
  Legs sum;
  for (const Leg& leg : tunnel.legs()) {
    const Flow cells = cells_of(leg);
    sum.all = sum.all + cells;
    sum.best = {std::max(sum.best.received, cells.received), std::max(sum.best.sent, cells.sent)};
  }
  return sum;
}

void take_cells(const Sample& sample, double Flow::*direction, RegionRow& row) {
  row.cells.*direction += sample.number();
  if (sample.label_value() == "best") row.best_cells.*direction += sample.number();
}

// Switches as a number; everything else into its field.
double take_samples(const Region& region, RegionRow& row) {
  double switches = 0;
  for (const Sample& sample : region.samples()) {
    const std::string& metric = sample.metric();
    if (metric == "conflux_tunnels") row.tunnels = sample.number();
    if (metric == "conflux_legs") row.legs = sample.number();
    if (metric == "conflux_reorder") row.reorder_bytes = sample.number();
    if (metric == "conflux_reorder_limit") row.reorder_limit_bytes = sample.number();
    if (metric == "conflux_internal_errors") row.internal_errors = sample.number();
    if (metric == "conflux_cells_received") take_cells(sample, &Flow::received, row);
    if (metric == "conflux_cells_sent") take_cells(sample, &Flow::sent, row);
    if (metric == "conflux_leg_switches") switches += sample.number();
    if (metric == "conflux_protocol_violation_seen" && sample.number() > 0) {
      row.violation_seen = true;
    }
  }
  return switches;
}

void set_shares(TunnelRow& row) {
  const bool moves = row.goodput.both() > 0;
  double all = 0;
  for (const LegRow& leg : row.legs) all += (moves ? leg.goodput : leg.cells).both();
  for (LegRow& leg : row.legs) {
    leg.share = all > 0 ? (moves ? leg.goodput : leg.cells).both() / all : 0;
  }
}

}  // namespace

Ratio ratio_of(const Flow& best, const Flow& all) {
  const bool of_sent = all.sent > all.received;
  const double most = of_sent ? best.sent : best.received;
  const double sum = of_sent ? all.sent : all.received;
  const auto others = static_cast<std::uint64_t>(std::max(sum - most, 0.0));
  return {sidecar::aggregation_ratio(static_cast<std::uint64_t>(most), others), of_sent};
}

Ratio ratio_of(const Tunnel& tunnel) {
  const Legs legs = legs_of(tunnel);
  return ratio_of(legs.best, legs.all);
}

bool RegionRow::tells() const noexcept {
  return health == Region::HEALTH_LIVE || health == Region::HEALTH_STALLED;
}

Flow Tracker::FlowRate::observe(double at, const Flow& value) {
  received.observe(at, value.received);
  sent.observe(at, value.sent);
  return {received.per_second(), sent.per_second()};
}

namespace {

// Of rates that come from exact numbers, in seconds; longer if answers are rare.
constexpr double kWindow = 3;
constexpr double kWindowAnswers = 3;
// Of binned aggregates, which change once a minute.
constexpr double kBinnedWindow = 180;
constexpr double kMinute = 60;
constexpr std::size_t kTotalHistory = 400;
constexpr std::size_t kHistory = 200;

}  // namespace

Tracker::Tracker(std::string target, double interval)
    : window_(std::max(kWindow, kWindowAnswers * interval)), totals_(kTotalHistory) {
  model_.target = std::move(target);
}

void Tracker::handle_snapshot(const metrics::v1::Snapshot& snapshot) {
  model_.connection = Connection::kUp;
  model_.lost_because.clear();
  model_.sidecar_version = ctl::printable(snapshot.sidecar_version());
  model_.directory_problem = ctl::printable(snapshot.problem());
  model_.taken_at = ctl::seconds_of(snapshot.taken_at());
  model_.regions.clear();
  bool any_slots = false;
  for (const Region& region : snapshot.regions()) {
    model_.regions.push_back(look_at(region, model_.taken_at));
    any_slots = any_slots || (model_.regions.back().tells() && region.slots() > 0);
  }
  if (model_.detail != Detail::kRefused) {
    model_.detail = any_slots ? Detail::kTold : Detail::kNoSlots;
  }
  sum_up();
  if (!sums_tunnels()) {
    totals_.push(model_.totals.goodput.both());
    sum_up();
  }
}

void Tracker::handle_tunnels(const metrics::v1::ListTunnelsResponse& tunnels) {
  const double at = ctl::seconds_of(tunnels.taken_at());
  model_.tunnels_refused.clear();
  model_.tunnels.clear();
  for (const Tunnel& tunnel : tunnels.tunnels()) model_.tunnels.push_back(look_at(tunnel, at));
  model_.tunnels_in_all =
      std::max<std::uint32_t>(tunnels.total(), static_cast<std::uint32_t>(tunnels.tunnels_size()));
  std::erase_if(tunnels_, [at](const auto& track) { return track.second.seen_at != at; });
  sum_up();
  if (model_.detail == Detail::kTold) {
    totals_.push(model_.totals.goodput.both());
    sum_up();
  }
}

void Tracker::handle_lost(std::string why) {
  model_.connection = Connection::kLost;
  model_.lost_because = ctl::printable(why);
}

void Tracker::handle_no_detail() {
  model_.detail = Detail::kRefused;
  model_.tunnels_refused.clear();
  model_.tunnels.clear();
}

// What was told before is no longer how things are.
void Tracker::handle_refused(const std::string& why) {
  model_.tunnels_refused = ctl::printable(why);
  model_.tunnels.clear();
  model_.tunnels_in_all = 0;
  sum_up();
}

RegionRow Tracker::look_at(const Region& region, double at) {
  const double window = region.fine_grained() ? window_ : std::max(window_, kBinnedWindow);
  RegionRow row{.instance = ctl::printable(region.instance()),
                .health = region.health(),
                .problem = ctl::printable(region.problem()),
                .format_major = region.format_major(),
                .format_minor = region.format_minor(),
                .running_for = 0,
                .fine_grained = region.fine_grained(),
                .slots = region.slots(),
                .slots_rejected = region.slots_rejected()};
  if (region.has_started_at()) {
    row.running_for = std::max(at - ctl::seconds_of(region.started_at()), 0.0);
  }
  const double switches = take_samples(region, row);
  if (!row.tells()) {
    regions_.erase(row.instance);
    return row;
  }
  RegionTrack& track =
      regions_.try_emplace(row.instance, RegionTrack{FlowRate(window), Rate(window)}).first->second;
  row.goodput = track.goodput.observe(at, row.cells) * ctl::kBytesPerCell;
  track.switches.observe(at, switches);
  row.switches_per_minute = track.switches.per_second() * kMinute;
  return row;
}

TunnelRow Tracker::look_at(const Tunnel& tunnel, double at) {
  TunnelTrack& track =
      tunnels_
          .try_emplace({tunnel.instance(), tunnel.display_id()},
                       TunnelTrack{FlowRate(window_), Rate(kMinute), History(kHistory), {}, 0})
          .first->second;
  track.seen_at = at;
  TunnelRow row{.instance = ctl::printable(tunnel.instance()),
                .display_id = tunnel.display_id(),
                .state = tunnel.state(),
                .age = tunnel.age(),
                .cells = {static_cast<double>(tunnel.cells_received()),
                          static_cast<double>(tunnel.cells_sent())},
                .goodput = {},
                .ratio = ratio_of(tunnel),
                .reorder_cells = tunnel.reorder_cells(),
                .reorder_bytes = tunnel.reorder_bytes(),
                .reorder_peak_bytes = tunnel.reorder_peak_bytes(),
                .switches = {static_cast<double>(tunnel.switches_received()),
                             static_cast<double>(tunnel.switches_sent())},
                .legs_untold = tunnel.legs_untold()};
  row.goodput = track.goodput.observe(at, row.cells) * ctl::kBytesPerCell;
  track.switches.observe(at, row.switches.both());
  row.switches_per_minute = track.switches.per_second() * kMinute;
  track.history.push(row.goodput.both());
  row.history.assign(track.history.values().begin(), track.history.values().end());
  for (const Leg& leg : tunnel.legs()) {
    LegTrack& leg_track =
        track.legs.try_emplace(leg.ordinal(), LegTrack{FlowRate(window_), History(kHistory)})
            .first->second;
    row.legs.push_back(look_at(leg, leg_track, at));
    row.legs.back().primary = leg.ordinal() == tunnel.primary();
    if (row.legs.back().primary) row.rtt_ms = row.legs.back().rtt_ms;
  }
  set_shares(row);
  return row;
}

LegRow Tracker::look_at(const Leg& leg, LegTrack& track, double at) const {
  LegRow row{.ordinal = leg.ordinal(),
             .state = leg.state(),
             .rtt_ms = ctl::rtt_of(leg),
             .cwnd = leg.cwnd(),
             .inflight = leg.inflight(),
             .cells = cells_of(leg)};
  row.goodput = track.goodput.observe(at, row.cells) * ctl::kBytesPerCell;
  track.history.push(row.goodput.both());
  row.history.assign(track.history.values().begin(), track.history.values().end());
  return row;
}

void Tracker::sum_up() {
  Totals totals;
  Flow cells;
  Flow best;
  for (const RegionRow& region : model_.regions) {
    if (!region.tells()) continue;
    totals.tunnels += region.tunnels;
    totals.legs += region.legs;
    totals.reorder_bytes += region.reorder_bytes;
    totals.reorder_limit_bytes += region.reorder_limit_bytes;
    totals.goodput = totals.goodput + region.goodput;
    totals.switches_per_minute += region.switches_per_minute;
    cells = cells + region.cells;
    best = best + region.best_cells;
  }
  totals.ratio = ratio_of(best, cells);
  if (sums_tunnels()) sum_up_tunnels(totals);
  totals.history.assign(totals_.values().begin(), totals_.values().end());
  model_.totals = std::move(totals);
}

bool Tracker::sums_tunnels() const {
  return model_.detail == Detail::kTold && model_.tunnels_refused.empty();
}

// Exact, and of now, where the aggregates are binned and of the last minutes.
void Tracker::sum_up_tunnels(Totals& totals) const {
  totals.goodput = {};
  totals.switches_per_minute = 0;
  double legs = 0;
  double reorder_bytes = 0;
  Flow cells;
  Flow best;
  for (const TunnelRow& tunnel : model_.tunnels) {
    totals.goodput = totals.goodput + tunnel.goodput;
    totals.switches_per_minute += tunnel.switches_per_minute;
    legs += static_cast<double>(tunnel.legs.size() + tunnel.legs_untold);
    reorder_bytes += static_cast<double>(tunnel.reorder_bytes);
    Flow most;
    for (const LegRow& leg : tunnel.legs) {
      cells = cells + leg.cells;
      most = {std::max(most.received, leg.cells.received), std::max(most.sent, leg.cells.sent)};
    }
    best = best + most;
  }
  if (totals.ratio.value <= 0) {
    totals.ratio = ratio_of(best, cells);
    totals.ratio_of_open_tunnels = true;
  }
  const bool all_told =
      model_.tunnels.size() == model_.tunnels_in_all &&
      std::ranges::all_of(model_.regions, [](const RegionRow& region) {
        return !region.tells() || (region.slots > 0 && region.slots_rejected == 0);
      });
  if (!all_told) return;
  totals.tunnels = static_cast<double>(model_.tunnels.size());
  totals.legs = legs;
  totals.reorder_bytes = reorder_bytes;
}

}  // namespace conflux::top
