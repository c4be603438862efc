// Prometheus and OTLP as the configuration wants them, also after it has changed.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "config/settings.h"
#include "plugin/sidecar/exporters/own_metrics.h"
#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

class OtlpExporter;
class PrometheusServer;

// Thread-safe, but for apply() and stop(): the main thread's.
class Exporters {
 public:
  using Source = std::function<std::shared_ptr<const Snapshot>()>;
  Exporters(std::string version, Source source);
  ~Exporters();

  // All or nothing: empty, or what is wrong; then everything is as before.
  [[nodiscard]] std::string apply(const config::SidecarSettings& settings);
  // Every snapshot that is taken. Quick.
  void offer(const Snapshot& snapshot);
  void tell_reload(bool accepted) { reload_ok_ = accepted; }
  // "127.0.0.1:9847" with the port that was really taken; empty: none.
  [[nodiscard]] std::string prometheus_address() const;
  void stop();

 private:
  [[nodiscard]] SidecarFacts facts() const;
  [[nodiscard]] std::string start_prometheus(const config::PrometheusSettings& settings,
                                             std::shared_ptr<PrometheusServer>& out);
  [[nodiscard]] std::string start_otlp(const config::OtlpSettings& settings,
                                       std::shared_ptr<OtlpExporter>& out);
  [[nodiscard]] std::shared_ptr<OtlpExporter> otlp() const;

  std::string version_;
  Source source_;
  std::chrono::system_clock::time_point started_at_;
  std::atomic<bool> reload_ok_ = true;
  config::PrometheusSettings prometheus_settings_;
  config::OtlpSettings otlp_settings_;
  std::shared_ptr<PrometheusServer> prometheus_;
  mutable std::mutex lock_;  // of what follows
  std::shared_ptr<OtlpExporter> otlp_;
};

}  // namespace conflux::sidecar
