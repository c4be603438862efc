#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugin/sidecar/ctl/commands.h"
#include "plugin/sidecar/ctl/connect.h"
#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/ctl/json.h"
#include "plugin/sidecar/ctl/top/view.h"

namespace conflux::ctl {
namespace {

using metrics::v1::ListTunnelsResponse;
using metrics::v1::Tunnel;
using top::LegRow;
using top::SortKey;
using top::TunnelRow;

constexpr const char* kTunnelsFooter =
    "One line per tunnel, and one per leg below it. Only proxies with `conflux.metrics.detail:\n"
    "local` tell of single tunnels, and only on the sidecar's Unix socket. HELPS is all cells "
    "over\n"
    "those of the tunnel's best leg. Times two, `top --once` shows rates too.\n"
    "\n"
    "Exit status: 0, 64 wrong usage, 66 a PEM file cannot be used, 69 the sidecar cannot be\n"
    "reached.\n"
    "\n"
    "Examples:\n"
    "  confluxctl tunnels\n"
    "  confluxctl tunnels --sort rtt --instance proxy\n"
    "  confluxctl tunnels --json | jq '.tunnels[] | select(.reorder_cells > 100)'";

struct TunnelsArguments {
  ConnectOptions connect;
  std::string sort = "cells";
  bool reverse = false;
  bool json = false;
};

// Of one answer there are no rates: what is sorted by them is sorted by what was so far.
SortKey key_of(const std::string& name) {
  return name == "cells" ? SortKey::kGoodput : *top::sort_key_named(name);
}

std::vector<std::string> sort_names() {
  std::vector<std::string> names = {"cells"};
  for (std::size_t i = 1; i < top::kSortKeys; ++i) {
    names.emplace_back(top::name_of(static_cast<SortKey>(i)));
  }
  return names;
}

std::string leg_line(const LegRow& leg) {
  return fmt::format("  leg {:<2}{} {:<16} {:>10.0f} {:>10.0f} {:>6.0f}% {:>7} {:>11}\n",
                     leg.ordinal, leg.primary ? "*" : " ", word_for(leg.state), leg.cells.received,
                     leg.cells.sent, leg.share * 100,
                     leg.rtt_ms == 0 ? "-" : fmt::format("{} ms", leg.rtt_ms),
                     fmt::format("{}:{}", leg.inflight, leg.cwnd));
}

std::string as_text(const std::vector<const TunnelRow*>& rows) {
  if (rows.empty()) {
    return "no tunnels; is `conflux.metrics.detail: local` set? `confluxctl doctor` tells\n";
  }
  std::string out = fmt::format("{:<8} {:<16} {:>10} {:>10} {:>7} {:>7} {:>11} {:>9} {:>8} {:>5}\n",
                                "TUNNEL", "STATE", "CELLS IN", "CELLS OUT", "SHARE", "RTT",
                                "INFL:CWND", "REORDER", "SWITCHES", "HELPS");
  for (const TunnelRow* row : rows) {
    const std::string state = fmt::format("{} {}", word_for(row->state), word_for(row->age));
    out += fmt::format("{:<8} {:<16} {:>10.0f} {:>10.0f} {:>7} {:>7} {:>11} {:>9} {:>8.0f} {:>5}\n",
                       tunnel_name(row->display_id), state, row->cells.received, row->cells.sent,
                       "", "", "", in_memory_units(row->reorder_bytes), row->switches.both(),
                       as_ratio(row->ratio.value));
    for (const LegRow& leg : row->legs) out += leg_line(leg);
  }
  return out;
}

std::string as_document(const ListTunnelsResponse& response,
                        const std::vector<const TunnelRow*>& rows) {
  std::map<std::pair<std::string, std::uint32_t>, const Tunnel*> tunnels;
  for (const Tunnel& tunnel : response.tunnels()) {
    tunnels[{printable(tunnel.instance()), tunnel.display_id()}] = &tunnel;
  }
  Json out = {{"taken_at", seconds_of(response.taken_at())}, {"tunnels", Json::array()}};
  for (const TunnelRow* row : rows) {
    const auto found = tunnels.find({row->instance, row->display_id});
    if (found != tunnels.end()) out["tunnels"].push_back(as_json(*found->second));
  }
  return to_text(out, 2);
}

int run_tunnels(const TunnelsArguments& arguments) {
  int exit_code = kExitOk;
  const auto client = connect(arguments.connect, exit_code);
  if (client == nullptr) return exit_code;
  const auto answer = client->tunnels(arguments.connect.instance);
  if (!answer.ok()) return report_failure(arguments.connect, answer.status);
  top::Tracker tracker({}, 1);
  tracker.handle_tunnels(answer.value);
  std::vector<const TunnelRow*> rows;
  for (const TunnelRow& row : tracker.model().tunnels) rows.push_back(&row);
  top::sort_rows(rows, key_of(arguments.sort), arguments.reverse);
  print(arguments.json ? as_document(answer.value, rows) : as_text(rows));
  return kExitOk;
}

}  // namespace

void add_tunnels_command(CLI::App& app, Outcome& outcome) {
  auto arguments = std::make_shared<TunnelsArguments>();
  CLI::App* command = app.add_subcommand("tunnels", "List single tunnels and their legs");
  command->add_flag("--json", arguments->json, "print JSON");
  command->add_option("--sort", arguments->sort, "by what, the largest first")
      ->check(CLI::IsMember(sort_names()))
      ->default_str("cells");
  command->add_flag("--reverse", arguments->reverse, "the smallest first");
  add_connect_options(*command, arguments->connect);
  command->footer(kTunnelsFooter);
  command->callback([arguments, &outcome] { outcome.exit_code = run_tunnels(*arguments); });
}

}  // namespace conflux::ctl
