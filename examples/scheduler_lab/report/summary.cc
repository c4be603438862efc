#include "examples/scheduler_lab/report/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

namespace scheduler_lab {
namespace {

constexpr double kKilo = 1000;

template <typename Get>
Spread over_seeds(const std::vector<RunResult>& runs, Get get) {
  std::vector<double> values;
  for (const RunResult& run : runs) values.push_back(static_cast<double>(std::invoke(get, run)));
  return spread_of(std::move(values));
}

std::optional<TrafficKind> most_impatient(const std::vector<RunResult>& runs) {
  std::optional<TrafficKind> found;
  for (const RunResult& run : runs) {
    for (const Completion& completion : run.completions) {
      if (!found || completion.kind > *found) found = completion.kind;
    }
  }
  return found;
}

std::vector<double> median_shares(const std::vector<RunResult>& runs) {
  std::vector<double> out;
  for (std::size_t leg = 0; leg < runs.front().shares.size(); ++leg) {
    out.push_back(over_seeds(runs, [leg](const RunResult& run) { return run.shares[leg]; }).median);
  }
  return out;
}

std::string seconds(double value) {
  return value < 1 ? fmt::format("{:.0f} ms", value * kKilo) : fmt::format("{:.2f} s", value);
}

std::string shares_of(const Summary& row) {
  std::string out;
  for (const double share : row.shares) {
    out += fmt::format("{}{:.0f}", out.empty() ? "" : "/", share * 100);
  }
  return out + " %";
}

std::string wait_of(const Summary& row) {
  if (!row.waits_for) return "-";
  if (!row.wait) return "none ended";
  return fmt::format("{} {} / {}", name_of(*row.waits_for), seconds(row.wait->p50),
                     seconds(row.wait->p95));
}

std::vector<std::string> cells_of(const Summary& row) {
  const Spread& goodput = row.goodput;
  return {row.scheduler,
          fmt::format("{:.0f}", goodput.median / kKilo),
          fmt::format("{:.0f}-{:.0f}", goodput.low / kKilo, goodput.high / kKilo),
          wait_of(row),
          fmt::format("{:.0f}", row.peak_cells.median),
          fmt::format("{:.0f}", row.peak_bytes.median / kKilo),
          fmt::format("{:.0f}", row.p95_cells.median),
          fmt::format("{:.0f}", row.mean_cells.median),
          fmt::format("{:.0f}", row.switches.median),
          shares_of(row),
          row.jain ? fmt::format("{:.3f}", row.jain->median) : "-",
          row.tunnels_lost.high > 0 ? fmt::format("{:.0f}", row.tunnels_lost.median) : "-"};
}

const std::vector<std::string> kHeadings = {
    "scheduler", "goodput kB/s", "of seeds", "wait p50 / p95", "peak ooo", "kB",
    "p95",       "mean",         "switches", "share of leg",   "Jain",     "lost"};

std::string percent(const Spread& value, const Spread& of) {
  return of.median > 0 ? fmt::format("{:.1f}%", 100 * value.median / of.median) : "-";
}

std::string pad(const std::string& text, std::size_t width, bool left) {
  const std::string blanks(width - std::min(width, text.size()), ' ');
  return left ? text + blanks : blanks + text;
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string out = "  ";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += (i == 0 ? "" : "  ") + pad(cells[i], widths[i], i == 0);
  }
  return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  return {.median = quantile(values, 0.5), .low = values.front(), .high = values.back()};
}

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

std::vector<double> waits(const Runs& of, TrafficKind kind) {
  std::vector<double> out;
  for (const RunResult& run : of.runs) {
    for (const Completion& completion : run.completions) {
      if (completion.kind == kind && completion.took) {
        out.push_back(static_cast<double>(*completion.took) / kSecond);
      }
    }
  }
  std::ranges::sort(out);
  return out;
}

std::size_t messages(const Runs& of, TrafficKind kind) {
  std::size_t count = 0;
  for (const RunResult& run : of.runs) {
    count += static_cast<std::size_t>(std::ranges::count(run.completions, kind, &Completion::kind));
  }
  return count;
}

const char* name_of(TrafficKind kind) {
  switch (kind) {
    case TrafficKind::kBulk:
      return "file";
    case TrafficKind::kWeb:
      return "page";
    case TrafficKind::kInteractive:
      break;
  }
  return "keystroke";
}

Summary summarise(const Runs& of) {
  const std::vector<RunResult>& runs = of.runs;
  Summary row{.scenario = of.scenario->name, .scheduler = of.scheduler, .seeds = runs.size()};
  row.goodput = over_seeds(runs, &RunResult::goodput);
  row.peak_cells = over_seeds(runs, &RunResult::peak_held_cells);
  row.peak_bytes = over_seeds(runs, &RunResult::peak_held_bytes);
  row.p95_cells = over_seeds(runs, &RunResult::p95_held_cells);
  row.mean_cells = over_seeds(runs, &RunResult::mean_held_cells);
  row.switches = over_seeds(runs, &RunResult::switches);
  row.tunnels_lost = over_seeds(runs, &RunResult::tunnels_lost);
  row.shares = median_shares(runs);
  if (runs.front().jain) row.jain = over_seeds(runs, [](const RunResult& r) { return *r.jain; });
  row.waits_for = most_impatient(runs);
  if (!row.waits_for) return row;
  if (const std::vector<double> all = waits(of, *row.waits_for); !all.empty()) {
    row.wait = Wait{.p50 = quantile(all, 0.5), .p95 = quantile(all, 0.95)};
  }
  for (const RunResult& run : runs) {
    row.unfinished += static_cast<std::uint64_t>(std::ranges::count_if(
        run.completions, [](const Completion& completion) { return !completion.took; }));
  }
  return row;
}

std::string table_of(const std::vector<Summary>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& heading : kHeadings) widths.push_back(heading.size());
  for (const Summary& row : rows) {
    const std::vector<std::string> cells = cells_of(row);
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string out = line_of(kHeadings, widths);
  std::string_view scenario;
  for (const Summary& row : rows) {
    if (row.scenario != scenario) {
      scenario = row.scenario;
      out += row.scenario + "\n";
    }
    out += line_of(cells_of(row), widths);
  }
  return out;
}

std::string comparison_of(const std::vector<Summary>& rows, const std::string& baseline) {
  std::string out = fmt::format("  {:18}  {:>8}  {:>17}  {:>6}  {:>6}\n", "of " + baseline,
                                "goodput", "peak of ooo depth", "p95", "mean");
  const Summary* base = nullptr;
  for (const Summary& row : rows) {
    if (base == nullptr || base->scenario != row.scenario) {
      const auto found = std::ranges::find_if(rows, [&](const Summary& other) {
        return other.scenario == row.scenario && other.scheduler == baseline;
      });
      if (found == rows.end()) return {};
      base = &*found;
      out += row.scenario + "\n";
    }
    if (&row == base) continue;
    out += fmt::format(
        "  {:18}  {:>8}  {:>17}  {:>6}  {:>6}\n", row.scheduler,
        percent(row.goodput, base->goodput), percent(row.peak_cells, base->peak_cells),
        percent(row.p95_cells, base->p95_cells), percent(row.mean_cells, base->mean_cells));
  }
  return out;
}

std::string csv_of(const std::vector<Summary>& rows) {
  std::string out =
      "scenario,scheduler,seeds,goodput_median,goodput_low,goodput_high,wait_for,wait_p50_s,"
      "wait_p95_s,unfinished,peak_ooo_cells,peak_ooo_cells_low,peak_ooo_cells_high,peak_ooo_bytes,"
      "p95_ooo_cells,mean_ooo_cells,switches,jain,tunnels_lost,shares\n";
  for (const Summary& row : rows) {
    out += fmt::format("{},{},{},{:.0f},{:.0f},{:.0f},", row.scenario, row.scheduler, row.seeds,
                       row.goodput.median, row.goodput.low, row.goodput.high);
    out += fmt::format("{},{},{},", row.waits_for ? name_of(*row.waits_for) : "",
                       row.wait ? fmt::format("{:.6f},{:.6f}", row.wait->p50, row.wait->p95) : ",",
                       row.unfinished);
    out += fmt::format("{:.0f},{:.0f},{:.0f},{:.0f},{:.0f},{:.2f},{:.0f},", row.peak_cells.median,
                       row.peak_cells.low, row.peak_cells.high, row.peak_bytes.median,
                       row.p95_cells.median, row.mean_cells.median, row.switches.median);
    out += fmt::format("{},{:.0f},", row.jain ? fmt::format("{:.4f}", row.jain->median) : "",
                       row.tunnels_lost.median);
    for (std::size_t i = 0; i < row.shares.size(); ++i) {
      out += fmt::format("{}{:.4f}", i == 0 ? "" : "/", row.shares[i]);
    }
    out += "\n";
  }
  return out;
}

}  // namespace scheduler_lab
