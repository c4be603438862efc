// scheduler_lab: scenarios in, tables and plots out.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "examples/scheduler_lab/app/choice.h"
#include "examples/scheduler_lab/app/experiment.h"
#include "examples/scheduler_lab/app/options.h"
#include "examples/scheduler_lab/app/plugin.h"
#include "examples/scheduler_lab/report/folder.h"
#include "examples/scheduler_lab/scenario/reader.h"

namespace scheduler_lab {
namespace {

int fail(const std::string& message, int status = 1) {
  fmt::print(stderr, "scheduler_lab: {}\n", message);
  return status;
}

// A line that moves on a terminal, a line every ten seconds elsewhere; nothing for the first two.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : quiet_(quiet), tty_(isatty(STDERR_FILENO) == 1) {}

  void show(std::size_t done, std::size_t all) {
    const auto now = Clock::now();
    const auto every = tty_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10'000);
    if (quiet_ || now - started_ < std::chrono::seconds(2) || now - shown_ < every) return;
    shown_ = now;
    shown_once_ = true;
    fmt::print(stderr, "{}{} of {} runs{}", tty_ ? "\r" : "", done, all, tty_ ? " " : "\n");
    std::fflush(stderr);
  }
  void end() const {
    if (tty_ && shown_once_) fmt::print(stderr, "\r{:40}\r", "");
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool quiet_;
  bool tty_;
  bool shown_once_ = false;
  Clock::time_point started_ = Clock::now();
  Clock::time_point shown_{};
};

bool read_scenarios(const Options& options, std::vector<Scenario>& out) {
  bool good = true;
  for (const std::string& file : options.scenarios) {
    ScenarioResult read = load_scenario(file);
    if (!read.scenario) {
      fmt::print(stderr, "{}", read.errors);
      good = false;
      continue;
    }
    const bool twice = std::ranges::find(out, read.scenario->name, &Scenario::name) != out.end();
    if (twice) {
      fmt::print(stderr, "{}: a scenario called {} was given before; rename one of the files\n",
                 file, read.scenario->name);
      good = false;
      continue;
    }
    out.push_back(std::move(*read.scenario));
  }
  return good;
}

// Once, instead of in every run.
std::string check_settings(const mpath::Plugin& plugin, const Options& options) {
  std::string words;
  const std::string text = configuration(options.schedulers.front(), options.settings);
  const mpath::Status status = plugin.check({.text = text, .name = "configuration"}, &words);
  return status == mpath::Status::kOk ? "" : "--set: the plugin refuses it: " + words;
}

std::vector<Summary> summarise_all(const std::vector<Runs>& all) {
  std::vector<Summary> rows;
  for (const Runs& of : all) rows.push_back(summarise(of));
  return rows;
}

std::vector<ResultFile> files_of(const ExperimentResult& result, const std::vector<Summary>& rows,
                                 const Options& options, const LoadedPlugin& plugin) {
  const mpath::Plugin& raw = plugin.plugin;
  const Provenance from{.lab = CONFLUX_VERSION,
                        .plugin = fmt::format("{} {}", raw.name(), raw.version()),
                        .plugin_sha256 = plugin.sha256,
                        .abi = fmt::format("{}.{}", raw.abi_major(), raw.abi_minor()),
                        .settings = options.settings};
  std::vector<ResultFile> files = files_of_all(result.all, rows, from);
  for (const Runs& of : result.all) {
    for (std::size_t i = 0; i < of.runs.size(); ++i) {
      for (ResultFile& file : files_of_run(of, i, options.first_seed + i, from)) {
        files.push_back(std::move(file));
      }
    }
  }
  return files;
}

int run_lab(Options options) {
  std::vector<Scenario> scenarios;
  if (!read_scenarios(options, scenarios)) return 1;
  if (options.check) {
    fmt::print("{} scenario{} fine\n", scenarios.size(), scenarios.size() == 1 ? " is" : "s are");
    return 0;
  }
  const LoadedPlugin plugin = load(options.plugin);
  if (!plugin.error.empty()) return fail(plugin.error);
  if (options.list_schedulers) {
    for (const std::string& name : schedulers_of(plugin.plugin)) fmt::print("{}\n", name);
    return 0;
  }
  if (const auto wrong = choose_schedulers(schedulers_of(plugin.plugin), options); !wrong.empty()) {
    return fail(wrong, kWrongUsage);
  }
  if (const auto wrong = check_settings(plugin.plugin, options); !wrong.empty()) {
    return fail(wrong, kWrongUsage);
  }
  if (!options.out.empty()) {
    const std::string wrong = check_directory(options.out, options.force);
    if (!wrong.empty()) return fail(wrong, kWrongUsage);
  }
  const Experiment experiment{.scenarios = std::move(scenarios),
                              .schedulers = options.schedulers,
                              .settings = options.settings,
                              .first_seed = options.first_seed,
                              .seeds = options.seeds,
                              .jobs = options.jobs,
                              .plugin = plugin.plugin};
  ProgressLine line(options.quiet);
  const ExperimentResult result =
      perform(experiment, [&line](std::size_t done, std::size_t all) { line.show(done, all); });
  line.end();
  for (const std::string& error : result.errors) fail(error);
  if (!result.errors.empty()) return 1;
  const std::vector<Summary> rows = summarise_all(result.all);
  fmt::print("{}", table_of(rows));
  if (options.schedulers.size() > 1) {
    fmt::print("\n{}", comparison_of(rows, options.baseline));
  }
  if (options.out.empty()) return 0;
  const std::string wrong = write_files(options.out, files_of(result, rows, options, plugin));
  if (!wrong.empty()) return fail(wrong);
  fmt::print("\nresults: {}\n", options.out);
  return 0;
}

}  // namespace
}  // namespace scheduler_lab

int main(int argc, char** argv) {
  auto parsed = scheduler_lab::parse_options(argc, argv);
  if (const auto* end = std::get_if<scheduler_lab::ExitNow>(&parsed)) {
    fmt::print(end->status == 0 ? stdout : stderr, "{}", end->text);
    return end->status;
  }
  return scheduler_lab::run_lab(std::get<scheduler_lab::Options>(std::move(parsed)));
}
