#include "plugin/abi/slot_table.h"

#include <algorithm>
#include <memory>

namespace conflux {

SlotTable::SlotTable() {
  free_.push_back(make());
  near_ = memory_[0].begin();
}

SlotTable::~SlotTable() {
  for (std::uint32_t index = 0; index < high_mark(); ++index) std::destroy_at(at(index));
}

std::optional<std::uint32_t> SlotTable::acquire() {
  const std::lock_guard lock(mutex_);
  if (!free_.empty()) {
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }
  if (high_mark() >= kTunnelsMax) return std::nullopt;
  return make();
}

std::uint32_t SlotTable::make() {
  const std::uint32_t index = high_mark_.load(std::memory_order_relaxed);
  make_room(index);
  std::construct_at(at(index), index);
  high_mark_.store(index + 1, std::memory_order_release);
  return index;
}

void SlotTable::make_room(std::uint32_t index) {
  // Room for every index to come back, so that release() cannot fail.
  if (free_.capacity() <= index) free_.reserve(std::max<std::size_t>(256, 2 * free_.capacity()));
  const std::size_t number = index / kSegment;
  AddressRange& memory = memory_[number];
  if (memory.begin() == nullptr) {
    memory = AddressRange(kSegment * sizeof(TunnelSlot));
    segments_[number].store(reinterpret_cast<TunnelSlot*>(memory.begin()),
                            std::memory_order_release);
  }
  // With many tunnels most calls go to one that is in no cache, and much of what they cost is
  // walking page tables (test/bench/README.md).
  if (index == kFew || (number > 0 && index % kSegment == 0)) memory.ask_for_huge_pages();
  memory.open((index % kSegment + 1) * sizeof(TunnelSlot));
}

mpath_tunnel_id SlotTable::publish(std::uint32_t index) noexcept {
  TunnelSlot* slot = at(index);
  const std::uint32_t generation = slot->gate.generation() + 1;
  slot->gate.move_on(generation, index);
  count_.fetch_add(1, std::memory_order_relaxed);
  return std::uint64_t{generation} << 32U | index;
}

void SlotTable::retire(mpath_tunnel_id id) noexcept {
  const auto index = static_cast<std::uint32_t>(id);
  TunnelSlot* slot = at(index);
  slot->gate.move_on(slot->gate.generation() + 1, index);
  slot->reset();
  count_.fetch_sub(1, std::memory_order_relaxed);
  release(index);
}

void SlotTable::release(std::uint32_t index) noexcept {
  const std::lock_guard lock(mutex_);
  free_.push_back(index);
}

}  // namespace conflux
