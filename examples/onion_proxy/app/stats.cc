#include "examples/onion_proxy/app/stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace onion_proxy {
namespace {

using nlohmann::ordered_json;

constexpr double kMega = 1e6;

struct Cells {
  uint64_t received = 0;
  uint64_t sent = 0;
  uint64_t both() const { return received + sent; }
};

Cells cells_of(const TunnelFigures& tunnel) {
  Cells sum;
  for (const LegFigures& leg : tunnel.legs) {
    sum.received += leg.data_cells_received;
    sum.sent += leg.data_cells_sent;
  }
  return sum;
}

double share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

ordered_json leg_json(const LegFigures& leg, const Cells& whole) {
  return {{"leg", leg.ordinal},
          {"linked", leg.linked},
          {"cells_in", leg.data_cells_received},
          {"cells_out", leg.data_cells_sent},
          {"share_in", share(leg.data_cells_received, whole.received)},
          {"share_out", share(leg.data_cells_sent, whole.sent)},
          {"cwnd", leg.cwnd_cells},
          {"inflight", leg.inflight_cells},
          {"rtt_us", leg.rtt_us},
          {"handshake_rtt_us", leg.handshake_rtt_us}};
}

ordered_json tunnel_json(const ProxyStats::Tunnel& tunnel) {
  const TunnelFigures& figures = tunnel.figures;
  const Cells whole = cells_of(figures);
  ordered_json legs = ordered_json::array();
  for (const LegFigures& leg : figures.legs) legs.push_back(leg_json(leg, whole));
  return {{"tunnel", figures.ordinal},
          {"open", tunnel.open},
          {"close_reason", tunnel.close_reason},
          {"ready", figures.ready},
          {"multipath", figures.multipath},
          {"bytes_in", figures.bytes_down},
          {"bytes_out", figures.bytes_up},
          {"streams_opened", figures.streams_opened},
          {"switches_in", figures.switches_received},
          {"switches_out", figures.switches_sent},
          {"out_of_order_cells", figures.held_cells},
          {"out_of_order_cells_peak", tunnel.peak_held_cells},
          {"out_of_order_bytes", figures.held_bytes},
          {"out_of_order_bytes_peak", figures.peak_held_bytes},
          {"legs", std::move(legs)}};
}

// The open tunnel that has carried most; the one that a person wants to see.
const ProxyStats::Tunnel* busiest(const ProxyStats& stats) {
  const ProxyStats::Tunnel* best = nullptr;
  for (const ProxyStats::Tunnel& tunnel : stats.tunnels()) {
    if (!tunnel.open) continue;
    if (best == nullptr || cells_of(tunnel.figures).both() > cells_of(best->figures).both()) {
      best = &tunnel;
    }
  }
  return best;
}

std::string share_text(const TunnelFigures& tunnel) {
  const uint64_t whole = cells_of(tunnel).both();
  std::string out;
  for (const LegFigures& leg : tunnel.legs) {
    if (!out.empty()) out += '/';
    const uint64_t part = leg.data_cells_received + leg.data_cells_sent;
    out += whole == 0 ? std::string("-") : fmt::format("{}", (100 * part + whole / 2) / whole);
  }
  return fmt::format("legs {} %", out);
}

double rate(uint64_t now, uint64_t before, std::chrono::milliseconds span) {
  if (span.count() <= 0) return 0;
  return static_cast<double>(now - before) / kMega / (static_cast<double>(span.count()) / 1000);
}

}  // namespace

ProxyStats::Tunnel& ProxyStats::account(const TunnelFigures& figures) {
  auto found = std::find_if(tunnels_.begin(), tunnels_.end(), [&](const Tunnel& tunnel) {
    return tunnel.figures.ordinal == figures.ordinal;
  });
  if (found == tunnels_.end()) found = tunnels_.insert(tunnels_.end(), Tunnel{});
  if (figures.ready && !found->figures.ready) ++tunnels_built_;
  const bool was_ready = found->figures.ready;
  found->figures = figures;
  found->figures.ready = figures.ready || was_ready;
  found->peak_held_cells = std::max(found->peak_held_cells, figures.held_cells);
  return *found;
}

void ProxyStats::update_tunnel(const TunnelFigures& figures) { account(figures); }

void ProxyStats::close_tunnel(const TunnelFigures& figures, const std::string& reason) {
  Tunnel& tunnel = account(figures);
  if (!tunnel.open) return;
  tunnel.open = false;
  tunnel.close_reason = reason;
  if (!tunnel.figures.ready) ++tunnels_failed_;
  count(tunnel_closes_, reason);
  forget_oldest();
}

void ProxyStats::forget_oldest() {
  const auto closed = [](const Tunnel& tunnel) { return !tunnel.open; };
  const auto count = std::count_if(tunnels_.begin(), tunnels_.end(), closed);
  if (count <= static_cast<ptrdiff_t>(kClosedTunnelsKept)) return;
  const auto oldest = std::find_if(tunnels_.begin(), tunnels_.end(), closed);
  forgotten_bytes_down_ += oldest->figures.bytes_down;
  forgotten_bytes_up_ += oldest->figures.bytes_up;
  tunnels_.erase(oldest);
}

void ProxyStats::count(Reasons& reasons, const std::string& reason) {
  const bool is_new = reasons.find(reason) == reasons.end();
  ++reasons[is_new && reasons.size() >= kReasonsMax ? "other" : reason];
}

void ProxyStats::finish_stream() {
  if (streams_open_ > 0) --streams_open_;
  ++streams_ok_;
}

void ProxyStats::fail_stream(const std::string& reason) {
  if (streams_open_ > 0) --streams_open_;
  ++streams_failed_;
  count(stream_failures_, reason);
}

uint64_t ProxyStats::bytes_down() const {
  uint64_t sum = forgotten_bytes_down_;
  for (const Tunnel& tunnel : tunnels_) sum += tunnel.figures.bytes_down;
  return sum;
}

uint64_t ProxyStats::bytes_up() const {
  uint64_t sum = forgotten_bytes_up_;
  for (const Tunnel& tunnel : tunnels_) sum += tunnel.figures.bytes_up;
  return sum;
}

std::string ProxyStats::to_json(std::chrono::milliseconds uptime) const {
  ordered_json tunnels = ordered_json::array();
  for (const Tunnel& tunnel : tunnels_) tunnels.push_back(tunnel_json(tunnel));
  const ordered_json document = {{"version", 1},
                                 {"uptime_ms", uptime.count()},
                                 {"bytes_in", bytes_down()},
                                 {"bytes_out", bytes_up()},
                                 {"link_bytes_in", link_bytes_.in},
                                 {"link_bytes_out", link_bytes_.out},
                                 {"streams",
                                  {{"open", streams_open_},
                                   {"ok", streams_ok_},
                                   {"failed", streams_failed_},
                                   {"failures", stream_failures_}}},
                                 {"tunnels_built", tunnels_built_},
                                 {"tunnels_failed", tunnels_failed_},
                                 {"tunnel_closes", tunnel_closes_},
                                 {"tunnels", std::move(tunnels)}};
  // Reasons may quote a peer; what is not UTF-8 must not cost us the whole document.
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string StatusLine::render(const ProxyStats& stats, std::chrono::milliseconds uptime,
                               size_t width) {
  const auto span = uptime - at_;
  const uint64_t down = stats.bytes_down();
  const uint64_t up = stats.bytes_up();
  std::string out = fmt::format("down {:.1f} MB {:.2f} MB/s | up {:.1f} MB {:.2f} MB/s",
                                static_cast<double>(down) / kMega, rate(down, bytes_down_, span),
                                static_cast<double>(up) / kMega, rate(up, bytes_up_, span));
  if (const ProxyStats::Tunnel* tunnel = busiest(stats)) {
    out += fmt::format(" | {} | out of order {} cells", share_text(tunnel->figures),
                       tunnel->figures.held_cells);
  }
  out += fmt::format(" | {} streams", stats.streams_open());
  bytes_down_ = down;
  bytes_up_ = up;
  at_ = uptime;
  return out.substr(0, width);
}

}  // namespace onion_proxy
