// What the seeds of one scenario and one scheduler come to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "examples/scheduler_lab/host/simulation.h"

namespace scheduler_lab {

struct Spread {
  double median = 0;
  double low = 0;
  double high = 0;
};

/// Seconds.
struct Wait {
  double p50 = 0;
  double p95 = 0;
};

/// All runs of one scenario under one scheduler, by seed.
struct Runs {
  const Scenario* scenario = nullptr;
  std::string scheduler;
  std::vector<RunResult> runs{};
};

struct Summary {
  std::string scenario;
  std::string scheduler;
  std::size_t seeds = 0;
  Spread goodput{};  ///< bytes per second
  /// What somebody waits for most impatiently: keystrokes, else pages, else files; none if the
  /// scenario has nothing that ends.
  std::optional<TrafficKind> waits_for{};
  std::optional<Wait> wait{};    ///< over all seeds; none if not one of those was delivered
  std::uint64_t unfinished = 0;  ///< of all kinds
  Spread peak_cells{};           ///< out of order
  Spread p95_cells{};
  Spread peak_bytes{};
  Spread mean_cells{};
  Spread switches{};
  std::vector<double> shares{};  ///< medians
  Spread tunnels_lost{};
  std::optional<Spread> jain{};
};

[[nodiscard]] Summary summarise(const Runs& of);
[[nodiscard]] Spread spread_of(std::vector<double> values);
/// `share` from 0 to 1, between neighbours by line. `sorted` is not empty.
[[nodiscard]] double quantile(const std::vector<double>& sorted, double share);
/// Seconds, ascending, of what was completed.
[[nodiscard]] std::vector<double> waits(const Runs& of, TrafficKind kind);
/// How many were to be, over all seeds.
[[nodiscard]] std::size_t messages(const Runs& of, TrafficKind kind);
[[nodiscard]] const char* name_of(TrafficKind kind);  ///< "file", "page", "keystroke"

/// For a terminal, and as CSV with a line of headings.
[[nodiscard]] std::string table_of(const std::vector<Summary>& rows);
[[nodiscard]] std::string csv_of(const std::vector<Summary>& rows);
/// Goodput and out-of-order depth of each scheduler as shares of the baseline's.
[[nodiscard]] std::string comparison_of(const std::vector<Summary>& rows,
                                        const std::string& baseline);

}  // namespace scheduler_lab
