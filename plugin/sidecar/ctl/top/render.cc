#include "plugin/sidecar/ctl/top/render.h"

#include <algorithm>

#include "plugin/sidecar/ctl/top/parts.h"

namespace conflux::top {
namespace {

constexpr int kRowsAtLeast = 3;  // of the table, before details get room
constexpr int kLegsShown = 8;
constexpr int kLegGraph = 8;
constexpr int kTall = 40;

int header_rows(int height) noexcept {
  if (height >= 12) return 4;
  return height >= 8 ? 3 : std::min(height, 2);
}

int graph_rows(int height) noexcept {
  if (height >= kTall) return 10;
  if (height >= 30) return 5;
  return height >= 20 ? 3 : 0;
}

std::vector<Banner> wrap_banners(const std::vector<Banner>& banners, int width) {
  std::vector<Banner> lines;
  for (const Banner& banner : banners) {
    for (std::string& line : wrapped(banner.text, std::max(width - 2, 8))) {
      lines.push_back({banner.bad, std::move(line)});
    }
  }
  return lines;
}

const TunnelRow* selected_of(const std::vector<const TunnelRow*>& rows, const View& view) {
  if (rows.empty() || !view.details) return nullptr;
  return rows[std::min(view.selected_row, rows.size() - 1)];
}

}  // namespace

Layout plan_layout(const RenderOptions& options, const Wanted& wanted) noexcept {
  Layout plan;
  int left = options.height;
  const auto take = [&left](int rows) {
    const int taken = std::clamp(rows, 0, left);
    left -= taken;
    return taken;
  };
  plan.header = take(header_rows(options.height));
  plan.footer = options.one_shot || options.height < 4 ? 0 : take(1);
  plan.banners = take(std::min(wanted.banners, std::max(1, options.height / 5)));
  plan.titles = take(1) == 1;
  const int graph = options.one_shot ? 0 : graph_rows(options.height);
  plan.graph = left >= graph + kRowsAtLeast ? take(graph) : 0;
  if (wanted.legs > 0 && !options.one_shot) {
    // Title, titles of columns, legs, what waits.
    int details = 3 + std::min(wanted.legs, kLegsShown);
    if (options.height >= kTall) details += kLegGraph;
    if (left - details >= kRowsAtLeast) plan.details = take(details);
  }
  plan.rows = left;
  return plan;
}

Screen render(const Model& model, const View& view, const RenderOptions& options) {
  Screen screen(options.width, options.height);
  const Canvas canvas{screen, options};
  if (view.help) {
    draw_help(canvas);
    return screen;
  }
  const std::vector<const TunnelRow*> rows = rows_of(model, view);
  const TunnelRow* selected = selected_of(rows, view);
  const std::vector<Banner> banners = wrap_banners(banners_of(model), options.width);
  const Layout plan =
      plan_layout(options, {.banners = static_cast<int>(banners.size()),
                            .legs = selected ? static_cast<int>(selected->legs.size()) : 0});
  Area area{.row = 0, .column = 0, .width = options.width, .height = 0};
  const auto next = [&area](int height) {
    area.row += area.height;
    area.height = height;
    return area;
  };
  draw_header(canvas, next(plan.header), model, view);
  draw_banners(canvas, next(plan.banners), banners);
  draw_totals(canvas, next(plan.graph), model);
  draw_table(canvas, next(plan.rows + (plan.titles ? 1 : 0)), rows, view);
  if (plan.details > 0) draw_details(canvas, next(plan.details), *selected);
  if (plan.footer > 0) draw_footer(canvas, options.height - 1, view);
  return screen;
}

}  // namespace conflux::top
