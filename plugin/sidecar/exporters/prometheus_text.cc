#include "plugin/sidecar/exporters/prometheus_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "plugin/sidecar/exporters/families.h"

namespace conflux::sidecar {

using region::MetricKind;

namespace {

using std::string_view;

std::string number_text(double value) {
  // Whole numbers without an exponent, which people read more easily.
  constexpr double kExact = 1e15;
  std::array<char, 32> text;
  if (value >= 0 && value < kExact && value == std::floor(value)) {
    const auto end = std::to_chars(text.begin(), text.end(), static_cast<std::uint64_t>(value)).ptr;
    return {text.begin(), end};
  }
  return {text.begin(), std::to_chars(text.begin(), text.end(), value).ptr};
}

// OpenMetrics writes bounds as floats; the same in both formats, so that a series keeps its name
// when Prometheus changes the format.
std::string bound_text(double value) {
  std::string text = number_text(value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string escaped(string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

class Page {
 public:
  explicit Page(TextFormat format) : open_(format == TextFormat::kOpenMetrics) {}

  void add(const Family& family) {
    const MetricKind kind = family.metric->kind;
    // OpenMetrics describes a counter without its suffix, the older format with it.
    const string_view suffix = kind == MetricKind::kCounter && !open_ ? "_total" : "";
    const std::string name = family.name + std::string(suffix);
    text_ += "# HELP " + name + " " + escaped(family.metric->help) + "\n";
    text_ += "# TYPE " + name + " " + word_for(kind) + "\n";
    const std::string unit = prometheus_unit(family.metric->unit);
    if (open_ && !unit.empty()) text_ += "# UNIT " + name + " " + unit + "\n";
    for (const LabelledSample& series : family.series) add_series(family, series);
  }
  [[nodiscard]] std::string take() {
    if (open_) text_ += "# EOF\n";
    return std::move(text_);
  }

 private:
  static const char* word_for(MetricKind kind) {
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

  void add_series(const Family& family, const LabelledSample& series) {
    const Sample& sample = series.sample;
    std::string labels;
    for (const auto& [name, value] : series.labels) add_label(name, value, labels);
    if (!sample.label_value.empty()) add_label(sample.metric->label, sample.label_value, labels);
    if (sample.buckets.empty()) {
      const char* suffix = sample.metric->kind == MetricKind::kCounter ? "_total" : "";
      add_line(family.name + suffix, labels, number_text(sample.number));
      return;
    }
    const std::vector<double> bounds = bounds_in_unit(*sample.metric);
    for (std::size_t i = 0; i < sample.buckets.size(); ++i) {
      std::string with_bound = labels;
      add_label("le", i < bounds.size() ? bound_text(bounds[i]) : "+Inf", with_bound);
      add_line(family.name + "_bucket", with_bound, std::to_string(sample.buckets[i]));
    }
    add_line(family.name + "_sum", labels, number_text(sample.sum));
    add_line(family.name + "_count", labels, std::to_string(sample.buckets.back()));
  }

  static void add_label(string_view name, string_view value, std::string& labels) {
    if (!labels.empty()) labels += ',';
    labels.append(name).append("=\"").append(escaped(value)).append("\"");
  }
  void add_line(const std::string& name, const std::string& labels, const std::string& value) {
    text_ += name;
    if (!labels.empty()) text_ += "{" + labels + "}";
    text_ += " " + value + "\n";
  }

  bool open_;
  std::string text_;
};

string_view trimmed(string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// One entry of Accept: its media type, and its weight in thousandths.
struct Accepted {
  std::string type;
  int weight = 1000;
};

int weight_of(string_view text) {
  // "1", "0", "0.5": digits are enough, and whatever else it is counts as 1.
  double value = 1;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return 1000;
  return static_cast<int>(std::clamp(value, 0.0, 1.0) * 1000);
}

Accepted parse_accepted(string_view entry) {
  Accepted out;
  for (std::size_t part = 0; !entry.empty(); ++part) {
    const std::size_t end = std::min(entry.find(';'), entry.size());
    const string_view text = trimmed(entry.substr(0, end));
    entry.remove_prefix(std::min(end + 1, entry.size()));
    if (part == 0) out.type = text;
    if (part > 0 && text.starts_with("q=")) out.weight = weight_of(text.substr(2));
  }
  std::ranges::transform(out.type, out.type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace

TextFormat choose_format(string_view accept) {
  int open = 0;
  int plain = 0;
  while (!accept.empty()) {
    const std::size_t end = std::min(accept.find(','), accept.size());
    const Accepted it = parse_accepted(accept.substr(0, end));
    accept.remove_prefix(std::min(end + 1, accept.size()));
    if (it.type == "application/openmetrics-text") open = std::max(open, it.weight);
    if (it.type == "text/plain") plain = std::max(plain, it.weight);
  }
  return open > 0 && open >= plain ? TextFormat::kOpenMetrics : TextFormat::kPrometheus;
}

const char* content_type(TextFormat format) noexcept {
  return format == TextFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string prometheus_text(const Snapshot& snapshot, const SidecarFacts& facts,
                            TextFormat format) {
  Page page(format);
  for (const Family& family : families_of(snapshot, facts)) page.add(family);
  return page.take();
}

}  // namespace conflux::sidecar
