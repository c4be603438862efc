#include "examples/scheduler_lab/app/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

namespace scheduler_lab {
namespace {

constexpr const char* kDescription =
    "Simulates uploads over several Tor circuits to one exit, with the schedulers of the conflux\n"
    "plugin, in virtual time. Equal scenario, scheduler and seed give equal output.";

constexpr const char* kExamples = R"(
Examples:
  scheduler_lab scenarios/*.yaml
      every scheduler of the plugin in every scenario, three seeds each: a table
  scheduler_lab scenarios/unequal_both.yaml --schedulers low_rtt,ecf --seeds 10 --out results/ecf
      two schedulers, ten seeds, with CSV, plots and a folder for each run
  scheduler_lab scenarios/unequal_*.yaml --set reorder.peer_limit=512KiB
      with another option of the plugin (`confluxctl config explain` lists them)
  scheduler_lab --list-schedulers
      the names that --schedulers takes
  scheduler_lab --check mine.yaml
      is the scenario file right?

A scenario file (README.md describes all keys):
  version: 1
  duration: 60s
  legs:
    - {rate: 2000KiB, delay: 10ms}
    - {rate: 500KiB, delay: 60ms, jitter: 5ms}
  traffic:
    - {kind: bulk, size: 40MiB}

Exit status: 0 done, 1 a run or a file failed, 2 wrong command line.)";

constexpr std::uint64_t kSeedsMax = 1000;
constexpr unsigned kJobsMax = 64;

std::vector<std::string> split(const std::string& names) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    if (end > begin) out.push_back(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

struct Raw {
  std::string schedulers;
  std::vector<std::string> settings;
};

void add_options(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("SCENARIO", options.scenarios, "scenario files")->type_name("FILE");
  app.add_option("--schedulers", raw.schedulers, "names, separated by commas (default: all)")
      ->type_name("NAMES");
  app.add_option("--seeds", options.seeds, "how many seeds")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, kSeedsMax))
      ->capture_default_str();
  app.add_option("--first-seed", options.first_seed, "the first of them")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--plugin", options.plugin, "conflux.so (default: of this build or installation)")
      ->type_name("PATH");
  app.add_option("--set", raw.settings, "an option of the plugin, below `conflux`; repeatable")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  app.add_option("--out", options.out, "write results there: a new or empty directory")
      ->type_name("DIR");
  app.add_flag("--force", options.force, "overwrite results in --out");
  app.add_option("--baseline", options.baseline, "what others are compared with (default: low_rtt)")
      ->type_name("NAME");
  app.add_option("--jobs", options.jobs, "runs at a time; the results are the same")
      ->type_name("N")
      ->check(CLI::Range(1U, kJobsMax))
      ->capture_default_str();
  app.add_flag("--check", options.check, "read the scenarios, run nothing");
  app.add_flag("--list-schedulers", options.list_schedulers, "print what the plugin knows");
  app.add_flag("--quiet", options.quiet, "no progress");
}

}  // namespace

std::optional<std::string> to_yaml(const std::vector<std::string>& settings) {
  std::map<std::string, std::string> sections;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    const std::string key = setting.substr(0, equals);
    const std::string value = setting.substr(equals + 1) + "\n";
    const std::size_t dot = key.find('.');
    if (dot == std::string::npos) {
      sections[key] = " " + value;
    } else {
      std::string& section = sections[key.substr(0, dot)];
      section += (section.empty() ? "\n    " : "    ") + key.substr(dot + 1) + ": " + value;
    }
  }
  std::string out;
  for (const auto& [name, text] : sections) out += "  " + name + ":" + text;
  return out;
}

std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv) {
  CLI::App app(kDescription, "scheduler_lab");
  app.footer(kExamples);
  app.get_formatter()->column_width(34);
  app.set_version_flag("--version", CONFLUX_VERSION);
  Options options;
  Raw raw;
  add_options(app, options, raw);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return ExitNow{0, app.help()};
  } catch (const CLI::CallForVersion&) {
    return ExitNow{0, "scheduler_lab " CONFLUX_VERSION "\n"};
  } catch (const CLI::ParseError& error) {
    return ExitNow{kWrongUsage, std::string("scheduler_lab: ") + error.what() +
                                    "\nscheduler_lab --help lists all options\n"};
  }
  options.schedulers = split(raw.schedulers);
  const std::optional<std::string> settings = to_yaml(raw.settings);
  if (!settings) {
    return ExitNow{kWrongUsage,
                   "scheduler_lab: --set: expected KEY=VALUE, such as reorder.peer_limit=1MiB\n"
                   "scheduler_lab --help lists all options\n"};
  }
  options.settings = *settings;
  if (options.scenarios.empty() && !options.list_schedulers) {
    return ExitNow{kWrongUsage,
                   "scheduler_lab: no scenario file; those that are shipped lie in "
                   "examples/scheduler_lab/scenarios\nscheduler_lab --help lists all options\n"};
  }
  return options;
}

}  // namespace scheduler_lab
