// What systemd wants to know (sd_notify(3)): one datagram per change. Without it, nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace conflux::sidecar {

class ServiceManager {
 public:
  // As the environment says: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID.
  ServiceManager();

  void tell_ready(std::string_view status) const;
  void tell_reloading() const;
  void tell_stopping() const;
  void tell_alive() const;
  // How often it wants to hear that we are alive; none: never.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  void send(const std::string& text) const;

  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace conflux::sidecar
