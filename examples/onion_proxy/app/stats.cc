#include "examples/onion_proxy/app/stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace onion_proxy {
namespace {

using nlohmann::ordered_json;

constexpr double kMega = 1e6;

uint64_t leg_cells(const LegStats& leg) { return leg.cells_in + leg.cells_out; }

uint64_t tunnel_cells(const TunnelStats& tunnel) {
  uint64_t sum = 0;
  for (const LegStats& leg : tunnel.legs) sum += leg_cells(leg);
  return sum;
}

ordered_json leg_json(const LegStats& leg, uint64_t tunnel_in, uint64_t tunnel_out) {
  const auto share = [](uint64_t part, uint64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  return {{"state", leg.state},
          {"cells_in", leg.cells_in},
          {"cells_out", leg.cells_out},
          {"share_in", share(leg.cells_in, tunnel_in)},
          {"share_out", share(leg.cells_out, tunnel_out)},
          {"rtt_us", leg.rtt_us},
          {"cwnd", leg.cwnd}};
}

ordered_json tunnel_json(const TunnelStats& tunnel) {
  uint64_t cells_in = 0, cells_out = 0;
  for (const LegStats& leg : tunnel.legs) {
    cells_in += leg.cells_in;
    cells_out += leg.cells_out;
  }
  ordered_json legs = ordered_json::array();
  for (const LegStats& leg : tunnel.legs) legs.push_back(leg_json(leg, cells_in, cells_out));
  return {{"tunnel", tunnel.ordinal},
          {"open", tunnel.open},
          {"close_reason", tunnel.close_reason},
          {"switches_in", tunnel.switches_in},
          {"switches_out", tunnel.switches_out},
          {"out_of_order_cells", tunnel.held_cells},
          {"out_of_order_cells_peak", tunnel.held_cells_peak},
          {"out_of_order_bytes", tunnel.held_bytes},
          {"out_of_order_bytes_peak", tunnel.held_bytes_peak},
          {"legs", std::move(legs)}};
}

// The open tunnel that has carried most; the one that a person wants to see.
const TunnelStats* busiest(const std::vector<TunnelStats>& tunnels) {
  const TunnelStats* best = nullptr;
  for (const TunnelStats& tunnel : tunnels) {
    if (!tunnel.open) continue;
    if (best == nullptr || tunnel_cells(tunnel) > tunnel_cells(*best)) best = &tunnel;
  }
  return best;
}

std::string share_text(const TunnelStats& tunnel) {
  const uint64_t whole = tunnel_cells(tunnel);
  std::string out;
  for (const LegStats& leg : tunnel.legs) {
    if (!out.empty()) out += '/';
    out += whole == 0 ? std::string("-")
                      : fmt::format("{}", (100 * leg_cells(leg) + whole / 2) / whole);
  }
  return fmt::format("legs {} %", out);
}

double rate(uint64_t now, uint64_t before, std::chrono::milliseconds span) {
  if (span.count() <= 0) return 0;
  return static_cast<double>(now - before) / kMega / (static_cast<double>(span.count()) / 1000);
}

}  // namespace

std::string to_json(const ProxyStats& stats, std::chrono::milliseconds uptime) {
  ordered_json tunnels = ordered_json::array();
  for (const TunnelStats& tunnel : stats.tunnels) tunnels.push_back(tunnel_json(tunnel));
  const ordered_json document = {{"version", 1},
                                 {"uptime_ms", uptime.count()},
                                 {"multipath", stats.multipath},
                                 {"bytes_in", stats.bytes_in},
                                 {"bytes_out", stats.bytes_out},
                                 {"link_bytes_in", stats.link_bytes_in},
                                 {"link_bytes_out", stats.link_bytes_out},
                                 {"streams",
                                  {{"open", stats.streams_open},
                                   {"ok", stats.streams_ok},
                                   {"failed", stats.streams_failed},
                                   {"failures", stats.stream_failures}}},
                                 {"tunnels_built", stats.tunnels_built},
                                 {"tunnels_failed", stats.tunnels_failed},
                                 {"tunnel_closes", stats.tunnel_closes},
                                 {"tunnels", std::move(tunnels)}};
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string StatusLine::render(const ProxyStats& stats, std::chrono::milliseconds uptime,
                               size_t width) {
  const auto span = uptime - at_;
  std::string out = fmt::format(
      "{:.1f} MB down {:5.2f} MB/s | {:.1f} MB up {:5.2f} MB/s",
      static_cast<double>(stats.bytes_in) / kMega, rate(stats.bytes_in, bytes_in_, span),
      static_cast<double>(stats.bytes_out) / kMega, rate(stats.bytes_out, bytes_out_, span));
  if (const TunnelStats* tunnel = busiest(stats.tunnels)) {
    out += fmt::format(" | {} | held {} (peak {})", share_text(*tunnel), tunnel->held_cells,
                       tunnel->held_cells_peak);
  }
  out += fmt::format(" | {} streams", stats.streams_open);
  bytes_in_ = stats.bytes_in;
  bytes_out_ = stats.bytes_out;
  at_ = uptime;
  return out.substr(0, width);
}

}  // namespace onion_proxy
