#include "examples/scheduler_lab/scenario/reader.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <utility>

#include "config/file.h"
#include "config/yaml/source.h"
#include "config/yaml/tree.h"
#include "examples/scheduler_lab/scenario/fields.h"

namespace scheduler_lab {
namespace {

using conflux::config::Node;
using conflux::config::Report;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kGiB = kKiB * kKiB * kKiB;
constexpr Range kRates{kKiB, kGiB};
constexpr Range kDelays{0, 10 * kSecond};
constexpr Range kDurations{100 * kMillisecond, 3600 * kSecond};
constexpr Range kMoments{0, 3600 * kSecond};
constexpr std::size_t kLegsMax = 8;
constexpr std::uint64_t kCompetitorsMax = 64;
// Begins the names of relays that a file gives none.
constexpr std::string_view kOwnRelay = "\n";
constexpr auto kBucketNames = std::to_array<std::string_view>({"as_tor", "exact"});
constexpr auto kTcpNames = std::to_array<std::string_view>({"split", "end_to_end"});
constexpr auto kTrafficNames = std::to_array<std::string_view>({"bulk", "web", "interactive"});

class Reader {
 public:
  Reader(Scenario& out, Report& report) : out_(out), report_(report) {}

  void read(const Node& root) {
    Fields fields(root, "", report_);
    fields.require("version", "the line `version: 1`");
    if (fields.integer("version", {1, 1})) {
    }
    fields.require("duration", "how long the run may last, such as 30s");
    out_.title = fields.text("title").value_or(out_.name);
    out_.duration = fields.duration("duration", kDurations).value_or(kDurations.most);
    out_.rebuild = fields.duration("rebuild", kMoments).value_or(out_.rebuild);
    read_relays(fields);
    read_legs(fields);
    fields.require("traffic", "a list of what is sent");
    out_.traffic = read_traffic(fields);
    read_competitors(fields);
    read_tor(fields);
    fields.finish();
  }

 private:
  void read_relays(Fields& fields) {
    for (const Node& item : fields.list("relays")) {
      Fields relay(item, path_of("relays", out_.relays.size()), report_);
      relay.require("name", "a name that legs refer to");
      RelaySpec spec{.name = relay.text("name").value_or("")};
      relay.require("rate", "bytes per second, such as 2000KiB");
      spec.rate = relay.size("rate", kRates).value_or(kKiB);
      spec.burst = relay.size("burst", kRates).value_or(spec.rate);
      if (is_relay(spec.name)) relay.refuse("name", "used twice", "a name of its own");
      if (relay.has("name") && spec.name.empty()) relay.refuse("name", "empty", "a name");
      relay.finish();
      out_.relays.push_back(std::move(spec));
    }
  }

  void read_legs(Fields& fields) {
    fields.require("legs", "a list of 1 to 8 legs");
    for (const Node& item : fields.list("legs")) {
      const std::size_t at = out_.legs.size();
      Fields leg(item, path_of("legs", at), report_);
      out_.legs.push_back(read_leg(leg, "leg " + std::to_string(at + 1)));
      leg.finish();
    }
    if (fields.has("legs") && (out_.legs.empty() || out_.legs.size() > kLegsMax)) {
      fields.refuse("legs", std::to_string(out_.legs.size()) + " legs", "1 to 8");
    }
    for (const LegSpec& a : out_.legs) {
      const auto unlike = [&](const LegSpec& b) {
        return a.guard == b.guard &&
               (a.delay != b.delay || a.jitter != b.jitter || a.stalls != b.stalls);
      };
      if (std::ranges::any_of(out_.legs, unlike)) {
        return fields.refuse("legs", "legs with the same guard share its connection",
                             "the same delay, jitter and stalls for them");
      }
    }
  }

  LegSpec read_leg(Fields& fields, const std::string& name) {
    LegSpec leg;
    leg.delay = fields.duration("delay", kDelays).value_or(0);
    leg.jitter = fields.duration("jitter", kDelays).value_or(0);
    leg.death = fields.duration("dies", kMoments);
    for (const Node& item : fields.list("stalls")) {
      Fields stall(item, fields.path() + ".stalls", report_);
      stall.require("from", "a moment, such as 5s");
      stall.require("until", "a moment, such as 8s");
      const Time from = stall.duration("from", kMoments).value_or(0);
      const Time until = stall.duration("until", kMoments).value_or(from + 1);
      if (until <= from) stall.refuse("until", "not after `from`", "a later moment");
      stall.finish();
      leg.stalls.emplace_back(from, until);
    }
    // The pipe asks for them in the order of time.
    std::ranges::sort(leg.stalls);
    read_path(fields, name, leg);
    return leg;
  }

  // `rate` stands for two relays of that rate, for this leg alone; else `guard` and `middle` name
  // relays, and one that is not named has no limit.
  void read_path(Fields& fields, const std::string& name, LegSpec& leg) {
    leg.guard = fields.text("guard").value_or("");
    leg.middle = fields.text("middle").value_or("");
    const auto rate = fields.size("rate", kRates);
    const std::uint64_t burst = fields.size("burst", kRates).value_or(rate.value_or(0));
    check_relay(fields, "guard", leg.guard);
    check_relay(fields, "middle", leg.middle);
    if (!fields.has("rate") && !fields.has("guard") && !fields.has("middle")) {
      fields.require("rate",
                     "bytes per second of its relays, such as 2000KiB, or the names of "
                     "its relays as `guard` and `middle`");
    }
    if (fields.has("burst") && !fields.has("rate")) {
      fields.refuse("burst", "of no relay of this leg's own", "`rate` beside it");
    }
    if (fields.has("rate") && fields.has("guard") && fields.has("middle")) {
      fields.refuse("rate", "of no relay: `guard` and `middle` name both",
                    "the rates of those in `relays`");
    }
    for (auto [relay, place] : {std::pair{&leg.guard, " guard"}, {&leg.middle, " middle"}}) {
      if (!relay->empty()) continue;
      *relay = std::string(kOwnRelay) + name + place;
      if (rate) out_.relays.push_back({.name = *relay, .rate = *rate, .burst = burst});
    }
    if (leg.guard == leg.middle) {
      fields.refuse("middle", "the same relay as the guard", "another one");
    }
  }

  void check_relay(Fields& fields, std::string_view key, const std::string& name) {
    if (name.empty() || is_relay(name)) return;
    std::string names;
    for (const RelaySpec& relay : out_.relays) {
      if (!relay.name.starts_with(kOwnRelay)) {
        names += (names.empty() ? "" : ", ") + relay.name;
      }
    }
    fields.refuse(key, "no relay is called \"" + name + "\"",
                  names.empty() ? "a name from `relays`" : "one of " + names);
  }

  std::vector<TrafficSpec> read_traffic(Fields& fields) {
    std::vector<TrafficSpec> out;
    const std::string base = fields.path().empty() ? "traffic" : fields.path() + ".traffic";
    for (const Node& item : fields.list("traffic")) {
      Fields flow(item, path_of(base, out.size()), report_);
      out.push_back(read_flow(flow));
      if (out.back().start >= out_.duration) {
        flow.refuse("start", "not before the end of the run", "less than `duration`");
      }
      flow.finish();
    }
    if (fields.has("traffic") && out.empty()) {
      fields.refuse("traffic", "nothing is sent", "at least one flow, such as {kind: bulk}");
    }
    return out;
  }

  static TrafficSpec read_flow(Fields& fields) {
    fields.require("kind", "one of bulk, web, interactive");
    TrafficSpec spec;
    spec.kind = static_cast<TrafficKind>(fields.choice("kind", kTrafficNames).value_or(0));
    spec.start = fields.duration("start", kMoments).value_or(0);
    switch (spec.kind) {
      case TrafficKind::kBulk:
        spec.size = fields.size("size", {1, 64 * kGiB}).value_or(0);
        break;
      case TrafficKind::kWeb:
        spec.objects = fields.integer("objects", {1, 10'000}).value_or(50);
        spec.size = fields.size("object_size", {1, kGiB}).value_or(20 * kKiB);
        spec.count = fields.integer("pages", {1, 100'000}).value_or(0);
        spec.pause = fields.duration("pause", kMoments).value_or(kSecond);
        break;
      case TrafficKind::kInteractive:
        spec.size = fields.size("size", {1, kKiB}).value_or(32);
        spec.count = fields.integer("count", {1, 1'000'000}).value_or(0);
        spec.pause =
            fields.duration("pause", {kMillisecond, 60 * kSecond}).value_or(200 * kMillisecond);
        break;
    }
    return spec;
  }

  void read_competitors(Fields& fields) {
    for (const Node& item : fields.list("competitors")) {
      const std::size_t at = out_.competitors.size();
      Fields own(item, path_of("competitors", at), report_);
      CompetitorSpec spec;
      const std::uint64_t count = own.integer("count", {1, kCompetitorsMax}).value_or(1);
      spec.leg = read_leg(own, "competitor " + std::to_string(at + 1));
      own.require("traffic", "a list of what it sends");
      spec.traffic = read_traffic(own);
      own.finish();
      for (std::uint64_t i = 2; i <= count; ++i) out_.competitors.push_back(copy_of(spec, i));
      out_.competitors.push_back(std::move(spec));
    }
  }

  // With relays of its own where the file names none.
  CompetitorSpec copy_of(const CompetitorSpec& spec, std::uint64_t number) {
    CompetitorSpec copy = spec;
    for (std::string* relay : {&copy.leg.guard, &copy.leg.middle}) {
      if (!relay->starts_with(kOwnRelay)) continue;
      const auto original = std::ranges::find(out_.relays, *relay, &RelaySpec::name);
      *relay += " of " + std::to_string(number);
      if (original == out_.relays.end()) continue;
      RelaySpec own = *original;
      own.name = *relay;
      out_.relays.push_back(std::move(own));
    }
    return copy;
  }

  void read_tor(Fields& fields) {
    const Node* node = fields.node("tor");
    if (node == nullptr) return;
    Fields tor(*node, "tor", report_);
    TorSpec& spec = out_.tor;
    spec.refill_interval =
        tor.duration("refill_interval", {kMillisecond, kSecond}).value_or(spec.refill_interval);
    spec.kist_interval = tor.duration("kist_interval", {kMillisecond, 100 * kMillisecond})
                             .value_or(spec.kist_interval);
    spec.coarse_clock = tor.duration("coarse_clock", {kMillisecond, 100 * kMillisecond})
                            .value_or(spec.coarse_clock);
    spec.exact_buckets = tor.choice("buckets", kBucketNames).value_or(0) == 1;
    spec.wake_delay = tor.duration("wake_delay", {0, kSecond}).value_or(spec.wake_delay);
    spec.acks_travel = tor.choice("tcp", kTcpNames).value_or(0) == 1;
    spec.mss = tor.size("mss", {536, 64 * kKiB}).value_or(spec.mss);
    spec.socket_buffer = tor.size("socket_buffer", {64 * kKiB, kGiB}).value_or(spec.socket_buffer);
    tor.finish();
  }

  [[nodiscard]] bool is_relay(const std::string& name) const {
    return std::ranges::find(out_.relays, name, &RelaySpec::name) != out_.relays.end();
  }
  static std::string path_of(const std::string& key, std::size_t at) {
    return key + "[" + std::to_string(at) + "]";
  }

  Scenario& out_;
  Report& report_;
};

std::string words_of(Report& report, std::string_view text, const std::string& file) {
  std::string words;
  for (const auto& finding : report.take_sorted()) {
    words += conflux::config::to_string(finding, file) + "\n";
    words += conflux::config::excerpt(text, finding.at);
  }
  return words;
}

}  // namespace

ScenarioResult read_scenario(std::string_view text, const std::string& file) {
  Report report;
  Scenario scenario;
  scenario.name = std::filesystem::path(file).stem().string();
  scenario.text = text;
  const conflux::config::Source source(text);
  if (conflux::config::check_text(source, report)) {
    if (const auto root = conflux::config::build_tree(source, report)) {
      Reader(scenario, report).read(*root);
    }
  }
  if (report.has_errors()) return {.scenario = {}, .errors = words_of(report, text, file)};
  return {.scenario = std::move(scenario), .errors = {}};
}

ScenarioResult load_scenario(const std::string& file) {
  const conflux::config::FileText read = conflux::config::read_config_file(file);
  if (!read.text) return {.scenario = {}, .errors = file + ": " + read.error + "\n"};
  return read_scenario(*read.text, file);
}

}  // namespace scheduler_lab
