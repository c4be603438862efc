#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/ctl/top/graph.h"
#include "plugin/sidecar/ctl/top/parts.h"

namespace conflux::top {
namespace {

constexpr int kGraphAtLeast = 10;
constexpr int kGraphAtMost = 60;

// One number per leg, as "a/b".
std::string per_leg(const TunnelRow& row, std::string (*text)(const LegRow&)) {
  std::string out;
  for (const LegRow& leg : row.legs) out += (out.empty() ? "" : "/") + text(leg);
  return out.empty() ? "-" : out;
}

std::string share_of(const LegRow& leg) { return fmt::format("{:.0f}", leg.share * 100); }
std::string rtt_of(const LegRow& leg) {
  return leg.rtt_ms == 0 ? "-" : fmt::format("{}", leg.rtt_ms);
}
std::string window_of(const LegRow& leg) { return fmt::format("{}:{}", leg.inflight, leg.cwnd); }

struct Column {
  const char* title;
  int width;
  int rank;  // columns of a higher rank are left out first
  bool left;
  SortKey sort;  // what its title is marked for
  std::string (*text)(const TunnelRow&);
};

// In the order in which they are shown.
constexpr auto kColumns = std::to_array<Column>({
    {"TUNNEL", 8, 0, true, SortKey::kTunnel,
     [](const TunnelRow& row) { return ctl::tunnel_name(row.display_id); }},
    {"PROXY", 12, 11, true, SortKey::kTunnel, [](const TunnelRow& row) { return row.instance; }},
    {"STATE", 7, 7, true, SortKey::kTunnel,
     [](const TunnelRow& row) { return std::string(ctl::word_for(row.state)); }},
    {"AGE", 4, 9, true, SortKey::kAge,
     [](const TunnelRow& row) { return std::string(ctl::word_for(row.age)); }},
    {"RECV/s", 8, 1, false, SortKey::kGoodput,
     [](const TunnelRow& row) { return ctl::in_rate_units(row.goodput.received); }},
    {"SENT/s", 8, 3, false, SortKey::kGoodput,
     [](const TunnelRow& row) { return ctl::in_rate_units(row.goodput.sent); }},
    {"SHARE %", 8, 4, false, SortKey::kGoodput,
     [](const TunnelRow& row) { return per_leg(row, share_of); }},
    {"RTT ms", 9, 5, false, SortKey::kRtt,
     [](const TunnelRow& row) { return per_leg(row, rtt_of); }},
    {"INFLIGHT:CWND", 19, 10, false, SortKey::kTunnel,
     [](const TunnelRow& row) { return per_leg(row, window_of); }},
    {"REORDER", 8, 6, false, SortKey::kReorder,
     [](const TunnelRow& row) { return ctl::in_memory_units(row.reorder_bytes); }},
    {"SW/MIN", 6, 8, false, SortKey::kSwitches,
     [](const TunnelRow& row) { return fmt::format("{:.1f}", row.switches_per_minute); }},
    {"HELPS", 6, 2, false, SortKey::kRatio,
     [](const TunnelRow& row) { return ctl::as_ratio(row.ratio.value); }},
    {"CELLS IN", 11, 12, false, SortKey::kTunnel,
     [](const TunnelRow& row) { return ctl::number(row.cells.received); }},
    {"CELLS OUT", 11, 13, false, SortKey::kTunnel,
     [](const TunnelRow& row) { return ctl::number(row.cells.sent); }},
});

// The columns that fit, and what is left for a graph.
struct Plan {
  std::vector<const Column*> columns;
  int graph = 0;
};

Plan plan_columns(int width) {
  std::array<const Column*, kColumns.size()> by_rank{};
  for (const Column& column : kColumns) by_rank[static_cast<std::size_t>(column.rank)] = &column;
  int left = width - 1;  // the mark of the selection
  Plan plan;
  for (const Column* column : by_rank) {
    if (column->width + 1 > left && !plan.columns.empty()) break;
    plan.columns.push_back(column);
    left -= column->width + 1;
  }
  std::ranges::sort(plan.columns);
  plan.graph = left > kGraphAtLeast ? std::min(left - 1, kGraphAtMost) : 0;
  return plan;
}

Look look_of(const TunnelRow& row) {
  using metrics::v1::Tunnel;
  if (row.state == Tunnel::STATE_CLOSED) return kDim;
  return row.goodput.both() > 0 ? Look{} : kDim;
}

void draw_titles(Canvas canvas, const Area& area, const Plan& plan, const View& view) {
  int column = 1;
  bool marked = false;
  for (const Column* it : plan.columns) {
    const bool sorted = it->sort == view.sort && !marked &&
                        (view.sort != SortKey::kTunnel || std::string_view(it->title) == "TUNNEL");
    marked = marked || sorted;
    const std::string text = it->left ? fmt::format("{:<{}}", it->title, it->width)
                                      : fmt::format("{:>{}}", it->title, it->width);
    canvas.screen.put({area.row, column}, text,
                      {.colour = sorted ? Colour::kAccent : Colour::kPlain,
                       .bold = true,
                       .reverse = sorted && !canvas.options.one_shot});
    column += it->width + 1;
  }
  if (plan.graph > 0) canvas.screen.put({area.row, column}, "GOODPUT", kBold);
}

void draw_row(Canvas canvas, const Area& area, const Plan& plan, const TunnelRow& row) {
  int column = area.column + 1;
  for (const Column* it : plan.columns) {
    std::string text = it->text(row);
    if (static_cast<int>(text.size()) > it->width) {
      text = text.substr(0, static_cast<std::size_t>(it->width) - 1) + "+";
    }
    canvas.screen.put({area.row, column}, it->left ? text : fmt::format("{:>{}}", text, it->width),
                      look_of(row));
    column += it->width + 1;
  }
  if (plan.graph > 0) {
    draw_graph_in(canvas, {area.row, column, plan.graph, 1}, row.history,
                  {.caption = {}, .look = {.colour = Colour::kAccent}});
  }
}

std::size_t first_row(std::size_t selected, std::size_t shown, std::size_t all) {
  if (all <= shown) return 0;
  const std::size_t half = shown / 2;
  return std::min(selected > half ? selected - half : 0, all - shown);
}

}  // namespace

void draw_table(Canvas canvas, const Area& area, const std::vector<const TunnelRow*>& rows,
                const View& view) {
  if (area.height <= 0 || (rows.empty() && view.filter.empty())) return;
  const Plan plan = plan_columns(area.width);
  draw_titles(canvas, area, plan, view);
  if (rows.empty()) {
    canvas.screen.put({area.row + 1, 1}, "no tunnel matches `" + view.filter + "`", kDim);
    return;
  }
  const auto shown = static_cast<std::size_t>(area.height - 1);
  const std::size_t first =
      canvas.options.one_shot ? 0 : first_row(view.selected_row, shown, rows.size());
  for (std::size_t i = first; i < rows.size() && i < first + shown; ++i) {
    const int row = area.row + 1 + static_cast<int>(i - first);
    draw_row(canvas, {row, area.column, area.width, 1}, plan, *rows[i]);
    if (!canvas.options.one_shot && i == view.selected_row) {
      canvas.screen.put({row, 0}, ">");
      canvas.screen.mark_row(row, kReverse);
    }
  }
}

}  // namespace conflux::top
