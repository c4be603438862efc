#include "plugin/sidecar/ctl/doctor/checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/sidecar/client/client.h"
#include "plugin/sidecar/ctl/doctor/numbers.h"
#include "plugin/sidecar/ctl/format.h"

namespace conflux::ctl {
namespace {

using metrics::v1::Region;
using region::Health;
using Level = Finding::Level;

constexpr const char* kStartSidecar = "start it: systemctl start conflux-sidecar";
constexpr const char* kTurnOn =
    "set `conflux.metrics.mode: aggregate` in the proxy's configuration and restart the proxy";
constexpr const char* kJoinGroup =
    "let this user in: usermod -aG conflux-metrics USER, then log in anew; or run it as root";

// One region, whoever told of it.
struct Seen {
  std::string instance;
  Health health{};
  std::string problem;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  bool fine_grained = false;
  std::size_t slots = 0;
};

Seen seen_by(const Region& region) {
  // Both enums tell the same, the contract's with an "unspecified" before.
  return {.instance = printable(region.instance()),
          .health = static_cast<Health>(region.health()),
          .problem = printable(region.problem()),
          .major = region.format_major(),
          .minor = region.format_minor(),
          .fine_grained = region.fine_grained(),
          .slots = region.slots()};
}

Seen seen_by(const LocalRegion& region) {
  return {.instance = region.instance,
          .health = region.health,
          .problem = printable(region.problem),
          .major = region.identity.major,
          .minor = region.identity.minor,
          .fine_grained = region.identity.fine_grained,
          .slots = region.slots};
}

const char* advice_for(Health health) {
  switch (health) {
    case Health::kAbsent:
    case Health::kClosed:
      return "start the proxy";
    case Health::kUnreadable:
      return kJoinGroup;
    case Health::kUnsupported:
      return "upgrade conflux-sidecar and confluxctl to the version of the plugin";
    case Health::kCorrupt:
      return "restart the proxy; if it happens again, report it with the proxy's log";
    case Health::kStalled:
      return "the proxy hangs or is stopped: look at its log, then restart it";
    case Health::kDead:
      return "the proxy died without a word: look at its log, then start it";
    case Health::kLive:
      break;
  }
  return "";
}

std::vector<Finding> check_region(const Seen& region) {
  const std::string subject = "proxy " + region.instance;
  if (region.health != Health::kLive) {
    std::string text = region::word_for(region.health);
    if (!region.problem.empty()) text += ": " + region.problem;
    const Level level = region.health == Health::kClosed ? Level::kHint : Level::kProblem;
    return {{level, subject, text, advice_for(region.health)}};
  }
  std::vector<Finding> out = {
      {Level::kFine,
       subject,
       fmt::format("alive, region format {}.{}, {}, {}", region.major, region.minor,
                   region.fine_grained ? "fine-grained" : "binned",
                   region.slots > 0 ? fmt::format("room for {} tunnels", region.slots)
                                    : std::string("totals only")),
       {}}};
  if (region.fine_grained) {
    out.push_back({Level::kHint, subject, "its numbers are not binned",
                   "keep them in the laboratory: they must not be published"});
  }
  if (region.slots == 0) {
    out.push_back({Level::kHint, subject, "it tells of no single tunnels",
                   "to see them set `conflux.metrics.detail: local` and restart the proxy"});
  }
  return out;
}

void append(std::vector<Finding>& to, std::vector<Finding> more) {
  for (Finding& finding : more) to.push_back(std::move(finding));
}

Finding unreachable(const SidecarFacts& facts) {
  const auto problem = [&facts](const std::string& what, const char* next) {
    return Finding{Level::kProblem, "sidecar",
                   fmt::format("cannot be reached at {}: {}", printable(facts.target), what), next};
  };
  if (facts.socket == PathState::kAbsent) return problem("there is no socket", kStartSidecar);
  if (facts.socket == PathState::kForbidden) return problem("permission denied", kJoinGroup);
  if (facts.socket == PathState::kOtherKind) {
    return problem("it is no socket", "name the sidecar's socket with --address unix:PATH");
  }
  return problem(printable(sidecar::reason_of(facts.status)),
                 "see why: systemctl status conflux-sidecar; journalctl -u conflux-sidecar");
}

bool tells_of(const SidecarFacts& sidecar, const std::string& instance) {
  return std::ranges::any_of(sidecar.snapshot.regions(), [&instance](const Region& region) {
    return region.instance() == instance;
  });
}

}  // namespace

std::vector<Finding> check_sidecar(const SidecarFacts& facts) {
  if (!facts.status.ok()) return {unreachable(facts)};
  const std::string& version = facts.snapshot.sidecar_version();
  std::vector<Finding> out = {{Level::kFine,
                               "sidecar",
                               fmt::format("answers at {}, version {}", printable(facts.target),
                                           version.empty() ? "unknown" : printable(version)),
                               {}}};
  if (!facts.snapshot.problem().empty()) {
    out.push_back({Level::kProblem, "sidecar", printable(facts.snapshot.problem()),
                   facts.snapshot.regions().empty()
                       ? "make `sidecar.regions` of the sidecar and `conflux.metrics.directory` of "
                         "the proxy the same directory"
                       : "have fewer proxies in one directory, or lower `conflux.metrics.slots`"});
  } else if (facts.snapshot.regions().empty()) {
    out.push_back(
        {Level::kProblem, "sidecar", "it finds no proxy that publishes metrics", kTurnOn});
  }
  for (const Region& region : facts.snapshot.regions()) {
    append(out, check_region(seen_by(region)));
    if (region.health() == Region::HEALTH_LIVE) append(out, check_numbers(region));
  }
  return out;
}

std::vector<Finding> check_directory(const DirectoryFacts& facts, const SidecarFacts& sidecar) {
  const bool reached = sidecar.status.ok();
  // Whoever may ask the sidecar need not read its files.
  const Level level = reached ? Level::kHint : Level::kProblem;
  switch (facts.state) {
    case PathState::kAbsent:
      return {{reached && !sidecar.snapshot.regions().empty() ? Level::kHint : Level::kProblem,
               "directory", facts.path + " does not exist",
               "it is made by systemd-tmpfiles (`systemd-tmpfiles --create`); or name another one "
               "with --regions"}};
    case PathState::kForbidden:
      return {{level, "directory", facts.path + ": permission denied", kJoinGroup}};
    case PathState::kOtherKind:
      return {{Level::kProblem, "directory", facts.path + " is no directory",
               "name the directory of regions with --regions"}};
    case PathState::kOk:
      break;
  }
  std::vector<Finding> out;
  if (facts.regions.empty()) {
    out.push_back({reached ? Level::kHint : Level::kProblem, "directory",
                   facts.path + ": no proxy publishes metrics", kTurnOn});
  } else {
    out.push_back({Level::kFine,
                   "directory",
                   fmt::format("{}: {} region{}", facts.path, facts.regions.size(),
                               facts.regions.size() == 1 ? "" : "s"),
                   {}});
  }
  for (const LocalRegion& region : facts.regions) {
    if (!reached) append(out, check_region(seen_by(region)));
    if (reached && !tells_of(sidecar, region.instance)) {
      out.push_back({Level::kProblem, "proxy " + region.instance, "the sidecar does not tell of it",
                     "make `sidecar.regions` of the sidecar and `conflux.metrics.directory` of the "
                     "proxy the same directory"});
    }
  }
  return out;
}

std::vector<Finding> check_config(const ConfigFacts& facts) {
  const std::string path = printable(facts.path);
  const std::string check = "see all of it: confluxctl config check " + path;
  if (facts.absent && !facts.named) {
    return {{Level::kFine, "configuration", path + " does not exist; defaults hold", {}}};
  }
  if (!facts.error.empty()) {
    return {{Level::kProblem, "configuration", path + " " + facts.error,
             "name the configuration with --config"}};
  }
  if (!facts.result.ok()) {
    const auto errors = std::ranges::count(facts.result.diagnostics, config::Severity::kError,
                                           &config::Diagnostic::severity);
    return {{Level::kProblem, "configuration",
             fmt::format("{} has {} error{}", path, errors, errors == 1 ? "" : "s"), check}};
  }
  std::vector<Finding> out = {{Level::kFine, "configuration", path + " is valid", {}}};
  if (!facts.result.diagnostics.empty()) {
    out.push_back({Level::kHint, "configuration",
                   fmt::format("{} has {} warnings", path, facts.result.diagnostics.size()),
                   check});
  }
  if (facts.result.settings->conflux.metrics.mode == config::MetricsMode::kOff) {
    out.push_back(
        {Level::kHint, "configuration", "metrics are off (conflux.metrics.mode)", kTurnOn});
  }
  return out;
}

std::vector<Finding> check_plugin(const PluginFacts& facts) {
  if (facts.path.empty()) return {};
  const std::string path = printable(facts.path);
  if (!facts.refusal.empty()) {
    return {
        {Level::kProblem, "plugin", "a host refuses it: " + printable(facts.refusal),
         "put it right, then restart the proxy; by plugin.on_failure it does not start, or goes "
         "on with single circuits"}};
  }
  return {{Level::kFine,
           "plugin",
           fmt::format("{} may be loaded, {}; SHA-256 {}", path,
                       facts.pins == 0 ? "any content" : "and is pinned", facts.sha256),
           {}}};
}

bool is_healthy(const std::vector<Finding>& findings) {
  return std::ranges::none_of(
      findings, [](const Finding& finding) { return finding.level == Level::kProblem; });
}

}  // namespace conflux::ctl
