#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "config/options/units.h"
#include "plugin/sidecar/ctl/commands.h"
#include "plugin/sidecar/ctl/connect.h"
#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/ctl/top/app.h"
#include "plugin/sidecar/ctl/top/terminal.h"
#include "plugin/sidecar/model/snapshot.h"

namespace conflux::ctl {
namespace {

constexpr const char* kTopFooter =
    "Goodput, share per leg, round trips, windows, reordering and switches, and whether it helps:\n"
    "all cells over those of the best leg. h shows the keys, q quits. Single tunnels are shown if\n"
    "`conflux.metrics.detail: local` is set and --address is a Unix socket; else totals. History "
    "is\n"
    "kept in memory only. NO_COLOR is respected.\n"
    "\n"
    "Without a terminal, or with --once, it prints one picture as text: all tunnels, rates over "
    "one\n"
    "interval.\n"
    "\n"
    "Exit status: 0, 64 wrong usage, 66 a PEM file cannot be used, 69 the sidecar cannot be\n"
    "reached (with --once; the live view waits for it), 128 plus the number of a signal that\n"
    "ended it.\n"
    "\n"
    "Examples:\n"
    "  confluxctl top\n"
    "  confluxctl top --interval 500ms --sort rtt\n"
    "  confluxctl top --once --filter ready > now.txt\n"
    "  confluxctl top --address unix:/tmp/lab/sidecar.sock";

constexpr int kWidestPlain = 160;

struct TopArguments {
  ConnectOptions connect;
  std::string interval = "1s";
  std::string sort = "goodput";
  std::string filter;
  std::uint32_t limit = 1000;
  bool reverse = false;
  bool once = false;
  bool ascii = false;
};

std::vector<std::string> sort_key_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < top::kSortKeys; ++i) {
    names.emplace_back(top::name_of(static_cast<top::SortKey>(i)));
  }
  return names;
}

top::AppOptions options_of(const TopArguments& arguments, const Console& console) {
  const char* no_color = std::getenv("NO_COLOR");
  return {.target = printable(address_of(arguments.connect).target),
          .instance = arguments.connect.instance,
          .interval = *config::read_duration(arguments.interval).value,
          .limit = arguments.limit,
          .view = {.sort = *top::sort_key_named(arguments.sort),
                   .reversed = arguments.reverse,
                   .filter = arguments.filter},
          .ascii = !top::locale_is_utf8() || arguments.ascii,
          .colour = no_color == nullptr || *no_color == '\0',
          .width = isatty(STDOUT_FILENO) != 0 ? static_cast<int>(console.width) : kWidestPlain};
}

int run_top(const TopArguments& arguments, const Console& console) {
  const top::AppOptions options = options_of(arguments, console);
  const bool plain = arguments.once || isatty(STDOUT_FILENO) == 0 || isatty(STDIN_FILENO) == 0;
  // Before the client's threads are made, so that they block the same signals.
  const auto signals = plain ? nullptr : std::make_unique<top::SignalFile>();
  int exit_code = kExitOk;
  const auto client = connect(arguments.connect, exit_code);
  if (client == nullptr) return exit_code;
  if (plain) {
    const top::OneShot picture = top::take_picture(*client, options);
    if (!picture.status.ok()) return report_failure(arguments.connect, picture.status);
    print(picture.text);
    return kExitOk;
  }
  const top::AppResult result = top::run_app(*client, *signals, options);
  if (result.problem.empty()) return result.exit_code;
  print_error(fmt::format("confluxctl: {}\n", printable(result.problem)));
  return kExitUsage;
}

}  // namespace

void add_top_command(CLI::App& app, const Console& console, Outcome& outcome) {
  auto arguments = std::make_shared<TopArguments>();
  CLI::App* command = app.add_subcommand("top", "Watch proxies and their tunnels live");
  command->add_option("--interval", arguments->interval, "time between two looks")
      ->check(interval_validator())
      ->default_str("1s");
  command->add_flag("--once", arguments->once, "print one picture as text and end");
  command->add_option("--sort", arguments->sort, "by what, the largest first")
      ->check(CLI::IsMember(sort_key_names()))
      ->default_str("goodput");
  command->add_flag("--reverse", arguments->reverse, "the smallest first");
  command->add_option("--filter", arguments->filter,
                      "only tunnels whose name, proxy or state has it");
  command->add_option("--limit", arguments->limit, "ask for so many tunnels at most")
      ->check(CLI::Range(1U, sidecar::kWatchedMost))
      ->default_str("1000");
  command->add_flag("--ascii", arguments->ascii, "no characters beyond ASCII");
  add_connect_options(*command, arguments->connect);
  command->footer(kTopFooter);
  command->callback(
      [arguments, &console, &outcome] { outcome.exit_code = run_top(*arguments, console); });
}

}  // namespace conflux::ctl
