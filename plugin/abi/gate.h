// The word at the front of a slot that lets calls in.
#pragma once

#include <atomic>
#include <cstdint>

#include "plugin/types/limits.h"

namespace conflux {

// {generation, flags, index}. The generation is odd while a tunnel lives in the slot. With no flag
// set this is the tunnel's id, so that a call is let in by one comparison, whatever number its host
// has made up: with a flag set the index is another one, so that as an id it leads to another slot.
//
// Like std::atomic, and it begins atomically too. So a thread may ask a slot that another one is
// just making, or that nobody has made yet, where memory is zero: it sees zero or what the maker
// wrote, and no id of that slot is either. [any-thread] but for what says otherwise.
class Gate {
 public:
  // Flags: bits between the generation and the index, which are set in no id.
  // No tunnel lives here.
  static constexpr std::uint64_t kVacant = std::uint64_t{1} << 24U;
  // Somebody wants its memory back: its owner closes it at its next call.
  static constexpr std::uint64_t kMarked = std::uint64_t{1} << 25U;
  // A bug was found in it.
  static constexpr std::uint64_t kPoisoned = std::uint64_t{1} << 26U;
  // What changed could not be published for want of memory: the next call tries again.
  static constexpr std::uint64_t kUntold = std::uint64_t{1} << 27U;
  static constexpr std::uint64_t kOwnerLooksTwice = kMarked | kPoisoned | kUntold;
  static_assert(kTunnelsMax <= kVacant);

  // Of a slot in which no tunnel has lived yet.
  explicit Gate(std::uint32_t index) noexcept { move_on(0, index); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() = default;

  // Does the tunnel of this id live here, and need its owner not look twice?
  [[nodiscard]] bool lets_in(std::uint64_t id) const noexcept {
    return word().load(std::memory_order_acquire) == id;
  }
  // Does it live here, whatever its owner has to look at? No flag is set in `id`.
  [[nodiscard]] bool is_home_of(std::uint64_t id) const noexcept {
    return without(word().load(std::memory_order_acquire), kOwnerLooksTwice) == id;
  }
  [[nodiscard]] std::uint32_t generation() const noexcept {
    return static_cast<std::uint32_t>(word().load(std::memory_order_acquire) >> 32U);
  }
  // One of these flags.
  [[nodiscard]] bool has(std::uint64_t flags) const noexcept {
    return (word().load(std::memory_order_relaxed) & flags) != 0;
  }

  // A tunnel moves in or out: all flags go. One thread at a time.
  void move_on(std::uint32_t generation, std::uint32_t index) noexcept {
    const std::uint64_t id = std::uint64_t{generation} << 32U | index;
    const bool lives = (generation & 1U) != 0;
    word().store(lives ? id : with(id, kVacant), std::memory_order_release);
  }
  // Sets a flag for the tunnel of this generation. False if it was set before, or if another tunnel
  // has moved in.
  bool raise(std::uint64_t flag, std::uint32_t of_generation) noexcept {
    std::uint64_t seen = word().load(std::memory_order_relaxed);
    do {
      if (seen >> 32U != of_generation || (seen & flag) != 0) return false;
    } while (!replace(seen, with(seen, flag)));
    return true;
  }
  void lower(std::uint64_t flag) noexcept {
    std::uint64_t seen = word().load(std::memory_order_relaxed);
    while (!replace(seen, without(seen, flag))) {
    }
  }

 private:
  using Word = std::atomic_ref<std::uint64_t>;
  static_assert(Word::is_always_lock_free);

  static constexpr std::uint64_t kFlags = kVacant | kOwnerLooksTwice;
  // The lowest bit of the index tells whether a flag is set.
  [[nodiscard]] static constexpr std::uint64_t with(std::uint64_t seen,
                                                    std::uint64_t flag) noexcept {
    return (seen & kFlags) == 0 ? (seen | flag) ^ 1U : seen | flag;
  }
  [[nodiscard]] static constexpr std::uint64_t without(std::uint64_t seen,
                                                       std::uint64_t flags) noexcept {
    const std::uint64_t left = seen & ~flags;
    return left != seen && (left & kFlags) == 0 ? left ^ 1U : left;
  }
  [[nodiscard]] bool replace(std::uint64_t& seen, std::uint64_t value) noexcept {
    return word().compare_exchange_weak(seen, value, std::memory_order_relaxed);
  }
  [[nodiscard]] Word word() const noexcept { return Word(word_); }

  alignas(Word::required_alignment) mutable std::uint64_t word_;
};

}  // namespace conflux
