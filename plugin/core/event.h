// What a tunnel tells the host: values, drained by poll().
#pragma once

#include <mpath/events.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "plugin/core/tunnel_config.h"
#include "plugin/types/reason.h"
#include "plugin/types/relay_command.h"
#include "plugin/types/strong.h"

namespace conflux {

// The numbers of the contract. Those up to kReadStreams are level-triggered.
enum class EventKind : std::uint32_t {
  kCollectHalfStreams = MPATH_EVENT_COLLECT_HALFSTREAMS,
  kRemoveLeg = MPATH_EVENT_REMOVE_LEG,
  kPadding = MPATH_EVENT_PADDING,
  kHandleCell = MPATH_EVENT_HANDLE_CELL,
  kReadStreams = MPATH_EVENT_READ_STREAMS,
  kSendCell = MPATH_EVENT_SEND_CELL,
  kLinkResult = MPATH_EVENT_LINK_RESULT,
  kReady = MPATH_EVENT_READY,
  kPressure = MPATH_EVENT_PRESSURE,
  kLegGone = MPATH_EVENT_LEG_GONE,
  kClosed = MPATH_EVENT_CLOSED,
};

// A cell to send with stream id 0. The body is kept inline, so that no event owns memory.
struct ControlCell {
  RelayCommand command;
  HopNum hop;
  std::uint16_t length;
  std::array<std::uint8_t, MPATH_BODY_MAX> body;
};

[[nodiscard]] ControlCell make_control_cell(RelayCommand command, HopNum hop,
                                            std::span<const std::uint8_t> body) noexcept;

// Only a kSendCell event has a cell; in others those bytes have no value.
struct Event {
  EventKind kind;
  Reason reason;
  LegId leg;
  Cookie cookie;
  std::uint64_t value;
  std::uint32_t detail;
  ControlCell cell;
};

// Takes events into borrowed storage. Callers see to it that there is room (events_needed).
class EventSink {
 public:
  explicit EventSink(std::span<Event> storage) noexcept : storage_(storage) {}
  // The event to fill in.
  Event& append(EventKind kind) noexcept;
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return storage_.size(); }

 private:
  std::span<Event> storage_;
  std::size_t count_ = 0;
};

// What has happened and has not been told yet. A kSendCell note has no cell: its body is made when
// it is drained, which is also the moment from which the handshake counts its RTT.
struct Note {
  EventKind kind;
  Reason reason;
  LegId leg;
  Cookie cookie;
  std::uint64_t value;
};

// Things for the log: ids and numbers, never words, never a nonce, an id or an address.
enum class LogEvent : std::uint32_t {
  kTunnelCreated = 1,
  kLegsAdded,
  kLinkSent,
  kLinked,
  kHandshakeTimedOut,
  kLegRemoved,
  kLegTaken,
  kInitialPrimary,
  kPrimarySwitched,
  kStreamsPaused,
  kUnknownDesiredUx,
  kHighWater,
  kLowWater,
  kViolation,
  kTunnelClosed,
  kTunnelPoisoned,
  kReloaded,
  kReloadRefused,
  kShed,
  kMetricsUnavailable,
};

struct LogEntry {
  LogEvent event;
  LogLevel level;
  Reason reason;
  LegOrdinal leg;
  std::uint64_t value;
};

}  // namespace conflux
