// One run: a scenario, a scheduler and a seed in; measures out. Pure but for the plugin: equal
// inputs give equal measures.
#pragma once

#include <cstdint>
#include <mpath/plugin.hpp>
#include <optional>
#include <string>
#include <vector>

#include "examples/scheduler_lab/scenario/scenario.h"

namespace scheduler_lab {

/// Of one moment; peaks are since the sample before.
struct Sample {
  Time at = 0;
  std::uint64_t delivered = 0;   ///< bytes in order, since the start
  std::uint64_t held_cells = 0;  ///< peak
  std::uint64_t held_bytes = 0;  ///< peak
  struct Leg {
    std::uint64_t cwnd = 0;
    std::uint64_t rtt_us = 0;
    std::uint64_t cells = 0;  ///< DATA cells sent, since the start
  };
  std::vector<Leg> legs{};
};

struct Completion {
  TrafficKind kind = TrafficKind::kBulk;
  Time created = 0;
  std::uint64_t bytes = 0;
  std::optional<Time> took{};  ///< none: the run ended before
};

struct RunResult {
  Time ended = 0;  ///< everything delivered, or the scenario's duration
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_delivered = 0;
  double goodput = 0;  ///< bytes per second
  std::uint64_t peak_held_cells = 0;
  std::uint64_t peak_held_bytes = 0;
  double mean_held_cells = 0;  ///< over time
  /// That the depth stays below for 95 % of the time: what is left of the peak without the moments
  /// in which windows are being found.
  std::uint64_t p95_held_cells = 0;
  std::uint64_t switches = 0;
  std::uint64_t tunnels_lost = 0;
  std::vector<double> shares{};  ///< of each leg, of the DATA cells sent
  std::vector<Completion> completions{};
  std::vector<double> competitor_goodput{};  ///< bytes per second, while the client was at it
  std::optional<double> jain{};              ///< with competitors only
  std::vector<Sample> samples{};
  std::uint64_t events = 0;
};

struct RunOptions {
  const Scenario* scenario = nullptr;
  std::string scheduler;
  std::string settings{};  ///< more lines of section `conflux`, as YAML indented by two blanks
  std::uint64_t seed = 1;
  mpath::Plugin plugin;
};

/// The plugin's configuration of a run.
std::string configuration(const std::string& scheduler, const std::string& settings);

/// Throws Broken if the plugin refuses its configuration, misroutes or misorders.
RunResult simulate(const RunOptions& options);

/// Jain's fairness index of rates: 1 if all are equal, 1/n if one has all.
double jain_index(const std::vector<double>& rates);

}  // namespace scheduler_lab
