#include "plugin/sidecar/exporters/families.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace conflux::sidecar {

using region::Description;
using region::MetricKind;

namespace {

std::string base_name(const Description& metric) {
  std::string name = prometheus_name(metric);
  if (metric.kind == MetricKind::kCounter)
    name.resize(name.size() - std::string_view("_total").size());
  return name;
}

// Every name that lines of a family may begin with, so that no two families share one.
std::vector<std::string> names_of(const std::string& base, MetricKind kind) {
  std::vector<std::string> names = {base};
  if (kind == MetricKind::kGauge) return names;
  const auto add = [&](std::initializer_list<std::string_view> suffixes) {
    for (const std::string_view suffix : suffixes) names.push_back(base + std::string(suffix));
  };
  add({"_created"});
  if (kind == MetricKind::kCounter) add({"_total"});
  if (kind == MetricKind::kHistogram) add({"_bucket", "_count", "_sum"});
  return names;
}

class Book {
 public:
  // Takes the names of ours first, so that no region has them before we use them.
  Book() {
    for (std::size_t i = 0; i < own_catalogue().size(); ++i) {
      static_cast<void>(find(describe(static_cast<OwnMetric>(i))));
    }
  }

  void add_own(LabelledSample sample) {
    families_[*find(*sample.sample.metric)].series.push_back(std::move(sample));
  }
  // False: the name is ours, or means something else already.
  bool add(LabelledSample sample) {
    const Description& metric = *sample.sample.metric;
    if (&metric != last_metric_) {
      last_metric_ = &metric;
      last_family_ = find(metric);
      if (last_family_ && *last_family_ < own_catalogue().size()) last_family_.reset();
    }
    if (last_family_) families_[*last_family_].series.push_back(std::move(sample));
    return last_family_.has_value();
  }
  [[nodiscard]] std::vector<Family> take() {
    std::erase_if(families_, [](const Family& family) { return family.series.empty(); });
    return std::move(families_);
  }

 private:
  // The family of a metric, a new one if it has none; nothing if it cannot have one.
  std::optional<std::size_t> find(const Description& metric) {
    const std::string base = base_name(metric);
    if (const auto known = by_name_.find(base); known != by_name_.end()) {
      const Description& first = *families_[known->second].metric;
      if (first.kind != metric.kind || first.unit != metric.unit) return std::nullopt;
      return known->second;
    }
    std::vector<std::string> names = names_of(base, metric.kind);
    if (std::ranges::any_of(names, [&](const auto& name) { return taken_.contains(name); })) {
      return std::nullopt;
    }
    for (std::string& name : names) taken_.insert(std::move(name));
    families_.push_back({.metric = &metric, .name = base, .series = {}});
    return by_name_[base] = families_.size() - 1;
  }

  std::vector<Family> families_;
  std::map<std::string, std::size_t> by_name_;
  std::set<std::string> taken_;
  // Series of one metric follow each other.
  const Description* last_metric_ = nullptr;
  std::optional<std::size_t> last_family_;
};

void add_region(const RegionSnapshot& region, Book& book) {
  const std::vector<Label> labels = {{"proxy", region.instance}};
  BoundedSamples bounded = bounded_samples(region);
  for (Sample& sample : bounded.samples) {
    const std::size_t series = series_of(sample);
    if (!book.add({.sample = std::move(sample), .labels = labels})) bounded.untold += series;
  }
  for (LabelledSample& own : own_samples_of(region, bounded.untold)) {
    own.labels.insert(own.labels.begin(), labels.front());
    book.add_own(std::move(own));
  }
}

}  // namespace

std::vector<Family> families_of(const Snapshot& snapshot, const SidecarFacts& facts) {
  Book book;
  for (LabelledSample& sample : samples_of(facts)) book.add_own(std::move(sample));
  for (const RegionSnapshot& region : snapshot.regions) add_region(region, book);
  return book.take();
}

}  // namespace conflux::sidecar
