#include "test/plugin/support/words.h"

#include <algorithm>

namespace conflux::test {
namespace {

std::string command_words(const mpath_control_cell& cell) {
  switch (cell.command) {
    case 19:
      return "LINK";
    case 21:
      return "LINKED_ACK";
    case 22:
      return "SWITCH";
    default:
      return "command " + std::to_string(cell.command);
  }
}

std::string streams_words(const mpath_event& event) {
  if (event.detail == MPATH_STREAMS_OTHER_HOPS) return "READ_STREAMS OTHER_HOPS";
  return "READ_STREAMS JOIN_POINT " + std::to_string(event.value);
}

std::string kind_words(const mpath_event& event) {
  const std::string reason = words(mpath::reason_of(event));
  switch (mpath::kind_of(event)) {
    case mpath::EventKind::kCollectHalfStreams:
      return "COLLECT_HALFSTREAMS";
    case mpath::EventKind::kRemoveLeg:
      return "REMOVE_LEG " + reason;
    case mpath::EventKind::kPadding:
      return "PADDING";
    case mpath::EventKind::kHandleCell:
      return "HANDLE_CELL";
    case mpath::EventKind::kReadStreams:
      return streams_words(event);
    case mpath::EventKind::kSendCell:
      return "SEND_CELL " + command_words(event.cell);
    case mpath::EventKind::kLinkResult:
      return "LINK_RESULT " + reason;
    case mpath::EventKind::kReady:
      return "READY";
    case mpath::EventKind::kPressure:
      return event.detail == MPATH_WATER_HIGH ? "PRESSURE HIGH" : "PRESSURE LOW";
    case mpath::EventKind::kLegGone:
      return "LEG_GONE " + reason;
    case mpath::EventKind::kClosed:
      return "CLOSED " + reason;
  }
  return "event " + std::to_string(event.kind);
}

}  // namespace

std::string words(mpath::Status status) {
  switch (status) {
#define CONFLUX_STATUS(name) \
  case mpath::Status::name:  \
    return #name;
    CONFLUX_STATUS(kOk)
    CONFLUX_STATUS(kBlocked)
    CONFLUX_STATUS(kHeld)
    CONFLUX_STATUS(kConsumed)
    CONFLUX_STATUS(kPass)
    CONFLUX_STATUS(kIgnored)
    CONFLUX_STATUS(kErrorArgument)
    CONFLUX_STATUS(kErrorSize)
    CONFLUX_STATUS(kErrorStale)
    CONFLUX_STATUS(kErrorState)
    CONFLUX_STATUS(kErrorBuffer)
    CONFLUX_STATUS(kErrorViews)
    CONFLUX_STATUS(kErrorNotSingle)
    CONFLUX_STATUS(kErrorLegInvalid)
    CONFLUX_STATUS(kErrorUnsupported)
    CONFLUX_STATUS(kErrorConfig)
    CONFLUX_STATUS(kErrorTokensHeld)
    CONFLUX_STATUS(kErrorVersion)
    CONFLUX_STATUS(kErrorProtocol)
    CONFLUX_STATUS(kErrorClosed)
    CONFLUX_STATUS(kErrorNoMemory)
    CONFLUX_STATUS(kErrorLimit)
    CONFLUX_STATUS(kErrorRandom)
    CONFLUX_STATUS(kErrorPoisoned)
#undef CONFLUX_STATUS
  }
  return "status " + std::to_string(static_cast<mpath_status>(status));
}

std::string words(mpath::Reason reason) {
  switch (static_cast<std::uint32_t>(reason)) {
#define CONFLUX_REASON(name, number, text) \
  case number:                             \
    return #name;
    MPATH_REASON_LIST(CONFLUX_REASON)
#undef CONFLUX_REASON
    default:
      return "reason " + std::to_string(static_cast<std::uint32_t>(reason));
  }
}

std::string words(const mpath_event& event) {
  const std::string kind = kind_words(event);
  if (event.leg == 0) return kind;
  return "leg " + std::to_string(event.leg_cookie) + ": " + kind;
}

std::size_t count_of(const std::vector<std::string>& told, const std::string& word) {
  return static_cast<std::size_t>(std::ranges::count_if(
      told, [&](const std::string& line) { return line.find(word) != std::string::npos; }));
}

}  // namespace conflux::test
