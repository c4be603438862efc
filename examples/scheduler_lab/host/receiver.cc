#include "examples/scheduler_lab/host/receiver.h"

#include <algorithm>

namespace scheduler_lab {
namespace {

constexpr std::size_t kLinkedHead = 33;  // version and nonce
constexpr std::size_t kLinkedBody = 50;
constexpr std::uint8_t kMinLatency = 1;  // what stock exits ask for

// Spec: prop329 [LINKED]. Nothing has been sent or received.
mpath_control_cell linked_for(const mpath_control_cell& link) {
  mpath_control_cell linked{};
  linked.command = command::kLinked;
  linked.hop = link.hop;
  linked.length = kLinkedBody;
  std::copy_n(link.body, kLinkedHead, linked.body);
  linked.body[kLinkedBody - 1] = kMinLatency;
  return linked;
}

std::uint32_t relative_of(const mpath_control_cell& cell) {
  std::uint32_t relative = 0;
  for (std::size_t i = 0; i < 4; ++i) relative = relative << 8U | cell.body[i];
  return relative;
}

}  // namespace

void Receiver::handle(const Cell& cell) {
  Leg& leg = legs_[cell.circuit];
  if (cell.kind == CellKind::kControl) return handle_control(leg, cell);
  if (cell.kind == CellKind::kData) handle_data(leg, cell);
}

void Receiver::handle_control(Leg& leg, const Cell& cell) {
  if (cell.command == command::kLink) {
    const std::uint64_t body = bodies_.keep(linked_for(bodies_.at(cell.content)));
    return hooks_.answer({cell.circuit, CellKind::kControl, command::kLinked, body});
  }
  if (cell.command == command::kSwitch) leg.sequence += relative_of(bodies_.at(cell.content));
}

void Receiver::handle_data(Leg& leg, const Cell& cell) {
  if (++leg.data % kSendmeInc == 0) {
    hooks_.answer({cell.circuit, CellKind::kSendme, command::kSendme, 0});
  }
  if (!multipath_) return deliver(cell.content);
  const std::uint64_t sequence = ++leg.sequence;
  if (sequence <= delivered_) {
    throw Broken("cell " + std::to_string(sequence) + " came after " + std::to_string(delivered_) +
                 " cells had been delivered");
  }
  if (sequence != delivered_ + 1) {
    if (!held_.emplace(sequence, cell.content).second) {
      throw Broken("two cells have the sequence number " + std::to_string(sequence));
    }
    held_bytes_ += hooks_.bytes_of(cell.content);
    return;
  }
  deliver(cell.content);
  while (!held_.empty() && held_.begin()->first == delivered_ + 1) {
    const std::uint64_t content = held_.begin()->second;
    held_.erase(held_.begin());
    held_bytes_ -= hooks_.bytes_of(content);
    deliver(content);
  }
}

void Receiver::deliver(std::uint64_t content) {
  if (content != next_content_) {
    throw Broken("cell " + std::to_string(content) + " was delivered instead of " +
                 std::to_string(next_content_));
  }
  ++next_content_;
  ++delivered_;
  hooks_.delivered(content);
}

}  // namespace scheduler_lab
