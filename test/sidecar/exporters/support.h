// Snapshots for tests of the exporters, made as a sidecar makes them: by a writer, a file and a
// collector.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugin/region/catalogue.h"
#include "plugin/sidecar/exporters/own_metrics.h"
#include "plugin/sidecar/model/collector.h"
#include "test/region/support.h"

namespace conflux::sidecar::test {

using region::Metric;
using region::Word;

inline constexpr std::chrono::system_clock::time_point kNoon{std::chrono::seconds(1'750'000'000)};

// A directory with regions, and what the sidecar's collector makes of it.
class Proxies {
 public:
  void start(const std::string& instance) {
    writers_[instance] =
        region::test::make_writer({.directory = directory_.path(), .instance = instance});
    publish(instance, std::vector<Word>(region::aggregate_words(), 0));
  }
  void publish(const std::string& instance, const std::vector<Word>& words) {
    writers_.at(instance)->publish_aggregates(words);
    writers_.at(instance)->beat();
  }
  void stop(const std::string& instance) { writers_.erase(instance); }

  [[nodiscard]] std::shared_ptr<const Snapshot> collect() {
    now_ += std::chrono::seconds(1);
    return collector_.collect(std::chrono::steady_clock::time_point(now_), kNoon + now_);
  }
  [[nodiscard]] const region::test::Directory& directory() const { return directory_; }

 private:
  region::test::Directory directory_;
  std::map<std::string, std::unique_ptr<region::Writer>> writers_;
  Collector collector_{{.directory = directory_.path()}};
  std::chrono::seconds now_{0};
};

// Words of which each is another multiple of every bin, so that none can stand for another.
inline std::vector<Word> distinct_words() {
  std::vector<Word> words(region::aggregate_words());
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = (i + 1) * 1024;
  return words;
}

inline SidecarFacts facts() {
  return {.version = "1.2.3", .started_at = kNoon, .scrapes = 5, .reload_ok = true, .otlp = {}};
}

// A region that never was a file, with the catalogue that is given.
inline RegionSnapshot region_of(std::string instance, std::vector<region::Description> metrics,
                                std::vector<Word> words) {
  RegionSnapshot region;
  region.instance = std::move(instance);
  region.health = region::Health::kLive;
  region.identity = {.region_id = 7, .major = 1, .minor = 0, .started_at = 1'749'999'000};
  std::size_t next = 0;
  for (region::Description& metric : metrics) {
    metric.first_word = next;
    next += metric.words;
  }
  region.metrics = std::make_shared<const std::vector<region::Description>>(std::move(metrics));
  region.aggregates = std::move(words);
  region.attachments = 1;
  return region;
}

inline region::Description gauge(std::string name) {
  return {.kind = region::MetricKind::kGauge,
          .name = std::move(name),
          .unit = "{tunnel}",
          .help = "Help.",
          .label = {},
          .values = {},
          .bin = 8,
          .scale = 1,
          .bounds = {},
          .first_word = 0,
          .words = 1};
}
inline region::Description counter(std::string name) {
  region::Description it = gauge(std::move(name));
  it.kind = region::MetricKind::kCounter;
  return it;
}

inline Snapshot snapshot_of(std::vector<RegionSnapshot> regions) {
  return {.taken_at = kNoon, .regions = std::move(regions), .problem = {}};
}

}  // namespace conflux::sidecar::test
