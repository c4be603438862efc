#include "plugin/sidecar/daemon/exporters.h"

#include <future>
#include <utility>

#include "plugin/sidecar/exporters/http/prometheus_server.h"
#include "plugin/sidecar/exporters/otlp/otlp_exporter.h"

namespace conflux::sidecar {
namespace {

// One attempt more at the end; a sidecar that stops is to be gone within the second.
constexpr std::chrono::milliseconds kLastPush{500};

OtlpOptions options_of(const config::OtlpSettings& settings) {
  OtlpOptions out;
  const bool plain = settings.endpoint.starts_with("http://");
  out.endpoint.target = settings.endpoint.substr(settings.endpoint.find("//") + 2);
  out.endpoint.plaintext = plain;
  if (!plain) {
    out.endpoint.ca_file = settings.tls.ca;
    out.endpoint.certificate_file = settings.tls.certificate;
    out.endpoint.key_file = settings.tls.key;
  }
  out.interval = settings.interval;
  out.timeout = settings.timeout;
  out.stop_timeout = kLastPush;
  return out;
}

}  // namespace

Exporters::Exporters(std::string version, Source source)
    : version_(std::move(version)),
      source_(std::move(source)),
      started_at_(std::chrono::system_clock::now()) {}
Exporters::~Exporters() { stop(); }

SidecarFacts Exporters::facts() const {
  return {.version = version_,
          .started_at = started_at_,
          .scrapes = 0,
          .reload_ok = reload_ok_,
          .otlp = {}};
}

std::shared_ptr<OtlpExporter> Exporters::otlp() const {
  const std::lock_guard lock(lock_);
  return otlp_;
}

std::string Exporters::start_prometheus(const config::PrometheusSettings& settings,
                                        std::shared_ptr<PrometheusServer>& out) {
  if (settings.listen.empty()) return {};
  const auto all_facts = [this] {
    SidecarFacts told = facts();
    if (const auto pusher = otlp()) told.otlp = pusher->counters();
    return told;
  };
  PrometheusServerOptions options;
  options.listen = settings.listen;
  PrometheusServer::Result result =
      PrometheusServer::start(std::move(options), {.snapshot = source_, .facts = all_facts});
  out = std::move(result.server);
  return out == nullptr ? "sidecar.prometheus.listen: " + result.problem : std::string();
}

std::string Exporters::start_otlp(const config::OtlpSettings& settings,
                                  std::shared_ptr<OtlpExporter>& out) {
  if (settings.endpoint.empty()) return {};
  OtlpExporter::Result result =
      OtlpExporter::start(options_of(settings), [this] { return facts(); });
  out = std::move(result.exporter);
  return out == nullptr ? "sidecar.otlp: " + result.problem : std::string();
}

std::string Exporters::apply(const config::SidecarSettings& settings) {
  const bool other_prometheus = settings.prometheus != prometheus_settings_;
  const bool other_otlp = settings.otlp != otlp_settings_;
  std::shared_ptr<PrometheusServer> prometheus;
  std::shared_ptr<OtlpExporter> pusher;
  std::string problem;
  if (other_prometheus) problem = start_prometheus(settings.prometheus, prometheus);
  if (problem.empty() && other_otlp) problem = start_otlp(settings.otlp, pusher);
  if (!problem.empty()) return problem;
  if (other_prometheus) prometheus_.swap(prometheus);
  if (other_otlp) {
    const std::lock_guard lock(lock_);
    otlp_.swap(pusher);
  }
  prometheus_settings_ = settings.prometheus;
  otlp_settings_ = settings.otlp;
  return {};  // the former ones end here
}

void Exporters::offer(const Snapshot& snapshot) {
  if (const auto pusher = otlp()) pusher->offer(snapshot);
}

std::string Exporters::prometheus_address() const {
  const std::string& listen = prometheus_settings_.listen;
  if (prometheus_ == nullptr || prometheus_->port() == 0) return listen;
  return listen.substr(0, listen.rfind(':') + 1) + std::to_string(prometheus_->port());
}

void Exporters::stop() {
  std::future<void> pushed;
  if (const auto pusher = otlp()) {
    pushed = std::async(std::launch::async, [pusher] { pusher->stop(); });
  }
  prometheus_.reset();
  if (pushed.valid()) pushed.wait();
  const std::lock_guard lock(lock_);
  otlp_.reset();
}

}  // namespace conflux::sidecar
