#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>

#include "plugin/sidecar/ctl/commands.h"
#include "plugin/sidecar/ctl/connect.h"
#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/ctl/json.h"

namespace conflux::ctl {
namespace {

using metrics::v1::DescribeResponse;
using metrics::v1::MetricDescription;
using metrics::v1::Region;
using metrics::v1::Sample;
using metrics::v1::Snapshot;

constexpr const char* kMetricsFooter =
    "All that leaves the proxies except single tunnels. --describe tells what each metric means "
    "and\n"
    "how coarse it is, instead of its value. --prometheus-names prints what the Prometheus "
    "exporter\n"
    "would, to write queries with.\n"
    "\n"
    "Exit status: 0, 64 wrong usage, 66 a PEM file cannot be used, 69 the sidecar cannot be\n"
    "reached.\n"
    "\n"
    "Examples:\n"
    "  confluxctl metrics\n"
    "  confluxctl metrics --describe\n"
    "  confluxctl metrics --prometheus-names | grep cells\n"
    "  confluxctl metrics --json | jq '.regions[].aggregation_ratio_received'";

struct MetricsArguments {
  ConnectOptions connect;
  bool json = false;
  bool prometheus_names = false;
  bool describe = false;
};

using Descriptions = std::map<std::string, MetricDescription>;

std::string with_label(const MetricDescription& metric, const Sample& sample) {
  if (sample.label_value().empty()) return sample.metric();
  const std::string label = metric.label().empty() ? "label" : metric.label();
  return fmt::format("{}{{{}=\"{}\"}}", sample.metric(), label, printable(sample.label_value()));
}

std::uint64_t count_of(const Sample& sample) {
  const auto& buckets = sample.histogram().buckets();
  return buckets.empty() ? 0 : buckets[buckets.size() - 1];
}

std::string value_of(const Sample& sample) {
  if (!sample.has_histogram()) return number(sample.number());
  return fmt::format("{} observed, sum {}", count_of(sample), number(sample.histogram().sum()));
}

std::string as_text(const Snapshot& snapshot, const Descriptions& descriptions) {
  std::string out;
  for (const Region& region : snapshot.regions()) {
    out += fmt::format("{}{} ({})\n", out.empty() ? "" : "\n", printable(region.instance()),
                       word_for(region.health()));
    if (!region.problem().empty()) out += "  " + printable(region.problem()) + "\n";
    for (const Sample& sample : region.samples()) {
      const auto metric = descriptions.find(sample.metric());
      const bool known = metric != descriptions.end();
      out +=
          fmt::format("  {:<56} {:>16} {}\n",
                      printable(with_label(known ? metric->second : MetricDescription{}, sample)),
                      value_of(sample), known ? metric->second.unit() : "");
    }
    if (region.aggregation_ratio_received() > 0 || region.aggregation_ratio_sent() > 0) {
      out += fmt::format("  does it help? {} the best leg received, {} sent\n",
                         as_ratio(region.aggregation_ratio_received()),
                         as_ratio(region.aggregation_ratio_sent()));
    }
  }
  return out.empty() ? "no proxy publishes metrics; `confluxctl doctor` tells why\n" : out;
}

// {proxy="a",rank="best"}
std::string labels(const Region& region, const MetricDescription& metric, const Sample& sample,
                   const std::string& bound = {}) {
  std::string out = fmt::format("{{proxy=\"{}\"", printable(region.instance()));
  if (!sample.label_value().empty()) {
    out += fmt::format(",{}=\"{}\"", metric.label(), printable(sample.label_value()));
  }
  if (!bound.empty()) out += fmt::format(",le=\"{}\"", bound);
  return out + "}";
}

std::string prometheus_lines(const Region& region, const MetricDescription& metric,
                             const Sample& sample) {
  const std::string name = printable(metric.prometheus_name());
  if (!sample.has_histogram()) {
    return fmt::format("{}{} {}\n", name, labels(region, metric, sample), number(sample.number()));
  }
  std::string out;
  const auto& buckets = sample.histogram().buckets();
  for (int i = 0; i < buckets.size(); ++i) {
    const std::string bound = i < metric.bounds_size() ? number(metric.bounds(i)) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", name, labels(region, metric, sample, bound), buckets[i]);
  }
  out += fmt::format("{}_sum{} {}\n", name, labels(region, metric, sample),
                     number(sample.histogram().sum()));
  return out +
         fmt::format("{}_count{} {}\n", name, labels(region, metric, sample), count_of(sample));
}

std::string as_prometheus(const Snapshot& snapshot, const Descriptions& descriptions) {
  std::string out;
  for (const Region& region : snapshot.regions()) {
    for (const Sample& sample : region.samples()) {
      const auto metric = descriptions.find(sample.metric());
      if (metric != descriptions.end()) out += prometheus_lines(region, metric->second, sample);
    }
  }
  return out;
}

std::string bin_of(const MetricDescription& metric) {
  if (metric.kind() == MetricDescription::KIND_HISTOGRAM) {
    return fmt::format("{} buckets", metric.bounds_size() + 1);
  }
  return metric.bin() <= 1 ? "exact" : "to " + number(metric.bin());
}

std::string description_text(const DescribeResponse& response, bool prometheus_names) {
  std::string out;
  for (const MetricDescription& metric : response.metrics()) {
    out += fmt::format("{} ({}, {}, {})\n",
                       prometheus_names ? metric.prometheus_name() : metric.name(),
                       word_for(metric.kind()), metric.unit(), bin_of(metric));
    out += "    " + metric.help() + "\n";
    if (!metric.reveals().empty()) {
      out += fmt::format("    reveals {}; safe: {}\n", metric.reveals(), metric.safe_because());
    }
    if (!metric.label().empty()) {
      std::string values;
      for (const std::string& value : metric.label_values()) {
        values += (values.empty() ? "" : ", ") + value;
      }
      out += fmt::format("    {}: {}\n", metric.label(), values);
    }
  }
  std::string safe;
  for (const char c : out) safe += c == '\n' ? "\n" : printable({&c, 1});
  return safe.empty() ? "no proxy publishes metrics; `confluxctl doctor` tells why\n" : safe;
}

int run_metrics(const MetricsArguments& arguments) {
  int exit_code = kExitOk;
  const auto client = connect(arguments.connect, exit_code);
  if (client == nullptr) return exit_code;
  const auto described = client->describe(arguments.connect.instance);
  if (!described.ok()) return report_failure(arguments.connect, described.status);
  if (arguments.describe) {
    print(arguments.json ? to_text(as_json(described.value), 2)
                         : description_text(described.value, arguments.prometheus_names));
    return kExitOk;
  }
  sidecar::Cancellation never;
  const auto snapshot = client->snapshot(arguments.connect.instance, never);
  if (!snapshot.ok()) return report_failure(arguments.connect, snapshot.status);
  Descriptions descriptions;
  for (const MetricDescription& metric : described.value.metrics()) {
    descriptions[metric.name()] = metric;
  }
  print(arguments.json               ? to_text(as_json(snapshot.value), 2)
        : arguments.prometheus_names ? as_prometheus(snapshot.value, descriptions)
                                     : as_text(snapshot.value, descriptions));
  return kExitOk;
}

}  // namespace

void add_metrics_command(CLI::App& app, Outcome& outcome) {
  auto arguments = std::make_shared<MetricsArguments>();
  CLI::App* command = app.add_subcommand("metrics", "Print or explain what proxies publish");
  auto* json = command->add_flag("--json", arguments->json, "print JSON, with both names");
  command->add_flag("--prometheus-names", arguments->prometheus_names, "as Prometheus sees it")
      ->excludes(json);
  command->add_flag("--describe", arguments->describe, "what each metric means, not its value");
  add_connect_options(*command, arguments->connect);
  command->footer(kMetricsFooter);
  command->callback([arguments, &outcome] { outcome.exit_code = run_metrics(*arguments); });
}

}  // namespace conflux::ctl
