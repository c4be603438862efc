#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <vector>

#include "examples/onion_proxy/cell/relay_cell.h"

namespace onion_proxy {

/// Cells that wait for their turn, each where it was decrypted to, so that waiting costs no copy:
/// every cell of a tunnel is decrypted into `room()`, the next one into the same place, unless
/// `keep()` was called between them. Slots are used again, the one that was freed last first: it is
/// still in the cache. The plugin that orders the cells bounds how many there are; memory is kept at
/// the peak.
class CellStore {
 public:
  /// Memory per cell, as the plugin is told: a slot, and its place among the free ones, of which
  /// half may be spare.
  static constexpr uint32_t kCost = 512 + 2 * sizeof(uint32_t);

  CellStore() {
    grow();
    take_room();
  }

  /// Where the next cell goes, the same until it is kept.
  CellPayloadView room() {
    if (free_.empty()) grow();  // here, so that `keep` cannot fail
    return slot(room_).payload;
  }

  /// What the cell in `room()` will be called if it is kept.
  uint64_t token() const { return room_; }
  /// Does the cell lie in the room?
  bool holds(const RelayCell& cell) const {
    return cell.body.data() == slot(room_).payload.data() + kRelayHeaderSize;
  }

  /// Keeps what `room()` holds, a payload that `parse_relay_cell` has accepted. At most one for
  /// each call of `room()`.
  void keep() noexcept { take_room(); }

  /// Borrows from the slot; valid until it is freed.
  RelayCell get(uint64_t token) const { return view_relay_cell(slot(token).payload); }

  void free(uint64_t token) noexcept {
    assert(free_.size() < free_.capacity());
    free_.push_back(static_cast<uint32_t>(token));
  }

  size_t used() const { return chunks_.size() * kChunk - free_.size() - 1; }

 private:
  static constexpr uint32_t kChunk = 64;

  struct alignas(64) Slot {
    CellPayload payload;
  };
  static_assert(sizeof(Slot) == 512);

  Slot& slot(uint64_t token) const { return chunks_[token / kChunk][token % kChunk]; }

  void take_room() noexcept {
    assert(!free_.empty());
    room_ = free_.back();
    free_.pop_back();
  }

  void grow() {
    const auto first = static_cast<uint32_t>(chunks_.size() * kChunk);
    // So that `free` cannot fail. Doubled, so that growing stays cheap.
    if (free_.capacity() < first + kChunk) free_.reserve(2 * first + kChunk);
    chunks_.push_back(std::make_unique_for_overwrite<Slot[]>(kChunk));
    for (uint32_t i = kChunk; i-- > 0;) free_.push_back(first + i);
  }

  std::vector<std::unique_ptr<Slot[]>> chunks_;  ///< so that growing moves nothing
  std::vector<uint32_t> free_;
  uint32_t room_ = 0;
};

}  // namespace onion_proxy
