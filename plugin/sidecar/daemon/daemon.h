// conflux-sidecar from its start to its end.
#pragma once

#include <memory>
#include <string>

#include "config/settings.h"
#include "plugin/sidecar/daemon/exporters.h"
#include "plugin/sidecar/daemon/monitor.h"
#include "plugin/sidecar/daemon/service_manager.h"
#include "plugin/sidecar/serve/hub.h"
#include "plugin/sidecar/serve/servers.h"

namespace conflux::sidecar {

struct DaemonOptions {
  std::string config_file;  // empty: none, and nothing to reload
  config::Settings settings;
  std::string version;
};

// Signals that run() waits for. Block them before the first thread is made, so that no other one
// gets them.
void block_signals();

// One thread.
class Daemon {
 public:
  explicit Daemon(DaemonOptions options);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Empty, or what is wrong and what to do.
  [[nodiscard]] std::string start();
  // Until SIGTERM or SIGINT; SIGHUP reloads.
  void run();

 private:
  void reload();
  // Connects the servers that stand with the hub's news.
  void connect();
  // After gRPC has stopped listening: the same servers anew; all that was connected is gone. False:
  // they cannot be made yet.
  bool serve_anew();
  // Empty, or why everything is as before.
  [[nodiscard]] std::string take_over_file();
  void stop();
  void log_addresses() const;

  DaemonOptions options_;
  ServiceManager manager_;
  Monitor monitor_;
  // In this order, because each uses those before it.
  std::unique_ptr<Hub> hub_;
  std::unique_ptr<Exporters> exporters_;
  std::unique_ptr<Servers> servers_;
};

}  // namespace conflux::sidecar
