// mpath/types.hpp - the values of the C ABI as C++ types: statuses, reasons, event kinds, and the
// arguments that designated initialisers make readable. plugin.hpp includes it.
//
// Numbers that a newer plugin may answer and that have no name here are legal values of the enums:
// give every switch over them a default.
#pragma once

#include <mpath/plugin.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace mpath {

// See base.h for what each of them means.
enum class Status : mpath_status {
  kOk = MPATH_OK,
  kBlocked = MPATH_BLOCKED,
  kHeld = MPATH_HELD,
  kConsumed = MPATH_CONSUMED,
  kPass = MPATH_PASS,
  kIgnored = MPATH_IGNORED,
  kErrorArgument = MPATH_E_ARGUMENT,
  kErrorSize = MPATH_E_SIZE,
  kErrorStale = MPATH_E_STALE,
  kErrorState = MPATH_E_STATE,
  kErrorBuffer = MPATH_E_BUFFER,
  kErrorViews = MPATH_E_VIEWS,
  kErrorNotSingle = MPATH_E_NOT_SINGLE,
  kErrorLegInvalid = MPATH_E_LEG_INVALID,
  kErrorUnsupported = MPATH_E_UNSUPPORTED,
  kErrorConfig = MPATH_E_CONFIG,
  kErrorTokensHeld = MPATH_E_TOKENS_HELD,
  kErrorVersion = MPATH_E_VERSION,
  kErrorProtocol = MPATH_E_PROTOCOL,
  kErrorClosed = MPATH_E_CLOSED,
  kErrorNoMemory = MPATH_E_NO_MEMORY,
  kErrorLimit = MPATH_E_LIMIT,
  kErrorRandom = MPATH_E_RANDOM,
  kErrorPoisoned = MPATH_E_POISONED,
};

// Whose fault it is, and so what is left to do with the tunnel.
enum class StatusFamily : std::uint8_t {
  kDone,      // no error
  kMisuse,    // a bug in the host; nothing has changed
  kProtocol,  // the tunnel is closed: drain it, destroy its circuits, destroy it
  kResource,  // nothing has changed; try again later, or with less
  kPoisoned,  // a bug in the plugin: only poll, drain and destroy still work
};

constexpr bool is_error(Status status) noexcept { return static_cast<mpath_status>(status) < 0; }

constexpr StatusFamily family(Status status) noexcept {
  const auto number = static_cast<mpath_status>(status);
  if (number >= 0) return StatusFamily::kDone;
  if (number > MPATH_E_PROTOCOL) return StatusFamily::kMisuse;
  if (number > MPATH_E_NO_MEMORY) return StatusFamily::kProtocol;
  if (number > MPATH_E_POISONED) return StatusFamily::kResource;
  return StatusFamily::kPoisoned;
}

// See reasons.h for the words; Plugin::text(Reason) gives them at run time.
enum class Reason : std::uint32_t {
  kNone = MPATH_REASON_NONE,
  kNotLinked = MPATH_REASON_NOT_LINKED,
  kPrimaryFull = MPATH_REASON_PRIMARY_FULL,
  kAllFull = MPATH_REASON_ALL_FULL,
  kChannelBlocked = MPATH_REASON_CHANNEL_BLOCKED,
  kPaddingBlocked = MPATH_REASON_PADDING_BLOCKED,
  kAckNotSent = MPATH_REASON_ACK_NOT_SENT,
  kPeerWindowFull = MPATH_REASON_PEER_WINDOW_FULL,
  kNoLegs = MPATH_REASON_NO_LEGS,
  kNoHops = MPATH_REASON_NO_HOPS,
  kLengthDiffers = MPATH_REASON_LENGTH_DIFFERS,
  kLastHopDiffers = MPATH_REASON_LAST_HOP_DIFFERS,
  kVirtualHop = MPATH_REASON_VIRTUAL_HOP,
  kHasStreams = MPATH_REASON_HAS_STREAMS,
  kAlreadyJoined = MPATH_REASON_ALREADY_JOINED,
  kNoCongestionControl = MPATH_REASON_NO_CONGESTION_CONTROL,
  kTooManyLegs = MPATH_REASON_TOO_MANY_LEGS,
  kHandshakeTimeout = MPATH_REASON_HANDSHAKE_TIMEOUT,
  kChannelClosed = MPATH_REASON_CHANNEL_CLOSED,
  kCircuitDestroyed = MPATH_REASON_CIRCUIT_DESTROYED,
  kSendFailed = MPATH_REASON_SEND_FAILED,
  kRetired = MPATH_REASON_RETIRED,
  kTunnelClosed = MPATH_REASON_TUNNEL_CLOSED,
  kTaken = MPATH_REASON_TAKEN,
  kDepleted = MPATH_REASON_DEPLETED,
  kPrimaryLost = MPATH_REASON_PRIMARY_LOST,
  kHighestReceivedLost = MPATH_REASON_HIGHEST_RECEIVED_LOST,
  kHighestSentLost = MPATH_REASON_HIGHEST_SENT_LOST,
  kDataInFlightLost = MPATH_REASON_DATA_IN_FLIGHT_LOST,
  kHostRequest = MPATH_REASON_HOST_REQUEST,
  kStalled = MPATH_REASON_STALLED,
  kReorderLimit = MPATH_REASON_REORDER_LIMIT,
  kShed = MPATH_REASON_SHED,
  kInternal = MPATH_REASON_INTERNAL,
  kWrongHop = MPATH_REASON_WRONG_HOP,
  kNotMultipath = MPATH_REASON_NOT_MULTIPATH,
  kLinkedUnexpected = MPATH_REASON_LINKED_UNEXPECTED,
  kLinkedMalformed = MPATH_REASON_LINKED_MALFORMED,
  kLinkedNonce = MPATH_REASON_LINKED_NONCE,
  kLinkedSequence = MPATH_REASON_LINKED_SEQUENCE,
  kLinkToClient = MPATH_REASON_LINK_TO_CLIENT,
  kLinkedAckToClient = MPATH_REASON_LINKED_ACK_TO_CLIENT,
  kSwitchUnlinked = MPATH_REASON_SWITCH_UNLINKED,
  kSwitchRepeated = MPATH_REASON_SWITCH_REPEATED,
  kSwitchZero = MPATH_REASON_SWITCH_ZERO,
  kSwitchTooFar = MPATH_REASON_SWITCH_TOO_FAR,
  kSwitchMalformed = MPATH_REASON_SWITCH_MALFORMED,
  kSequenceRepeated = MPATH_REASON_SEQUENCE_REPEATED,
  kSequenceOverflow = MPATH_REASON_SEQUENCE_OVERFLOW,
  kCellBeforeLinked = MPATH_REASON_CELL_BEFORE_LINKED,
  kUnexpectedMessage = MPATH_REASON_UNEXPECTED_MESSAGE,
  kSwitchFlood = MPATH_REASON_SWITCH_FLOOD,
};

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

constexpr EventKind kind_of(const mpath_event& event) noexcept { return EventKind{event.kind}; }
constexpr Reason reason_of(const mpath_event& event) noexcept { return Reason{event.reason}; }
constexpr Reason reason_of(const mpath_grant& grant) noexcept { return Reason{grant.reason}; }
constexpr Reason reason_of(const mpath_receipt& receipt) noexcept { return Reason{receipt.reason}; }
constexpr Reason reason_of(const mpath_detail& detail) noexcept { return Reason{detail.reason}; }

// The bytes of a cell that the plugin asks to be sent.
constexpr std::span<const std::uint8_t> body_of(const mpath_control_cell& cell) noexcept {
  const std::size_t length = cell.length < MPATH_BODY_MAX ? cell.length : MPATH_BODY_MAX;
  return {cell.body, length};
}

// A zeroed struct of the ABI whose struct_size is set.
template <typename T>
constexpr T sized() noexcept {
  T value{};
  value.struct_size = sizeof(T);
  return value;
}

// Host time for the plugin: microseconds of a monotonic clock.
constexpr std::uint64_t to_us(std::chrono::steady_clock::time_point time) noexcept {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  return static_cast<std::uint64_t>(duration_cast<microseconds>(time.time_since_epoch()).count());
}

constexpr std::uint32_t count32(std::size_t count) noexcept {
  constexpr std::size_t kMax = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(count < kMax ? count : kMax);
}

// Views of all legs of one tunnel, and the cells that streams of the join point could fill now.
struct Views {
  std::span<const mpath_leg_view> legs;
  std::uint32_t backlog = 0;

  [[nodiscard]] constexpr mpath_leg_views raw() const noexcept {
    return {legs.data(), count32(legs.size()), sizeof(mpath_leg_view), backlog, 0};
  }
};

// Cells that wait to be sent; see mpath_route_request.
struct RouteRequest {
  std::uint8_t command = 0;
  std::uint8_t hop = 0;
  mpath_leg_id leg = 0;  // 0: the primary leg
  std::uint32_t want = 1;

  [[nodiscard]] constexpr mpath_route_request raw() const noexcept {
    return {sizeof(mpath_route_request), command, hop, 0, leg, want, 0};
  }
};

// A relay cell that arrived; see mpath_cell. A body longer than its length field can say is cut.
struct Cell {
  std::uint8_t command = 0;
  std::uint8_t hop = 0;
  mpath_leg_id leg = 0;
  std::span<const std::uint8_t> body;
  std::uint64_t token = 0;
  std::uint32_t cost = 1;

  [[nodiscard]] constexpr mpath_cell raw() const noexcept {
    constexpr std::size_t kMax = std::numeric_limits<std::uint16_t>::max();
    const auto length = static_cast<std::uint16_t>(body.size() < kMax ? body.size() : kMax);
    return {sizeof(mpath_cell), command, hop, length, leg, body.data(), token, cost, 0};
  }
};

// The path of a circuit, nearest hop first.
struct Path {
  std::span<const mpath_hop> hops;
  std::uint32_t cwnd_init = 0;   // cells; 0 only with no hops
  std::uint32_t sendme_inc = 0;  // cells per circuit SENDME; 0 only with no hops

  [[nodiscard]] constexpr mpath_path raw() const noexcept {
    return {hops.data(), count32(hops.size()), sizeof(mpath_hop), cwnd_init, sendme_inc};
  }
};

// A circuit that becomes a leg.
struct LegParams {
  Path path;
  std::uint64_t cookie = 0;
  std::uint32_t flags = 0;  // MPATH_LEG_*

  [[nodiscard]] constexpr mpath_leg_params raw() const noexcept {
    return {sizeof(mpath_leg_params), flags, cookie, path.raw()};
  }
};

// Configuration text and the name under which messages show it. Both are borrowed.
struct ConfigText {
  std::string_view text;      // UTF-8 YAML; empty: the defaults
  const char* name = "conf";  // NUL-terminated

  [[nodiscard]] constexpr mpath_config_text raw() const noexcept {
    return {sizeof(mpath_config_text), count32(text.size()), text.data(), name};
  }
};

}  // namespace mpath
