#include "plugin/abi/slot_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <new>

namespace conflux {

namespace {

constexpr std::align_val_t kAlignment{alignof(TunnelSlot)};
constexpr std::uintptr_t kHugePage = std::uintptr_t{2} << 20U;

// With many tunnels most calls go to one that is in no cache, and much of what they cost is walking
// page tables (test/bench/README.md). A system without huge pages refuses, and all is as before.
void ask_for_huge_pages(void* memory, std::size_t size) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (begin + size) / kHugePage * kHugePage;
  if (first < end) {
    static_cast<void>(
        ::madvise(static_cast<std::byte*>(memory) + (first - begin), end - first, MADV_HUGEPAGE));
  }
}

}  // namespace

SlotTable::~SlotTable() {
  for (std::uint32_t index = 0; index < high_mark(); ++index) std::destroy_at(at(index));
  for (std::size_t chunk = 0; chunk < kChunks; chunk += block_at(chunk)) {
    ::operator delete(chunks_[chunk].load(std::memory_order_relaxed), kAlignment);
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
  const std::size_t size = block_at(number) * kChunk * sizeof(TunnelSlot);
  void* memory = ::operator new(size, kAlignment);
  ask_for_huge_pages(memory, size);
  for (std::size_t i = 0; i < block_at(number); ++i) {
    chunks_[number + i].store(static_cast<TunnelSlot*>(memory) + i * kChunk,
                              std::memory_order_release);
  }
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
