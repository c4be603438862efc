#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "config/options/units.h"
#include "plugin/sidecar/ctl/commands.h"
#include "plugin/sidecar/ctl/connect.h"
#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/ctl/json.h"
#include "plugin/sidecar/ctl/top/model.h"

namespace conflux::ctl {
namespace {

using metrics::v1::Snapshot;
using top::RegionRow;

constexpr const char* kWatchFooter =
    "A line per proxy whenever something has changed, at most once per interval, until you stop "
    "it\n"
    "or the sidecar does. With binned metrics rates are means over three minutes. With --json "
    "each\n"
    "line is a whole snapshot.\n"
    "\n"
    "Exit status: 0 after --count lines, 64 wrong usage, 66 a PEM file cannot be used, 69 the\n"
    "sidecar cannot be reached or has stopped.\n"
    "\n"
    "Examples:\n"
    "  confluxctl watch --interval 5s\n"
    "  confluxctl watch --changed conflux_protocol_violation_seen --json\n"
    "  confluxctl watch --count 1 --json | jq '.regions[].health'";

constexpr std::size_t kTitlesEach = 20;  // lines

struct WatchArguments {
  ConnectOptions connect;
  std::string interval = "1s";
  std::vector<std::string> changed;
  std::uint64_t count = 0;
  bool json = false;
};

std::string local_time(double unix_time) {
  const auto second = static_cast<std::time_t>(unix_time);
  std::tm local{};
  localtime_r(&second, &local);
  return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

std::string titles() {
  return fmt::format("{:<8} {:<16} {:<11} {:>7} {:>6} {:>8} {:>8} {:>6} {:>10} {:>5}\n", "TIME",
                     "PROXY", "STATE", "TUNNELS", "LEGS", "RECV/s", "SENT/s", "SW/MIN", "REORDER",
                     "HELPS");
}

std::string line_of(const RegionRow& region, double at) {
  const std::string begin =
      fmt::format("{:<8} {:<16} {:<11}", local_time(at), region.instance, word_for(region.health));
  if (!region.tells()) return begin + " " + region.problem + "\n";
  return begin + fmt::format(" {:>7.0f} {:>6.0f} {:>8} {:>8} {:>6.1f} {:>10} {:>5}\n",
                             region.tunnels, region.legs, in_rate_units(region.goodput.received),
                             in_rate_units(region.goodput.sent), region.switches_per_minute,
                             in_memory_units(static_cast<std::uint64_t>(region.reorder_bytes)),
                             as_ratio(top::ratio_of(region.best_cells, region.cells).value));
}

// Prints snapshots as they come.
class Printer {
 public:
  explicit Printer(const WatchArguments& arguments) : arguments_(arguments), tracker_({}, 1) {}

  // False: enough.
  bool handle(const Snapshot& snapshot) {
    if (arguments_.json) {
      print(to_text(as_json(snapshot), -1));
    } else {
      print_lines(snapshot);
    }
    // Whoever reads a pipe wants it now; whoever closed it wants no more.
    if (std::fflush(stdout) != 0) return false;
    return ++snapshots_ != arguments_.count;
  }

 private:
  void print_lines(const Snapshot& snapshot) {
    tracker_.handle_snapshot(snapshot);
    const top::Model& model = tracker_.model();
    if (model.regions.empty()) {
      print(fmt::format("{} no proxy publishes metrics; `confluxctl doctor` tells why\n",
                        local_time(model.taken_at)));
    }
    for (const RegionRow& region : model.regions) {
      if (lines_++ % kTitlesEach == 0) print(titles());
      print(line_of(region, model.taken_at));
    }
  }

  const WatchArguments& arguments_;
  top::Tracker tracker_;
  std::size_t lines_ = 0;
  std::uint64_t snapshots_ = 0;
};

int run_watch(const WatchArguments& arguments) {
  int exit_code = kExitOk;
  const auto client = connect(arguments.connect, exit_code);
  if (client == nullptr) return exit_code;
  Printer printer(arguments);
  sidecar::Cancellation never;
  const grpc::Status status = client->watch(
      {.instance = arguments.connect.instance,
       .interval = *config::read_duration(arguments.interval).value,
       .changed = arguments.changed},
      never, [&printer](const Snapshot& snapshot) { return printer.handle(snapshot); });
  return status.ok() ? kExitOk : report_failure(arguments.connect, status);
}

}  // namespace

void add_watch_command(CLI::App& app, Outcome& outcome) {
  auto arguments = std::make_shared<WatchArguments>();
  CLI::App* command = app.add_subcommand("watch", "Print a line whenever something has changed");
  command->add_option("--interval", arguments->interval, "at most one line per proxy in this time")
      ->check(interval_validator())
      ->default_str("1s");
  command->add_option("--changed", arguments->changed, "only when this metric has changed; repeat");
  command->add_option("--count", arguments->count, "stop after so many snapshots")
      ->check(CLI::PositiveNumber);
  command->add_flag("--json", arguments->json, "print a JSON document per line");
  add_connect_options(*command, arguments->connect);
  command->footer(kWatchFooter);
  command->callback([arguments, &outcome] { outcome.exit_code = run_watch(*arguments); });
}

}  // namespace conflux::ctl
