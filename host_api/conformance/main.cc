// mpath-validate: holds a plugin against every requirement of the mpath ABI that can be checked.
#include <fmt/format.h>
#include <regex.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host_api/conformance/check.h"
#include "host_api/conformance/report.h"
#include "host_api/conformance/runner.h"

namespace mpath::kit {
namespace {

enum Exit : int { kFine = 0, kFailures = 1, kUsage = 2, kNotLoadable = 3 };

constexpr char kFooter[] =
    R"(Each check runs in a process of its own. Exit status: 0 nothing failed, 1 something did, 2 wrong usage,
3 the plugin cannot be loaded.

Examples:
  mpath-validate ./conflux.so                          all checks
  mpath-validate ./conflux.so --only '^cells|^legs'    two groups
  mpath-validate ./conflux.so --skip syscalls          all but one
  mpath-validate ./conflux.so --only fuzz --seed 42 --steps 100000
  mpath-validate ./conflux.so --config metrics.yaml    with what it names, instead of the defaults
  mpath-validate ./conflux.so --json r.json --junit r.xml
  gdb --args mpath-validate ./conflux.so --only '^life\.stale_ids' --in-process
  mpath-validate --requirements                        which check proves which requirement)";

struct Arguments {
  Settings settings;
  std::string only;
  std::string skip;
  std::string json;
  std::string junit;
  unsigned timeout_seconds = 45;
  bool list = false;
  bool requirements = false;
};

void declare(CLI::App& app, Arguments& arguments) {
  app.footer(kFooter);
  app.add_option("plugin", arguments.settings.plugin, "The plugin's file")->type_name("FILE");
  app.add_option("--config", arguments.settings.config_file,
                 "Open instances with the text of this file; checks want tunnels of four legs, and "
                 "what makes them less free may fail them")
      ->type_name("FILE");
  app.add_option("--only", arguments.only, "Run checks whose names match")->type_name("REGEX");
  app.add_option("--skip", arguments.skip, "Leave out checks whose names match")
      ->type_name("REGEX");
  app.add_flag("--list", arguments.list, "Name the checks, run none");
  app.add_flag("--requirements", arguments.requirements,
               "Show every requirement and what looks after it (with --json: to a file)");
  app.add_option("--json", arguments.json, "Write results as JSON")->type_name("FILE");
  app.add_option("--junit", arguments.junit, "Write results as JUnit XML")->type_name("FILE");
  app.add_option("--seed", arguments.settings.seed, "Seed of random histories")
      ->capture_default_str();
  app.add_option("--steps", arguments.settings.steps, "Operations of one random history")
      ->check(CLI::Range(1U, 1'000'000'000U))
      ->capture_default_str();
  app.add_option("--timeout", arguments.timeout_seconds, "Seconds that a check may take")
      ->check(CLI::Range(1U, 86'400U))
      ->capture_default_str();
  app.add_flag("--in-process", arguments.settings.in_process,
               "No process for each check: for a debugger");
}

// An extended regular expression of POSIX (std::regex does not compile under every sanitizer: GCC
// bug 105562). An empty one is none.
class Pattern {
 public:
  explicit Pattern(const std::string& text) : exists_(!text.empty()) {
    if (!exists_) return;
    const int error = ::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error == 0) return;
    char words[200];
    ::regerror(error, &compiled_, words, sizeof words);
    throw std::invalid_argument(fmt::format("not a regular expression: {}: {}", text, words));
  }
  ~Pattern() {
    if (exists_) ::regfree(&compiled_);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  [[nodiscard]] bool exists() const noexcept { return exists_; }
  [[nodiscard]] bool matches(const std::string& name) const {
    return exists_ && ::regexec(&compiled_, name.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  bool exists_;
  regex_t compiled_{};
};

std::vector<const Check*> choose(const Arguments& arguments) {
  const Pattern only(arguments.only);
  const Pattern skip(arguments.skip);
  std::vector<const Check*> chosen;
  for (const Check& check : all_checks()) {
    if (only.exists() && !only.matches(check.name)) continue;
    if (!skip.matches(check.name)) chosen.push_back(&check);
  }
  return chosen;
}

bool read_configuration(Settings& settings) {
  if (settings.config_file.empty()) return true;
  const std::ifstream in(settings.config_file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  settings.config = std::move(text).str();
  return !settings.config.empty();
}

bool write_file(const std::string& path, const std::string& content) {
  if (path.empty()) return true;
  std::ofstream out(path, std::ios::binary);
  out << content;
  out.flush();
  if (!out) fmt::print(stderr, "mpath-validate: cannot write {}\n", path);
  return out.good();
}

int usage(const std::string& words) {
  fmt::print(stderr, "mpath-validate: {}\nTry: mpath-validate --help\n", words);
  return kUsage;
}

int validate(const Arguments& arguments, const std::vector<const Check*>& checks) {
  Report report{.settings = arguments.settings, .plugin = {}, .lines = {}};
  if (::access(arguments.settings.plugin.c_str(), R_OK) != 0) {
    fmt::print(stderr, "mpath-validate: cannot read {}\n", arguments.settings.plugin);
    return kNotLoadable;
  }
  const std::string obstacle = why_not_loadable(arguments.settings, arguments.timeout_seconds);
  report.plugin = obstacle.empty() ? describe_plugin(arguments.settings, arguments.timeout_seconds)
                                   : "cannot be loaded: " + obstacle;
  TextReport text(stdout);
  text.begin(report);
  for (const Check* check : checks) {
    // Of a plugin that does not load, the file and the loading itself are still looked at.
    if (!obstacle.empty() && check->group() != "elf" && check->group() != "load") continue;
    if (arguments.settings.in_process && check->alters_process && checks.size() > 1) {
      report.lines.push_back(
          {check,
           {.status = Status::kSkipped, .message = "cannot share a process: name it with --only"}});
    } else {
      report.lines.push_back(
          {check, run_check(*check, arguments.settings, arguments.timeout_seconds)});
    }
    text.tell(report, report.lines.back());
  }
  text.end(report);
  // Both, even if the first one cannot be written.
  const bool json_written = write_file(arguments.json, to_json(report));
  const bool junit_written = write_file(arguments.junit, to_junit(report));
  if (!json_written || !junit_written) return kUsage;
  if (!obstacle.empty()) return kNotLoadable;
  return report.has_failed() ? kFailures : kFine;
}

int run(int argc, char** argv) {
  CLI::App app("Holds a plugin against the requirements of the mpath ABI (ABI.md, section 5).",
               "mpath-validate");
  Arguments arguments;
  declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? kFine : kUsage;
  }
  if (arguments.requirements) {
    if (!arguments.json.empty())
      return write_file(arguments.json, coverage_json()) ? kFine : kUsage;
    fmt::print("{}", coverage_text());
    return kFine;
  }
  std::vector<const Check*> checks;
  try {
    checks = choose(arguments);
  } catch (const std::invalid_argument& error) {
    return usage(error.what());
  }
  if (checks.empty()) return usage("no check has such a name; see --list");
  if (arguments.list) {
    fmt::print("{}", list_text(checks));
    return kFine;
  }
  if (arguments.settings.plugin.empty()) return usage("which plugin? Name its file");
  if (!read_configuration(arguments.settings)) {
    return usage(
        fmt::format("cannot read a configuration from {}", arguments.settings.config_file));
  }
  return validate(arguments, checks);
}

}  // namespace
}  // namespace mpath::kit

int main(int argc, char** argv) { return mpath::kit::run(argc, argv); }
