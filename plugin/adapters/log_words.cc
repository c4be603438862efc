#include "plugin/adapters/log_words.h"

#include "plugin/core/event.h"

namespace conflux {

const char* log_words(std::uint32_t event) noexcept {
  switch (static_cast<LogEvent>(event)) {
    case LogEvent::kTunnelCreated:
      return "tunnel created with a single circuit";
    case LogEvent::kLegsAdded:
      return "legs joined; value: legs in the tunnel";
    case LogEvent::kLinkSent:
      return "LINK sent";
    case LogEvent::kLinked:
      return "leg linked; value: round trip of the handshake in microseconds";
    case LogEvent::kHandshakeTimedOut:
      return "no LINKED in time; the leg is to be removed";
    case LogEvent::kLegRemoved:
      return "leg removed; value: legs left";
    case LogEvent::kLegTaken:
      return "the only leg was taken back by the host";
    case LogEvent::kInitialPrimary:
      return "initial sending leg chosen";
    case LogEvent::kPrimarySwitched:
      return "sending leg switched; value: relative sequence number";
    case LogEvent::kStreamsPaused:
      return "streams must not be read for now";
    case LogEvent::kUnknownDesiredUx:
      return "unknown desired UX, using minimum latency; value: the unknown one";
    case LogEvent::kHighWater:
      return "out-of-order data above the high water mark; value: bytes";
    case LogEvent::kLowWater:
      return "out-of-order data back below the low water mark; value: bytes";
    case LogEvent::kViolation:
      return "the peer violated the protocol";
    case LogEvent::kTunnelClosed:
      return "tunnel closed; value: out-of-order cells discarded";
    case LogEvent::kTunnelPoisoned:
      return "a bug in the plugin: tunnel poisoned, please report it";
    case LogEvent::kReloaded:
      return "configuration replaced for new tunnels";
    case LogEvent::kReloadRefused:
      return "configuration refused; the old one stays in force";
    case LogEvent::kShed:
      return "tunnel marked for closing to relieve memory pressure; value: bytes that it holds";
    case LogEvent::kMetricsUnavailable:
      return "no metrics region; the diagnostics of instance_open say why";
  }
  return "unknown event";
}

}  // namespace conflux
