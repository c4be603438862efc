// Where tunnels live: found by id without a lock, never moved, never freed before the instance.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "plugin/abi/tunnel_slot.h"
#include "plugin/types/limits.h"

namespace conflux {

// An id is {generation, index}. A slot's generation is odd while a tunnel lives in it, so a stale
// or invented id finds nothing. find() is [any-thread]; what it finds belongs to the tunnel's owner
// but for the parts of TunnelSlot that say otherwise.
class SlotTable {
 public:
  SlotTable() = default;
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;
  ~SlotTable();

  [[nodiscard]] TunnelSlot* find(mpath_tunnel_id id) const noexcept {
    const auto index = static_cast<std::uint32_t>(id);
    const auto generation = static_cast<std::uint32_t>(id >> 32U);
    if ((generation & 1U) == 0 || index >= kTunnelsMax) return nullptr;
    TunnelSlot* slot = at(index);
    if (slot == nullptr || slot->generation.load(std::memory_order_acquire) != generation) {
      return nullptr;
    }
    return slot;
  }

  // A free slot that nobody else has, or nothing if kTunnelsMax are in use. Throws std::bad_alloc.
  [[nodiscard]] std::optional<std::uint32_t> acquire();
  // Makes the tunnel in an acquired slot findable; answers its id.
  mpath_tunnel_id publish(std::uint32_t index) noexcept;
  // From here on its id is stale. The slot may be reused at once.
  void retire(mpath_tunnel_id id) noexcept;
  // Gives back a slot that was acquired and not published.
  void release(std::uint32_t index) noexcept;

  [[nodiscard]] TunnelSlot* at(std::uint32_t index) const noexcept {
    const auto [chunk, offset] = locate(index);
    TunnelSlot* slots = chunks_[chunk].load(std::memory_order_acquire);
    return slots == nullptr ? nullptr : slots + offset;
  }
  // Tunnels alive now.
  [[nodiscard]] std::uint32_t count() const noexcept {
    return count_.load(std::memory_order_relaxed);
  }
  // Slots that have ever been used: every live tunnel is below.
  [[nodiscard]] std::uint32_t high_mark() const noexcept {
    return high_mark_.load(std::memory_order_acquire);
  }

 private:
  // Chunk k holds kFirstChunk << k slots, so that a few pointers reach them all.
  static constexpr std::uint32_t kFirstChunk = 64;
  static constexpr std::size_t kChunks = std::bit_width(kTunnelsMax / kFirstChunk) + 1;
  struct Location {
    std::size_t chunk;
    std::size_t offset;
  };
  static constexpr Location locate(std::uint32_t index) noexcept {
    const std::uint32_t shifted = index + kFirstChunk;
    const auto chunk =
        static_cast<std::size_t>(std::bit_width(shifted) - std::bit_width(kFirstChunk));
    return {.chunk = chunk, .offset = shifted - (kFirstChunk << chunk)};
  }

  std::array<std::atomic<TunnelSlot*>, kChunks> chunks_{};
  std::atomic<std::uint32_t> count_{0};
  std::atomic<std::uint32_t> high_mark_{0};
  std::mutex mutex_;  // guards what follows
  std::vector<std::uint32_t> free_;
};

}  // namespace conflux
