#include "plugin/sidecar/ctl/top/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/ctl/top/graph.h"

namespace conflux::top {
namespace {

constexpr int kRegionsAside = 70;  // columns
constexpr int kWide = 140;

std::string clock_text(double unix_time, long utc_offset) {
  const auto second = (static_cast<long>(unix_time) + utc_offset) % 86400;
  return fmt::format("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
}

Look look_of(metrics::v1::Region::Health health) {
  using metrics::v1::Region;
  if (health == Region::HEALTH_LIVE) return {.colour = Colour::kGood, .bold = true};
  if (health == Region::HEALTH_CLOSED) return kDim;
  return {.colour = health == Region::HEALTH_STALLED ? Colour::kWarning : Colour::kBad,
          .bold = true};
}

// "proxy live 2 h 05 min", or how many there are.
void draw_proxies(Canvas canvas, At at, const Model& model) {
  Screen& screen = canvas.screen;
  if (model.connection == Connection::kLost) {
    screen.put(at, "no sidecar", {.colour = Colour::kBad, .bold = true});
    return;
  }
  if (model.regions.size() == 1) {
    const RegionRow& region = model.regions[0];
    at.column = screen.put(at, region.instance + " ", kBold);
    at.column = screen.put(at, ctl::word_for(region.health), look_of(region.health));
    if (region.running_for > 0) {
      const std::chrono::seconds age(static_cast<std::int64_t>(region.running_for));
      at.column = screen.put(at, "  up " + ctl::in_words(age));
    }
    if (region.fine_grained) screen.put(at, "  (lab)", {.colour = Colour::kWarning});
    return;
  }
  const auto live = std::ranges::count_if(model.regions, &RegionRow::tells);
  const bool all = static_cast<std::size_t>(live) == model.regions.size();
  screen.put(at, fmt::format("{} proxies, {} live", model.regions.size(), live),
             {.colour = all && live > 0 ? Colour::kGood : Colour::kBad, .bold = true});
}

void draw_goodput(Canvas canvas, At at, const Model& model) {
  const bool binned =
      model.detail != Detail::kTold &&
      std::ranges::any_of(model.regions, [](const RegionRow& it) { return !it.fine_grained; });
  at.column = canvas.screen.put(at, "Goodput  ");
  at.column =
      canvas.screen.put(at, ctl::in_rate_units(model.totals.goodput.received) + "/s", kBold);
  at.column = canvas.screen.put(at, " received  ", {});
  at.column = canvas.screen.put(at, ctl::in_rate_units(model.totals.goodput.sent) + "/s", kBold);
  at.column = canvas.screen.put(at, " sent", {});
  if (binned) canvas.screen.put(at, "  (binned, over 3 min)", kDim);
}

void draw_help_line(Canvas canvas, At at, const Model& model) {
  const Ratio& ratio = model.totals.ratio;
  at.column = canvas.screen.put(at, "Does it help?  ");
  if (ratio.value <= 0) {
    canvas.screen.put(at, "no answer yet", kDim);
    return;
  }
  const bool helps = ratio.value >= 1.05;
  at.column = canvas.screen.put(at, ctl::as_ratio(ratio.value) + " the best leg",
                                {.colour = helps ? Colour::kGood : Colour::kWarning, .bold = true});
  const std::string since =
      model.totals.ratio_of_open_tunnels ? "by open tunnels" : "since the start";
  canvas.screen.put(at, fmt::format("  (cells {} {})", ratio.of_sent ? "sent" : "received", since),
                    kDim);
}

void draw_counts(Canvas canvas, At at, const Model& model) {
  const Totals& totals = model.totals;
  std::string text =
      fmt::format("Tunnels {:.0f}  legs {:.0f}  switches {:.1f}/min  out of order {}",
                  totals.tunnels, totals.legs, totals.switches_per_minute,
                  ctl::in_memory_units(static_cast<std::uint64_t>(totals.reorder_bytes)));
  if (totals.reorder_limit_bytes > 0) {
    text += " of " + ctl::in_memory_units(static_cast<std::uint64_t>(totals.reorder_limit_bytes));
  }
  canvas.screen.put(at, text);
}

void draw_regions(Canvas canvas, const Area& area, const Model& model) {
  Screen& screen = canvas.screen;
  screen.put({area.row, area.column},
             fmt::format("{:<20} {:<11} {:>7} {:>5} {:>8} {:>8} {:>5}", "PROXY", "STATE", "TUNNELS",
                         "LEGS", "RECV/s", "SENT/s", "HELPS"),
             kBold, area.width);
  int row = area.row + 1;
  for (const RegionRow& region : model.regions) {
    if (row >= area.row + area.height) break;
    screen.put({row, area.column}, region.instance, {}, 20);
    screen.put({row, area.column + 21}, ctl::word_for(region.health), look_of(region.health), 11);
    if (region.tells()) {
      screen.put({row, area.column + 33},
                 fmt::format("{:>7.0f} {:>5.0f} {:>8} {:>8} {:>5}", region.tunnels, region.legs,
                             ctl::in_rate_units(region.goodput.received),
                             ctl::in_rate_units(region.goodput.sent),
                             ctl::as_ratio(ratio_of(region.best_cells, region.cells).value)));
    }
    ++row;
  }
}

}  // namespace

Look look_of_leg(std::size_t index) noexcept {
  constexpr auto kColours = std::to_array({Colour::kLeg1, Colour::kLeg2, Colour::kLeg3});
  return {.colour = kColours[index % kColours.size()]};
}

void draw_header(Canvas canvas, const Area& area, const Model& model, const View& view) {
  if (area.height <= 0) return;
  Screen& screen = canvas.screen;
  const int name_end =
      screen.put({area.row, 0}, "conflux top", {.colour = Colour::kAccent, .bold = true});
  draw_proxies(canvas, {area.row, name_end + 2}, model);
  const std::string right =
      (model.taken_at > 0 ? clock_text(model.taken_at, canvas.options.utc_offset) : "");
  if (area.width >= 60) {
    screen.put_right({area.row, area.width},
                     fmt::format("  every {:g} s  {}", canvas.options.interval, right), kDim);
  }
  if (view.paused) {
    screen.put_right({area.row, area.width}, area.width >= 60 ? "  PAUSED  " + right : " PAUSED ",
                     kReverse);
  }
  if (area.height > 1) draw_goodput(canvas, {area.row + 1, 0}, model);
  if (area.height > 2) draw_help_line(canvas, {area.row + 2, 0}, model);
  if (area.height > 3) draw_counts(canvas, {area.row + 3, 0}, model);
  if (model.connection != Connection::kLost) return;
  for (int row = 1; row < area.height; ++row) screen.mark_row(area.row + row, kDim);
}

void draw_banners(Canvas canvas, const Area& area, const std::vector<Banner>& lines) {
  for (int i = 0; i < area.height && i < static_cast<int>(lines.size()); ++i) {
    const Banner& line = lines[static_cast<std::size_t>(i)];
    canvas.screen.put({area.row + i, 1}, line.text);
    canvas.screen.mark_row(area.row + i,
                           {.colour = line.bad ? Colour::kBad : Colour::kWarning, .reverse = true});
  }
}

void draw_graph_in(Canvas canvas, const Area& area, const std::vector<float>& values,
                   const GraphText& text) {
  const GraphSize size{area.width, area.height, canvas.options.ascii};
  const auto shown =
      std::min(values.size(), static_cast<std::size_t>(std::max(values_shown(size), 0)));
  const std::span<const float> latest(values.data() + (values.size() - shown), shown);
  const float top = round_scale(latest.empty() ? 0 : *std::ranges::max_element(latest));
  int row = area.row;
  for (const std::string& line : draw_graph(latest, top, size)) {
    canvas.screen.put({row++, area.column}, line, text.look);
  }
  if (text.caption.empty()) return;
  canvas.screen.put({area.row, area.column},
                    fmt::format("{} (top {}/s)", text.caption, ctl::in_rate_units(top)), kDim,
                    area.width);
}

void draw_totals(Canvas canvas, const Area& area, const Model& model) {
  if (area.height <= 0) return;
  const bool regions = area.width >= kWide && area.height >= 3;
  Area graph = area;
  if (regions) graph.width -= kRegionsAside + 2;
  draw_graph_in(canvas, graph, model.totals.history,
                {.caption = "goodput", .look = {.colour = Colour::kAccent}});
  if (regions) {
    draw_regions(canvas, {area.row, area.width - kRegionsAside, kRegionsAside, area.height}, model);
  }
}

std::vector<std::string> wrapped(const std::string& text, int width) {
  const auto most = static_cast<std::size_t>(std::max(width, 1));
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.size();
    if (end - at > most) {
      end = text.rfind(' ', at + most);
      if (end == std::string::npos || end <= at) end = at + most;
    }
    lines.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(' ', end);
    if (at == std::string::npos) break;
  }
  return lines;
}

}  // namespace conflux::top
