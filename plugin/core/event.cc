#include "plugin/core/event.h"

#include <algorithm>
#include <cassert>

namespace conflux {

static_assert(sizeof(Event) <= 128, "an event buffer lives on the stack of poll()");

ControlCell make_control_cell(RelayCommand command, HopNum hop,
                              std::span<const std::uint8_t> body) noexcept {
  ControlCell cell;
  cell.command = command;
  cell.hop = hop;
  cell.length = static_cast<std::uint16_t>(std::min(body.size(), cell.body.size()));
  std::copy_n(body.begin(), cell.length, cell.body.begin());
  return cell;
}

Event& EventSink::append(EventKind kind) noexcept {
  assert(count_ < storage_.size());
  Event& event = storage_[count_++];
  event.kind = kind;
  event.reason = Reason::NONE;
  event.leg = LegId{};
  event.cookie = Cookie{};
  event.value = 0;
  event.detail = 0;
  return event;
}

}  // namespace conflux
