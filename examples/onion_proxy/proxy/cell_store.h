#pragma once

#include <cstring>
#include <deque>
#include <vector>

#include "examples/onion_proxy/cell/relay_cell.h"

namespace onion_proxy {

/// Cells that wait for their turn, in slots that are used again. The plugin that orders them bounds
/// how many there are; memory is kept at the peak.
class CellStore {
 public:
  /// Memory per cell, as the plugin is told.
  static constexpr uint32_t kCost = 512;

  /// A free slot: fill it with `put`, or give it back with `free`.
  uint64_t allocate() {
    if (free_.empty()) {
      free_.push_back(slots_.size());
      slots_.emplace_back();
    }
    const uint64_t token = free_.back();
    free_.pop_back();
    return token;
  }

  void put(uint64_t token, const RelayCell& cell) {
    Slot& slot = slots_[token];
    slot.command = cell.command;
    slot.stream_id = cell.stream_id;
    slot.length = static_cast<uint16_t>(cell.body.size());
    if (!cell.body.empty()) std::memcpy(slot.body.data(), cell.body.data(), cell.body.size());
  }

  /// Borrows from the slot; valid until it is freed.
  RelayCell get(uint64_t token) const {
    const Slot& slot = slots_[token];
    return {slot.command, slot.stream_id, ByteView(slot.body).first(slot.length)};
  }

  void free(uint64_t token) { free_.push_back(token); }

  size_t used() const { return slots_.size() - free_.size(); }

 private:
  struct Slot {
    RelayCommand command = RelayCommand::kDrop;
    uint16_t stream_id = 0;
    uint16_t length = 0;
    ByteArray<kRelayBodyMax> body;
  };
  static_assert(sizeof(Slot) <= kCost);

  std::deque<Slot> slots_;  ///< a deque, so that growing moves nothing
  std::vector<uint64_t> free_;
};

}  // namespace onion_proxy
