// Numbers that cannot be mixed up: each has its own type and only the legal arithmetic.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace conflux {

// An integer with a name. No arithmetic by default: a type that needs some defines it beside
// itself. `T value{}` is zero and `T value` has no value, as with the integer itself: buffers on
// the cell path are not cleared before they are filled.
template <class Tag, class Rep>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Rep raw) noexcept : raw_(raw) {}
  [[nodiscard]] constexpr Rep raw() const noexcept { return raw_; }
  friend constexpr auto operator<=>(Strong, Strong) = default;

 private:
  Rep raw_;
};

// Cells. Unit: one relay cell. Counts of DATA cells (windows) and of sequenced cells alike.
using Cells = Strong<struct CellsTag, std::uint64_t>;
// Bytes of the host's memory.
using Bytes = Strong<struct BytesTag, std::uint64_t>;
// A hop of a leg, counted from 0 at the host's end.
using HopNum = Strong<struct HopNumTag, std::uint8_t>;
// The host's name for a relay: equal or not equal, nothing else.
using RelayTag = Strong<struct RelayTagTag, std::uint64_t>;
// The host's own number for a leg or a tunnel; echoed, never read.
using Cookie = Strong<struct CookieTag, std::uint64_t>;
// The host's name for a cell that it holds.
using Token = Strong<struct TokenTag, std::uint64_t>;
// Counts legs of a tunnel, or tunnels of an instance, from 1. What logs may say.
using LegOrdinal = Strong<struct LegOrdinalTag, std::uint32_t>;
using TunnelOrdinal = Strong<struct TunnelOrdinalTag, std::uint64_t>;

// A leg of one tunnel: {slot, generation} in one word, never zero, never reused within a tunnel.
using LegId = Strong<struct LegIdTag, std::uint64_t>;

// The slot of a leg: its lane in the out-of-order queue.
[[nodiscard]] constexpr std::size_t slot_of(LegId id) noexcept { return id.raw() & 0xFFU; }

// An absolute sequence number: the position of a sequenced cell in the tunnel, one direction. The
// first cell is 1; 0 means that none has been sent or received.
using SeqNo = Strong<struct SeqNoTag, std::uint64_t>;
// A relative sequence number: what a SWITCH carries. Spec: prop329 [SEQUENCING].
using SeqDelta = Strong<struct SeqDeltaTag, std::uint32_t>;

// The cell after this one. Callers that count by what a peer says use those that are checked.
[[nodiscard]] constexpr SeqNo next(SeqNo seq) noexcept { return SeqNo{seq.raw() + 1}; }

// Goes on to the cell after it. False if there is no number left (attack A19).
[[nodiscard]] constexpr bool advance(SeqNo& seq) noexcept {
  std::uint64_t following = seq.raw();
  const bool is_last = __builtin_add_overflow(following, 1, &following);
  seq = SeqNo{following};
  return !is_last;
}

// The only legal sum of the two kinds; nothing on overflow (attack A19).
[[nodiscard]] constexpr std::optional<SeqNo> checked_add(SeqNo seq, SeqDelta delta) noexcept {
  if (seq.raw() > UINT64_MAX - delta.raw()) return std::nullopt;
  return SeqNo{seq.raw() + delta.raw()};
}

// How far `to` is ahead of `from`, if it is not behind and fits a SWITCH.
[[nodiscard]] constexpr std::optional<SeqDelta> distance(SeqNo from, SeqNo to) noexcept {
  if (to < from || to.raw() - from.raw() > UINT32_MAX) return std::nullopt;
  return SeqDelta{static_cast<std::uint32_t>(to.raw() - from.raw())};
}

}  // namespace conflux
