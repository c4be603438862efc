#include "plugin/sidecar/exporters/families.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
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
  // False: the name means something else already.
  bool add(LabelledSample sample) {
    const Description& metric = *sample.sample.metric;
    const std::string base = base_name(metric);
    const auto known = std::ranges::find(families_, base, &Family::name);
    if (known != families_.end()) {
      if (known->metric->kind != metric.kind || known->metric->unit != metric.unit) return false;
      known->series.push_back(std::move(sample));
      return true;
    }
    std::vector<std::string> names = names_of(base, metric.kind);
    if (std::ranges::any_of(names, [&](const auto& name) { return taken_.contains(name); })) {
      return false;
    }
    for (std::string& name : names) taken_.emplace(std::move(name), true);
    families_.push_back({.metric = &metric, .name = base, .series = {std::move(sample)}});
    return true;
  }

  // So that no region takes a name of ours before we use it.
  void reserve_own() {
    for (std::size_t i = 0; i < own_catalogue().size(); ++i) {
      const Description& metric = describe(static_cast<OwnMetric>(i));
      const std::string base = base_name(metric);
      for (std::string& name : names_of(base, metric.kind)) taken_.emplace(std::move(name), true);
      families_.push_back({.metric = &metric, .name = base, .series = {}});
    }
  }
  [[nodiscard]] std::vector<Family> take() {
    std::erase_if(families_, [](const Family& family) { return family.series.empty(); });
    return std::move(families_);
  }
  [[nodiscard]] bool is_own(const Sample& sample) const {
    const std::string base = base_name(*sample.metric);
    const auto own = std::span(families_).first(own_catalogue().size());
    return std::ranges::find(own, base, &Family::name) != own.end();
  }

 private:
  std::vector<Family> families_;
  std::map<std::string, bool> taken_;
};

void add_region(const RegionSnapshot& region, Book& book) {
  const std::vector<Label> labels = {{"proxy", region.instance}};
  BoundedSamples bounded = bounded_samples(region);
  for (Sample& sample : bounded.samples) {
    const std::size_t series = series_of(sample);
    if (book.is_own(sample) || !book.add({.sample = std::move(sample), .labels = labels})) {
      bounded.untold += series;
    }
  }
  for (LabelledSample& own : own_samples_of(region, bounded.untold)) {
    own.labels.insert(own.labels.begin(), labels.front());
    book.add(std::move(own));
  }
}

}  // namespace

std::vector<Family> families_of(const Snapshot& snapshot, const SidecarFacts& facts) {
  Book book;
  book.reserve_own();
  for (LabelledSample& sample : samples_of(facts)) book.add(std::move(sample));
  for (const RegionSnapshot& region : snapshot.regions) add_region(region, book);
  return book.take();
}

}  // namespace conflux::sidecar
