#include "plugin/sidecar/daemon/daemon.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "config/file.h"
#include "config/parse.h"
#include "plugin/sidecar/daemon/log.h"

namespace conflux::sidecar {
namespace {

using std::chrono::milliseconds;

// A hub that has not come round for so long hangs, and the watchdog may have it.
constexpr milliseconds kHubPatience{10'000};
constexpr milliseconds kStopPatience{400};
constexpr std::chrono::microseconds kIdleWait = std::chrono::seconds(60);
// Servers that fall deaf again at once are not begun anew more often.
constexpr std::chrono::microseconds kDeafWait = std::chrono::seconds(1);
using Clock = std::chrono::steady_clock;
// From ourselves: gRPC has stopped listening.
constexpr int kDeaf = SIGUSR1;

sigset_t our_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, kDeaf}) sigaddset(&signals, number);
  return signals;
}

// 0: none came.
int wait_for_signal(std::chrono::microseconds most) {
  const sigset_t signals = our_signals();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most);
  const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (most - seconds).count() * 1000};
  const int got = sigtimedwait(&signals, nullptr, &timeout);
  return got > 0 ? got : 0;
}

CollectorOptions collector_options(const config::SidecarSettings& settings) {
  return {.directory = settings.regions, .patience = settings.stall_after};
}

}  // namespace

void block_signals() {
  const sigset_t signals = our_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

Daemon::Daemon(DaemonOptions options) : options_(std::move(options)) {}
Daemon::~Daemon() { stop(); }

std::string Daemon::start() {
  // Sockets and locks are for the owner, until a socket is opened to the group.
  umask(0177);
  tame_grpc_log([] { kill(getpid(), kDeaf); });
  const config::SidecarSettings& settings = options_.settings.sidecar;
  hub_ = std::make_unique<Hub>(collector_options(settings),
                               [this](const Snapshot& snapshot) { monitor_.observe(snapshot); });
  exporters_ = std::make_unique<Exporters>(options_.version, [this] { return hub_->snapshot(); });
  std::string problem = exporters_->apply(settings);
  if (!problem.empty()) return problem;
  Servers::Result started = Servers::start(settings, *hub_);
  if (started.servers == nullptr) return started.problem;
  servers_ = std::move(started.servers);
  connect();
  return {};
}

void Daemon::connect() {
  servers_->tell_health(false);
  monitor_.connect([this](const Snapshot& snapshot, bool some_proxy_lives) {
    servers_->tell_health(some_proxy_lives);
    exporters_->offer(snapshot);
  });
}

bool Daemon::serve_anew() {
  log_line("listen",
           "gRPC listens no more, as no file descriptor was left; its servers begin anew");
  monitor_.connect([this](const Snapshot& snapshot, bool) { exporters_->offer(snapshot); });
  if (servers_ != nullptr) servers_->stop(milliseconds(0));
  servers_.reset();
  Servers::Result started = Servers::start(options_.settings.sidecar, *hub_);
  servers_ = std::move(started.servers);
  if (servers_ == nullptr) {
    log_line("listen", started.problem);
    return false;
  }
  connect();
  log_addresses();
  return true;
}

void Daemon::log_addresses() const {
  const config::SidecarSettings& settings = options_.settings.sidecar;
  log_line("start", "reads " + settings.regions);
  if (settings.grpc.socket != "none") log_line("start", "gRPC on unix:" + settings.grpc.socket);
  if (servers_ != nullptr && !servers_->tcp_address().empty()) {
    log_line("start", "gRPC on " + servers_->tcp_address() +
                          (settings.grpc.tls.certificate.empty() ? "" : " with mTLS"));
  }
  const std::string prometheus = exporters_->prometheus_address();
  if (!prometheus.empty()) log_line("start", "Prometheus on " + prometheus);
  if (!settings.otlp.endpoint.empty()) log_line("start", "OTLP is pushed to a collector");
}

void Daemon::run() {
  log_addresses();
  manager_.tell_ready("serving");
  const auto watchdog = manager_.watchdog();
  const std::chrono::microseconds wait = watchdog ? *watchdog / 2 : kIdleWait;
  bool deaf = false;
  Clock::time_point begun_anew{};
  for (int got = 0; got != SIGTERM && got != SIGINT;) {
    got = wait_for_signal(deaf ? std::min(wait, kDeafWait) : wait);
    if (got == SIGHUP) reload();
    deaf = deaf || got == kDeaf;
    if (deaf && Clock::now() - begun_anew >= kDeafWait) {
      deaf = !serve_anew();
      begun_anew = Clock::now();
    }
    if (watchdog && hub_->is_alive(kHubPatience)) manager_.tell_alive();
  }
  manager_.tell_stopping();
  stop();
  log_line("stop", "stopped");
}

void Daemon::reload() {
  manager_.tell_reloading();
  const std::string problem = take_over_file();
  exporters_->tell_reload(problem.empty());
  log_line("reload", problem.empty() ? "reloaded " + options_.config_file
                                     : problem + "\nreload refused; everything is as before");
  manager_.tell_ready(problem.empty() ? "serving" : "serving; the last reload was refused");
  if (problem.empty()) log_addresses();
}

std::string Daemon::take_over_file() {
  if (options_.config_file.empty()) return "nothing to reload: started without --config";
  const config::FileText file = config::read_config_file(options_.config_file);
  if (!file.text) return options_.config_file + " " + file.error;
  config::ParseResult parsed = config::reload(options_.settings, *file.text, options_.config_file,
                                              config::Process::kSidecar);
  if (!parsed.ok()) {
    std::string text = to_string(parsed);
    text.pop_back();  // the line end
    return text;
  }
  const config::SidecarSettings& next = parsed.settings->sidecar;
  std::string problem = exporters_->apply(next);
  if (!problem.empty()) return problem;
  const config::SidecarSettings& now = options_.settings.sidecar;
  if (next.regions != now.regions || next.stall_after != now.stall_after) {
    hub_->reconfigure(collector_options(next));
  }
  options_.settings = std::move(*parsed.settings);
  return {};
}

void Daemon::stop() {
  monitor_.connect({});
  if (hub_ != nullptr) hub_->stop();
  if (servers_ != nullptr) servers_->stop(kStopPatience);
  if (exporters_ != nullptr) exporters_->stop();
  servers_.reset();
  exporters_.reset();
  hub_.reset();
}

}  // namespace conflux::sidecar
