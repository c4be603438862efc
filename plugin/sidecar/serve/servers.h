// The two gRPC servers: what one serves the other never does.
//
//   Unix socket   MetricsService, TunnelService, health, reflection
//   TCP           MetricsService
//
// In gRPC every service of a server is reachable on every address of that server, so that single
// tunnels stay on this machine only because there are two.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "config/settings.h"
#include "plugin/sidecar/serve/hub.h"

namespace conflux::sidecar {

// Thread-safe, but for stop().
class Servers {
 public:
  struct Result {
    std::unique_ptr<Servers> servers;  // null: refused
    std::string problem;               // in one line, with what to do about it
  };
  // `hub` must outlive it.
  [[nodiscard]] static Result start(const config::SidecarSettings& settings, Hub& hub);
  ~Servers();
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;

  // "127.0.0.1:9848" with the port that was really taken; empty without TCP.
  [[nodiscard]] const std::string& tcp_address() const;
  // What the health service says of our services. It says SERVING of the process ("") until stop().
  void tell_health(bool some_proxy_lives);
  // Stop the hub first: it ends the watches. What has not ended after `patience` is cancelled.
  void stop(std::chrono::milliseconds patience);

 private:
  struct Parts;
  explicit Servers(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace conflux::sidecar
