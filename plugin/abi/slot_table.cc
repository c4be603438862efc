#include "plugin/abi/slot_table.h"

#include <algorithm>
#include <memory>
#include <new>

namespace conflux {

namespace {

constexpr std::align_val_t kAlignment{alignof(TunnelSlot)};

}  // namespace

SlotTable::~SlotTable() {
  for (std::uint32_t index = 0; index < high_mark(); ++index) std::destroy_at(at(index));
  for (auto& chunk : chunks_) {
    ::operator delete(chunk.load(std::memory_order_relaxed), kAlignment);
  }
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
  if (index % kChunk == 0) add_chunk(index / kChunk);
  std::construct_at(at(index));
  high_mark_.store(index + 1, std::memory_order_release);
  return index;
}

void SlotTable::add_chunk(std::size_t number) {
  // Room for every index to come back, so that release() cannot fail. Doubled, or it would be
  // copied for each chunk.
  const std::size_t slots = (number + 1) * kChunk;
  if (free_.capacity() < slots) free_.reserve(std::max(slots, 2 * free_.capacity()));
  if (chunks_[number].load(std::memory_order_relaxed) != nullptr) return;
  void* memory = ::operator new(kChunk * sizeof(TunnelSlot), kAlignment);
  chunks_[number].store(static_cast<TunnelSlot*>(memory), std::memory_order_release);
}

mpath_tunnel_id SlotTable::publish(std::uint32_t index) noexcept {
  TunnelSlot* slot = at(index);
  const std::uint32_t generation = slot->generation() + 1;
  slot->gate.store(TunnelSlot::gate_of(generation), std::memory_order_release);
  count_.fetch_add(1, std::memory_order_relaxed);
  return std::uint64_t{generation} << 32U | index;
}

void SlotTable::retire(mpath_tunnel_id id) noexcept {
  const auto index = static_cast<std::uint32_t>(id);
  TunnelSlot* slot = at(index);
  slot->gate.store(TunnelSlot::gate_of(slot->generation() + 1), std::memory_order_release);
  slot->reset();
  count_.fetch_sub(1, std::memory_order_relaxed);
  release(index);
}

void SlotTable::release(std::uint32_t index) noexcept {
  const std::lock_guard lock(mutex_);
  free_.push_back(index);
}

}  // namespace conflux
