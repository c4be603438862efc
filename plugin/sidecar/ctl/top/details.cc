#include <fmt/format.h>

#include <algorithm>

#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/ctl/top/graph.h"
#include "plugin/sidecar/ctl/top/parts.h"

namespace conflux::top {
namespace {

std::string_view age_in_words(metrics::v1::Tunnel::Age age) {
  using metrics::v1::Tunnel;
  if (age == Tunnel::AGE_SECONDS) return "under a minute old";
  if (age == Tunnel::AGE_MINUTES) return "under ten minutes old";
  if (age == Tunnel::AGE_TENS_OF_MINUTES) return "under an hour old";
  return age == Tunnel::AGE_HOURS ? "over an hour old" : "";
}

void draw_title(Canvas canvas, int row, const TunnelRow& tunnel) {
  std::string line;
  for (int i = 0; i < canvas.options.width; ++i) line += canvas.options.ascii ? "-" : "─";
  canvas.screen.put({row, 0}, line, kDim);
  std::string text =
      fmt::format(" tunnel {} of {}, {}, {} ", ctl::tunnel_name(tunnel.display_id), tunnel.instance,
                  ctl::word_for(tunnel.state), age_in_words(tunnel.age));
  if (tunnel.ratio.value > 0) {
    text += fmt::format("| {} its best leg ", ctl::as_ratio(tunnel.ratio.value));
  }
  canvas.screen.put({row, 2}, text, kBold);
}

struct Bars {
  int share = 0;
  int window = 0;
};

Bars plan_bars(int width) {
  const int spare = std::max(width - 80, 0);
  return {.share = 8 + std::min(spare / 3, 24), .window = 8 + std::min(spare / 3, 24)};
}

void draw_leg(Canvas canvas, int row, const LegRow& leg, const Look& look) {
  const bool ascii = canvas.options.ascii;
  const Bars bars = plan_bars(canvas.options.width);
  const double full = leg.cwnd == 0 ? 0 : static_cast<double>(leg.inflight) / leg.cwnd;
  Screen& screen = canvas.screen;
  int at = screen.put(
      {row, 0}, fmt::format(" {:>2}{} {:<12.12} {:>8} {:>8} ", leg.ordinal, leg.primary ? "*" : " ",
                            ctl::word_for(leg.state), ctl::in_rate_units(leg.goodput.received),
                            ctl::in_rate_units(leg.goodput.sent)));
  at = screen.put({row, at}, draw_bar(leg.share, bars.share, ascii), look);
  at = screen.put({row, at}, fmt::format("{:>3.0f}% ", leg.share * 100));
  at = screen.put({row, at},
                  fmt::format("{:>6} ", leg.rtt_ms == 0 ? "-" : fmt::format("{} ms", leg.rtt_ms)));
  at = screen.put({row, at}, draw_bar(full, bars.window, ascii),
                  {.colour = full >= 0.95 ? Colour::kWarning : Colour::kGood});
  at = screen.put({row, at}, fmt::format(" {}/{}", leg.inflight, leg.cwnd));
  if (canvas.options.width >= 120) {
    screen.put_right({row, canvas.options.width - 1},
                     fmt::format("{:.0f} in, {:.0f} out", leg.cells.received, leg.cells.sent),
                     kDim);
  }
}

void draw_leg_titles(Canvas canvas, int row) {
  const Bars bars = plan_bars(canvas.options.width);
  canvas.screen.put({row, 0},
                    fmt::format(" LEG {:<12} {:>8} {:>8} {:<{}} {:>6} {}", "STATE", "RECV/s",
                                "SENT/s", "SHARE", bars.share + 4, "RTT", "INFLIGHT/CWND"),
                    kBold);
  if (canvas.options.width >= 120) {
    canvas.screen.put_right({row, canvas.options.width - 1}, "CELLS", kBold);
  }
}

void draw_leg_graphs(Canvas canvas, const Area& area, const TunnelRow& tunnel) {
  const int legs = static_cast<int>(tunnel.legs.size());
  const int width = area.width / std::max(legs, 1);
  for (int i = 0; i < legs; ++i) {
    const LegRow& leg = tunnel.legs[static_cast<std::size_t>(i)];
    draw_graph_in(canvas, {area.row, area.column + i * width, width - 1, area.height}, leg.history,
                  {.caption = fmt::format("leg {}", leg.ordinal),
                   .look = look_of_leg(static_cast<std::size_t>(i))});
  }
}

}  // namespace

void draw_details(Canvas canvas, const Area& area, const TunnelRow& tunnel) {
  const auto legs =
      std::min(tunnel.legs.size(), static_cast<std::size_t>(std::max(area.height - 3, 0)));
  draw_title(canvas, area.row, tunnel);
  draw_leg_titles(canvas, area.row + 1);
  int row = area.row + 2;
  for (std::size_t i = 0; i < legs; ++i) draw_leg(canvas, row++, tunnel.legs[i], look_of_leg(i));
  std::string text =
      fmt::format(" out of order {} cells, {} (most {})   switches {:.0f} sent, {:.0f} received",
                  tunnel.reorder_cells, ctl::in_memory_units(tunnel.reorder_bytes),
                  ctl::in_memory_units(tunnel.reorder_peak_bytes), tunnel.switches.sent,
                  tunnel.switches.received);
  if (tunnel.legs_untold > 0) text += fmt::format("   {} more legs", tunnel.legs_untold);
  canvas.screen.put({row++, 0}, text);
  const int left = area.row + area.height - row;
  if (left > 1) draw_leg_graphs(canvas, {row, 1, area.width - 1, left}, tunnel);
}

}  // namespace conflux::top
