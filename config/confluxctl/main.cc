// confluxctl: the operator's tool.

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "config/confluxctl/command.h"
#include "config/diagnostics.h"
#include "config/options/suggest.h"

namespace conflux::ctl {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  confluxctl config check /etc/conflux/conflux.yaml\n"
    "  confluxctl config explain conflux.profile\n"
#ifdef CONFLUXCTL_LIVE
    "  confluxctl top\n"
    "  confluxctl doctor\n"
#endif
    "\n"
    "`confluxctl COMMAND --help` says more about a command.";

// The first word of the command line that should name a command and does not; CLI11 says only that
// a command is missing.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (const std::string& word : words) {
    std::vector<std::string_view> names;
    const CLI::App* next = nullptr;
    const std::vector<const CLI::App*> commands =
        at->get_subcommands([](const CLI::App*) { return true; });
    for (const CLI::App* command : commands) {
      names.push_back(command->get_name());
      next = command->get_name() == word ? command : next;
    }
    if (commands.empty() || word.starts_with('-')) {
      return {};
    }
    if (next == nullptr) {
      const std::string_view near = config::nearest(word, names);
      return fmt::format("no command is called {}{}", config::in_quotes(word),
                         near.empty() ? "" : fmt::format("; did you mean `{}`?", near));
    }
    at = next;
  }
  return {};
}

// "confluxctl config check", as far as the command line got.
std::string command_path(const CLI::App& app) {
  std::string out = app.get_name();
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    out += " " + at->get_name();
  }
  return out;
}

int report_usage(const CLI::App& app, const CLI::ParseError& error,
                 const std::vector<std::string>& words) {
  std::string problem = unknown_command(app, words);
  if (problem.empty()) {
    problem = error.what();
  }
  print_error(fmt::format("confluxctl: {}\nTry `{} --help`.\n", problem, command_path(app)));
  return kExitUsage;
}

// Help and version arrive as "errors" with exit code 0.
int parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      return app.exit(error);
    }
    return report_usage(app, error, std::vector<std::string>(argv + 1, argv + argc));
  }
}

int run(int argc, char** argv) {
  const Console console = detect_console();
  Outcome outcome;
  CLI::App app("The operator's tool for the Conflux multipath plugin.", "confluxctl");
  app.set_version_flag("--version", "confluxctl " CONFLUX_VERSION);
  app.require_subcommand(1);
  app.footer(kFooter);
#ifdef CONFLUXCTL_LIVE
  add_live_commands(app, console, outcome);
#endif
  add_config_commands(app, console, outcome);
  const int usage = parse(app, argc, argv);
  // A full disk or a closed pipe must not look like success.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    print_error("confluxctl: standard output cannot be written\n");
    return kExitIo;
  }
  return usage != kExitOk ? usage : outcome.exit_code;
}

}  // namespace
}  // namespace conflux::ctl

int main(int argc, char** argv) {
  try {
    return conflux::ctl::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "confluxctl: %s\n", error.what());
    return 70;
  }
}
