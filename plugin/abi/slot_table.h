// Where tunnels live: found by id without a lock, never moved, never freed before the instance.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "plugin/abi/address_range.h"
#include "plugin/abi/tunnel_slot.h"
#include "plugin/types/limits.h"

namespace conflux {

// An id is {generation, index}. A slot's generation is odd while a tunnel lives in it, so a stale
// or invented id finds nothing. find() is [any-thread]; what it finds belongs to the tunnel's owner
// but for the parts of TunnelSlot that say otherwise.
class SlotTable {
 public:
  // Slots of one piece of addresses; a power of two for the sake of at(), and of as many cache
  // lines as make whole huge pages. Its memory is taken as slots are made. As many as nearly every
  // process has tunnels: those of other segments than the first are found later.
  static constexpr std::uint32_t kSegment = std::uint32_t{1} << 17U;

  // With the first slot, and the addresses of the first segment. Throws std::bad_alloc.
  SlotTable();
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;
  ~SlotTable();

  [[nodiscard]] TunnelSlot* find(mpath_tunnel_id id) const noexcept {
    const auto index = static_cast<std::uint32_t>(id);
    if (index >= high_mark()) return nullptr;
    TunnelSlot* slot = at(index);
    return slot->gate.is_home_of(id) ? slot : nullptr;
  }
  // What of a slot the caller looks at first, so that it is asked for while the gate is read.
  enum class First : std::uint8_t { kGate, kLegs };
  // The same, if nothing asks its owner to look twice: no flag is set at the gate. Nearly all that
  // ever live are in the first segment, where one is found with fewer instructions. [any-thread]
  template <First kFirst>
  [[nodiscard, gnu::always_inline]] TunnelSlot* find_quiet(mpath_tunnel_id id) const noexcept {
    // Whatever number this is, it leads to a gate of the first segment. If that is not its own, it
    // is another's, or of a slot that was never made, which reads as zero: only the first slot's
    // index is zero, and that one is made. So no bound is asked for first.
    const auto index = static_cast<std::uint32_t>(id);
    auto* slot =
        reinterpret_cast<TunnelSlot*>(near_ + index % kSegment * std::uint32_t{sizeof(TunnelSlot)});
    if constexpr (kFirst == First::kLegs) prefetch_legs(slot);
    if (!slot->gate.lets_in(id)) [[unlikely]] {
      if (index < kSegment || index >= high_mark()) return nullptr;
      slot = at(index);
      if constexpr (kFirst == First::kLegs) prefetch_legs(slot);
      if (!slot->gate.lets_in(id)) return nullptr;
    }
    if (slot == nullptr) __builtin_unreachable();  // callers need not ask twice
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

  // `index` is below the high mark.
  [[nodiscard]] TunnelSlot* at(std::uint32_t index) const noexcept {
    return segments_[index / kSegment].load(std::memory_order_relaxed) + index % kSegment;
  }
  // Tunnels alive now.
  [[nodiscard]] std::uint32_t count() const noexcept {
    return count_.load(std::memory_order_relaxed);
  }
  // Slots that have been made: every live tunnel is below.
  [[nodiscard]] std::uint32_t high_mark() const noexcept {
    return high_mark_.load(std::memory_order_acquire);
  }

 private:
  // Makes the slot at the high mark.
  std::uint32_t make();
  void make_room(std::uint32_t index);

  static constexpr std::size_t kSegments = kTunnelsMax / kSegment;
  static_assert(kSegment * sizeof(TunnelSlot) % AddressRange::kHugePage == 0);
  static_assert(kSegment * sizeof(TunnelSlot) <= UINT32_MAX);
  // So few lie on small pages, as what waits for use at the end of the last huge page would weigh
  // more than some 170 bytes for each, of the 2 KiB that an idle tunnel may take.
  static constexpr std::uint32_t kFew = 12 * 1024;
  static_assert(AddressRange::kHugePage / kFew <= 170);

  // Of a tunnel that was idle nothing is in the cache. Its legs would be asked for only when the
  // line that says where they are has come; for two it is known beforehand
  // (TunnelSlot.HasItsLegsWhereTheyAreAskedForBeforehand). With a third all lie elsewhere, and this
  // is in vain. Both, whichever one a cell came on: to reckon which takes longer than to ask.
  [[gnu::always_inline]] static void prefetch_legs(const TunnelSlot* slot) noexcept {
    const auto* lines = reinterpret_cast<const CacheLine*>(slot);
    __builtin_prefetch(lines + 6);
    __builtin_prefetch(lines + 11);
  }
  struct CacheLine {
    std::array<std::byte, 64> bytes;
  };

  std::array<std::atomic<TunnelSlot*>, kSegments> segments_{};
  std::atomic<std::uint32_t> count_{0};
  std::atomic<std::uint32_t> high_mark_{0};
  std::byte* near_ = nullptr;  // the first segment
  std::mutex mutex_;           // guards what follows
  std::array<AddressRange, kSegments> memory_;
  std::vector<std::uint32_t> free_;
};

}  // namespace conflux
