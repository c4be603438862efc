#include "plugin/core/poll_round.h"

namespace conflux {
namespace {

Event& append(EventSink& sink, EventKind kind, const Leg& leg) noexcept {
  Event& event = sink.append(kind);
  event.leg = leg.id();
  event.cookie = leg.cookie();
  return event;
}

void append_streams(const RoundInput& input, std::size_t at, EventSink& sink) noexcept {
  const Leg& leg = input.legs[at];
  const LegView& view = *input.views[at];
  if (input.join.carrier == at) {
    Event& event = append(sink, EventKind::kReadStreams, leg);
    event.detail = MPATH_STREAMS_JOIN_POINT;
    event.value = input.join.granted.raw();
  }
  const bool wanted =
      has(view, MPATH_VIEW_HOP_STREAMS_READY) || (!input.multi_path && input.backlog > Cells{0});
  const bool writable = !has(view, MPATH_VIEW_CHANNEL_BLOCKED) && !leg.padding_blocked();
  if (wanted && writable && !leg.is_pending()) {
    Event& event = append(sink, EventKind::kReadStreams, leg);
    event.detail = MPATH_STREAMS_OTHER_HOPS;
    event.value = UINT64_MAX;  // windows of other hops are the host's alone
  }
}

void append_leg(const RoundInput& input, std::size_t at, EventSink& sink) noexcept {
  const Leg& leg = input.legs[at];
  const LegView& view = *input.views[at];
  const auto now_us = static_cast<std::uint64_t>(input.now.time_since_epoch().count());
  if (view.half_stream_expiry_us <= now_us) append(sink, EventKind::kCollectHalfStreams, leg);
  if (leg.is<TimedOut>()) {
    append(sink, EventKind::kRemoveLeg, leg).reason = Reason::HANDSHAKE_TIMEOUT;
    return;
  }
  // Padding goes first because it may start to block the very sink that streams are read for.
  if (has(view, MPATH_VIEW_PADDING_READY)) {
    append(sink, EventKind::kPadding, leg);
    return;
  }
  if (has(view, MPATH_VIEW_INPUT_READY)) {
    append(sink, EventKind::kHandleCell, leg);
  } else if (has(view, MPATH_VIEW_INPUT_CLOSED)) {
    append(sink, EventKind::kRemoveLeg, leg).reason = Reason::CHANNEL_CLOSED;
    return;
  }
  append_streams(input, at, sink);
}

}  // namespace

void append_round(const RoundInput& input, EventSink& sink) noexcept {
  for (std::size_t at = 0; at < input.legs.size(); ++at) append_leg(input, at, sink);
}

}  // namespace conflux
