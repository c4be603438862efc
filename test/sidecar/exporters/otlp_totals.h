// What an OTLP receiver makes of the requests it got.
#pragma once

#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>

#include <cstdint>
#include <map>
#include <string>

namespace conflux::sidecar::test {

inline std::string resource_id(const opentelemetry::proto::metrics::v1::ResourceMetrics& it) {
  for (const auto& attribute : it.resource().attributes()) {
    if (attribute.key() == "service.instance.id") return attribute.value().string_value();
  }
  return {};
}

// Last value of each series, by name, then its attributes but the proxy's; of one proxy.
class OtlpTotals {
 public:
  explicit OtlpTotals(std::string proxy) : proxy_(std::move(proxy)) {}

  void add(const opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest& it) {
    for (const auto& resource : it.resource_metrics()) {
      for (const auto& scope : resource.scope_metrics()) {
        for (const auto& metric : scope.metrics()) add(resource_id(resource), metric);
      }
    }
  }
  // Of the newest life of the proxy that told it; "name" or "name value".
  [[nodiscard]] double at(const std::string& series) const {
    const auto found = values_.find(series);
    return found == values_.end() ? -1 : found->second;
  }
  // Over all lives.
  [[nodiscard]] double sum(const std::string& series) const {
    double total = 0;
    for (const auto& [key, value] : lives_) {
      if (key.second == series) total += value;
    }
    return total;
  }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  void add(const std::string& id, const opentelemetry::proto::metrics::v1::Metric& metric) {
    for (const auto& point : metric.sum().data_points()) add(id, metric.name(), point);
    for (const auto& point : metric.gauge().data_points()) add(id, metric.name(), point);
    for (const auto& point : metric.histogram().data_points()) {
      set(id, metric.name(), point, static_cast<double>(point.count()));
    }
  }
  template <class Point>
  void add(const std::string& id, const std::string& name, const Point& point) {
    set(id, name, point,
        point.has_as_int() ? static_cast<double>(point.as_int()) : point.as_double());
  }
  template <class Point>
  void set(const std::string& id, const std::string& name, const Point& point, double value) {
    std::string series = name;
    std::string proxy;
    for (const auto& attribute : point.attributes()) {
      const std::string& text = attribute.value().string_value();
      if (attribute.key() == "proxy") {
        proxy = text;
      } else {
        series += " " + text;
      }
    }
    if (proxy != proxy_) return;
    values_[series] = value;
    lives_[{id, series}] = value;
  }

  std::string proxy_;
  std::map<std::string, double> values_;
  std::map<std::pair<std::string, std::string>, double> lives_;
};

}  // namespace conflux::sidecar::test
