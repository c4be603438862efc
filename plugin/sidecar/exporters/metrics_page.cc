#include "plugin/sidecar/exporters/metrics_page.h"

#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "plugin/sidecar/exporters/own_metrics.h"

namespace conflux::sidecar {

using region::Description;
using region::MetricKind;
using region::MetricSpec;

namespace {

constexpr std::string_view kIntroduction =
    R"(# Every metric, and what it tells an adversary

Made from the catalogues in `plugin/region/catalogue.cc` and
`plugin/sidecar/exporters/own_metrics.cc`; a test compares. To make it anew:
`conflux_metrics_page > packaging/monitoring/METRICS.md`.

All metrics of a proxy have the label `proxy`, which is `conflux.metrics.instance` of its
configuration. By OTLP they have the same names without unit and `_total`, and the unit beside them.

**Bin**: counters are rounded down to a multiple of it and gauges up, by the plugin, before anybody
else can read them. Counters and gauges change once per `conflux.metrics.interval` only. A
histogram is told when at least 16 tunnels or legs are new in it, never for one. With
`conflux.metrics.unsafe_fine_grained`, which only `profile: lab` allows, nothing is binned, and
`conflux_region_info` says so.

No metric holds a nonce, a relay, an address, a circuit, a stream or a user, nor the time of any
single event. Single tunnels are shown on the machine itself only, by the gRPC service on its Unix
socket (`conflux.metrics.detail: local`), and are in neither of these exports.

)";

std::string_view word_for(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      break;
  }
  return "histogram";
}

std::string bin_of(const Description& it) {
  if (it.kind == MetricKind::kHistogram) return "16 at once";
  if (it.bin == 1) return "exact";
  if (it.unit == "By" && it.bin % 1024 == 0) return std::to_string(it.bin / 1024) + " KiB";
  return std::to_string(it.bin);
}

std::string labels_of(const Description& it) {
  if (it.label.empty()) return "";
  std::string text = "`" + it.label + "`: ";
  for (const std::string& value : it.values) {
    if (&value != &it.values.front()) text += ", ";
    text += value;
  }
  return text;
}

void add_table(std::span<const MetricSpec> metrics, std::string& page) {
  std::size_t words = 0;
  for (const MetricSpec& metric : metrics) words += region::word_count(metric);
  const auto described = region::decode_schema(region::encode_schema(metrics), words);
  if (!described) throw std::logic_error("a catalogue contradicts itself");
  page +=
      "| metric | type | labels | bin | what it says | what it tells an adversary | why that is "
      "safe |\n|---|---|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Description& it = (*described)[i];
    page += "| `" + prometheus_name(it) + "` | " + std::string(word_for(it.kind)) + " | " +
            labels_of(it) + " | " + bin_of(it) + " | " + it.help + " | " +
            std::string(metrics[i].reveals) + " | " + std::string(metrics[i].safe) + " |\n";
  }
}

}  // namespace

std::string metrics_page() {
  std::string page(kIntroduction);
  page += "## Of the proxy\n\n";
  add_table(region::catalogue(), page);
  page += "\n## Of the sidecar, and of how the proxy's region stands\n\n";
  add_table(own_catalogue(), page);
  return page;
}

}  // namespace conflux::sidecar
