#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "examples/onion_proxy/cell/relay_cell.h"

namespace onion_proxy {

/// Cells that wait for their turn, in slots that are used again, the one that was freed last first:
/// it is still in the cache. The plugin that orders them bounds how many there are; memory is kept
/// at the peak.
class CellStore {
 public:
  /// Memory per cell, as the plugin is told.
  static constexpr uint32_t kCost = 512;

  /// A free slot: fill it with `put`, or give it back with `free`.
  uint64_t allocate() {
    if (free_ == kNone) grow();
    const uint64_t token = free_;
    free_ = slot(token).next;
    ++used_;
    return token;
  }

  void put(uint64_t token, const RelayCell& cell) {
    Slot& kept = slot(token);
    kept.command = cell.command;
    kept.stream_id = cell.stream_id;
    kept.length = static_cast<uint16_t>(cell.body.size());
    if (!cell.body.empty()) std::memcpy(kept.body.data(), cell.body.data(), cell.body.size());
  }

  /// Borrows from the slot; valid until it is freed.
  RelayCell get(uint64_t token) const {
    const Slot& kept = slot(token);
    return {kept.command, kept.stream_id, ByteView(kept.body).first(kept.length)};
  }

  void free(uint64_t token) {
    slot(token).next = free_;
    free_ = token;
    --used_;
  }

  size_t used() const { return used_; }

 private:
  static constexpr size_t kChunk = 64;
  static constexpr uint64_t kNone = UINT64_MAX;

  struct Slot {
    uint64_t next;  ///< free slot, while this one is free
    RelayCommand command;
    uint16_t stream_id;
    uint16_t length;
    ByteArray<kRelayBodyMax> body;
  };
  static_assert(sizeof(Slot) <= kCost);

  Slot& slot(uint64_t token) const { return chunks_[token / kChunk][token % kChunk]; }

  void grow() {
    const uint64_t first = chunks_.size() * kChunk;
    chunks_.push_back(std::make_unique_for_overwrite<Slot[]>(kChunk));
    for (uint64_t i = kChunk; i-- > 0;) {
      slot(first + i).next = free_;
      free_ = first + i;
    }
  }

  std::vector<std::unique_ptr<Slot[]>> chunks_;  ///< so that growing moves nothing
  uint64_t free_ = kNone;
  size_t used_ = 0;
};

}  // namespace onion_proxy
