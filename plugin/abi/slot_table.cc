#include "plugin/abi/slot_table.h"

namespace conflux {

SlotTable::~SlotTable() {
  for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
}

std::optional<std::uint32_t> SlotTable::acquire() {
  const std::lock_guard lock(mutex_);
  if (!free_.empty()) {
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }
  const std::uint32_t index = high_mark_.load(std::memory_order_relaxed);
  if (index >= kTunnelsMax) return std::nullopt;
  const Location where = locate(index);
  if (chunks_[where.chunk].load(std::memory_order_relaxed) == nullptr) {
    // Room for every index to come back, so that release() cannot fail.
    free_.reserve(index + (kFirstChunk << where.chunk));
    chunks_[where.chunk].store(new TunnelSlot[kFirstChunk << where.chunk],
                               std::memory_order_release);
  }
  high_mark_.store(index + 1, std::memory_order_release);
  return index;
}

mpath_tunnel_id SlotTable::publish(std::uint32_t index) noexcept {
  TunnelSlot* slot = at(index);
  const std::uint32_t generation = slot->generation.load(std::memory_order_relaxed) + 1;
  slot->generation.store(generation, std::memory_order_release);
  count_.fetch_add(1, std::memory_order_relaxed);
  return std::uint64_t{generation} << 32U | index;
}

void SlotTable::retire(mpath_tunnel_id id) noexcept {
  const auto index = static_cast<std::uint32_t>(id);
  TunnelSlot* slot = at(index);
  slot->generation.fetch_add(1, std::memory_order_release);
  slot->reset();
  count_.fetch_sub(1, std::memory_order_relaxed);
  release(index);
}

void SlotTable::release(std::uint32_t index) noexcept {
  const std::lock_guard lock(mutex_);
  free_.push_back(index);
}

}  // namespace conflux
