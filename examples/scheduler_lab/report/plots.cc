#include "examples/scheduler_lab/report/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "examples/scheduler_lab/report/svg.h"

namespace scheduler_lab {
namespace {

// Relays let go of cells every 100 ms; what is shown is a mean over enough of those.
constexpr Time kGoodputWindow = kSecond;
// With fewer values a distribution says nothing.
constexpr std::size_t kDistributionMin = 8;

Series goodput_of(const Runs& of) {
  Series series{.name = of.scheduler};
  const std::vector<Sample>& samples = of.runs.front().samples;
  std::size_t first = 0;
  for (const Sample& sample : samples) {
    while (samples[first].at + kGoodputWindow < sample.at) ++first;
    // The window of the first moments begins with the run.
    const bool begins = sample.at <= kGoodputWindow;
    const Time since = begins ? 0 : samples[first].at;
    const std::uint64_t before = begins ? 0 : samples[first].delivered;
    if (sample.at <= since) continue;
    series.points.emplace_back(
        to_seconds(sample.at),
        static_cast<double>(sample.delivered - before) / 1000 / to_seconds(sample.at - since));
  }
  return series;
}

Series depth_of(const Runs& of) {
  Series series{.name = of.scheduler};
  for (const Sample& sample : of.runs.front().samples) {
    series.points.emplace_back(to_seconds(sample.at), static_cast<double>(sample.held_cells));
  }
  return series;
}

// What the end of the run cut off counts: a curve of a scheduler that delivered half ends at half.
Series share_over_time(const Runs& of, TrafficKind kind, const std::vector<double>& delivered) {
  Series curve{.name = of.scheduler};
  const auto all = static_cast<double>(messages(of, kind));
  for (std::size_t i = 0; i < delivered.size(); ++i) {
    curve.points.emplace_back(delivered[i], 100.0 * static_cast<double>(i + 1) / all);
  }
  return curve;
}

Bar bar_of(const Runs& of, TrafficKind kind, const std::vector<double>& delivered) {
  const std::size_t all = messages(of, kind);
  if (delivered.empty()) return {.name = of.scheduler, .note = "none ended"};
  const Spread spread = spread_of(delivered);
  return {.name = of.scheduler,
          .value = spread.median,
          .low = spread.low,
          .high = spread.high,
          .note = delivered.size() < all ? fmt::format("{} of {}", delivered.size(), all) : ""};
}

std::string completion_of(const std::vector<Runs>& schedulers, TrafficKind kind) {
  const std::string what = name_of(kind);
  const std::string title = schedulers.front().scenario->title + ": time to deliver a " + what;
  const std::string seeds = fmt::format("{} seeds", schedulers.front().runs.size());
  LinePlot curves{.title = title,
                  .subtitle = seeds + ", from its making to its last byte",
                  .x_label = "seconds",
                  .y_label = "share delivered, %",
                  .y_most = 100,
                  .steps = true};
  BarPlot bars{
      .title = title, .subtitle = "median, least and most of " + seeds, .x_label = "seconds"};
  std::size_t most = 0;
  for (const Runs& of : schedulers) {
    const std::vector<double> delivered = waits(of, kind);
    most = std::max(most, delivered.size());
    curves.series.push_back(share_over_time(of, kind, delivered));
    bars.bars.push_back(bar_of(of, kind, delivered));
  }
  return most < kDistributionMin ? draw(bars) : draw(curves);
}

}  // namespace

std::vector<NamedPlot> plots_of(const std::vector<Runs>& schedulers) {
  const Scenario& scenario = *schedulers.front().scenario;
  const std::string seed = "first seed; ";
  LinePlot goodput{.title = scenario.title + ": goodput",
                   .subtitle = seed + "bytes delivered in order, mean of the last second",
                   .x_label = "seconds",
                   .y_label = "kB/s"};
  LinePlot depth{.title = scenario.title + ": out-of-order depth",
                 .subtitle = seed + "cells that the exit holds back, most of each interval",
                 .x_label = "seconds",
                 .y_label = "cells"};
  std::vector<TrafficKind> kinds;
  for (const Runs& of : schedulers) {
    goodput.series.push_back(goodput_of(of));
    depth.series.push_back(depth_of(of));
    for (const Completion& completion : of.runs.front().completions) {
      if (std::ranges::find(kinds, completion.kind) == kinds.end())
        kinds.push_back(completion.kind);
    }
  }
  std::vector<NamedPlot> out{{"goodput.svg", draw(goodput)}, {"out_of_order.svg", draw(depth)}};
  std::ranges::sort(kinds);
  for (const TrafficKind kind : kinds) {
    out.push_back(
        {fmt::format("completion_{}.svg", name_of(kind)), completion_of(schedulers, kind)});
  }
  return out;
}

}  // namespace scheduler_lab
