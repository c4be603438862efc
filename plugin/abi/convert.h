// The border: from the contract's structs to the core's types and back. Checks what crosses.
#pragma once

#include <mpath/plugin.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "plugin/core/tunnel.h"
#include "plugin/types/leg_view.h"
#include "plugin/types/time.h"

namespace conflux {

// Size of a struct in version 1.0, the least that a host can pass. Written out, because sizeof
// grows with the struct and these must not.
template <class T>
inline constexpr std::uint32_t kSizeV1 = 0;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_hop> = 16;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_leg_params> = 40;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_tunnel_params> = 32;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_tunnel_info> = 128;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_leg_info> = 88;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_leg_summary> = 40;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_detail> = 16;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_leg_view> = 72;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_route_request> = 24;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_grant> = 104;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_cell> = 40;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_receipt> = 16;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_token> = 24;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_event> = 112;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_activity> = 16;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_config_text> = 24;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_log_record> = 40;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_instance_info> = 64;
template <>
inline constexpr std::uint32_t kSizeV1<mpath_negotiation> = 64;

// True if an array that a host strides over can hold T.
template <class T>
[[nodiscard]] constexpr bool fits_stride(std::uint32_t stride) noexcept {
  static_assert(kSizeV1<T> > 0 && kSizeV1<T> <= sizeof(T));
  return stride >= kSizeV1<T> && stride % alignof(T) == 0;
}

// Nothing beyond MPATH_TIME_MAX: deadlines of any configured length then stay short of kNever.
[[nodiscard]] constexpr bool is_instant(std::uint64_t us) noexcept { return us <= MPATH_TIME_MAX; }
[[nodiscard]] constexpr Instant to_instant(std::uint64_t us) noexcept {
  return Instant(Micros(static_cast<std::int64_t>(us)));
}
// What lets the short way of a cell do without is_instant(): nothing is due later than this.
static_assert(to_instant(MPATH_TIME_MAX) + Micros{1} == kEndOfTime);
[[nodiscard]] constexpr std::uint64_t to_us(Instant at) noexcept {
  return at == kNever ? MPATH_NEVER : static_cast<std::uint64_t>(at.time_since_epoch().count());
}

namespace detail {

[[nodiscard]] constexpr mpath_status status_of(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::kOk:
      return MPATH_OK;
    case Outcome::kBlocked:
      return MPATH_BLOCKED;
    case Outcome::kHeld:
      return MPATH_HELD;
    case Outcome::kConsumed:
      return MPATH_CONSUMED;
    case Outcome::kPass:
      return MPATH_PASS;
    case Outcome::kIgnored:
      return MPATH_IGNORED;
    case Outcome::kArgument:
      return MPATH_E_ARGUMENT;
    case Outcome::kStale:
      return MPATH_E_STALE;
    case Outcome::kState:
      return MPATH_E_STATE;
    case Outcome::kBuffer:
      return MPATH_E_BUFFER;
    case Outcome::kViews:
      return MPATH_E_VIEWS;
    case Outcome::kNotSingle:
      return MPATH_E_NOT_SINGLE;
    case Outcome::kLegInvalid:
      return MPATH_E_LEG_INVALID;
    case Outcome::kLimit:
      return MPATH_E_LIMIT;
    case Outcome::kViolation:
      return MPATH_E_PROTOCOL;
    case Outcome::kClosed:
      return MPATH_E_CLOSED;
  }
  return MPATH_E_POISONED;
}

// One load on the cell path instead of a call.
inline constexpr auto kStatuses = [] {
  std::array<mpath_status, static_cast<std::size_t>(Outcome::kClosed) + 1> statuses{};
  for (std::size_t i = 0; i < statuses.size(); ++i)
    statuses[i] = status_of(static_cast<Outcome>(i));
  return statuses;
}();

}  // namespace detail

[[nodiscard]] constexpr mpath_status to_status(Outcome outcome) noexcept {
  return outcome <= Outcome::kClosed ? detail::kStatuses[static_cast<std::size_t>(outcome)]
                                     : MPATH_E_POISONED;
}

// The i-th element of an array that the host laid out.
template <class T>
[[nodiscard]] T* strided(T* first, std::uint32_t stride, std::size_t i) noexcept {
  using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
  return reinterpret_cast<T*>(reinterpret_cast<Byte*>(first) + i * stride);
}

// MPATH_OK or why the views cannot be read.
[[nodiscard]] inline mpath_status to_views(const mpath_leg_views* views, LegViews& out) noexcept {
  if (views == nullptr || (views->items == nullptr && views->count > 0) || views->reserved != 0) {
    return MPATH_E_ARGUMENT;
  }
  if (views->count > 0 && !fits_stride<mpath_leg_view>(views->stride)) return MPATH_E_SIZE;
  for (std::size_t i = 0; i < views->count; ++i) {
    if (strided(views->items, views->stride, i)->reserved != 0) return MPATH_E_ARGUMENT;
  }
  out = LegViews(views->items, views->count, views->stride, Cells{views->backlog});
  return MPATH_OK;
}

[[nodiscard]] mpath_status to_path(const mpath_path& path, LegPath& out) noexcept;
[[nodiscard]] mpath_status to_join_request(const mpath_leg_params& params,
                                           JoinRequest& out) noexcept;

[[nodiscard]] mpath_control_cell from_control_cell(const ControlCell& cell) noexcept;
[[nodiscard]] mpath_leg_summary summarize(const Leg& leg, LegId primary) noexcept;
[[nodiscard]] mpath_leg_info describe(const Leg& leg, LegId primary) noexcept;

// Copies as much of `value` as the host has room for. Of two branches, because a copy of known
// length is a few moves and one of unknown length is a call: hosts of our version take the first.
template <class T>
void copy_up_to(const T& value, void* out, std::size_t room) noexcept {
  if (room >= sizeof(T)) {
    std::memcpy(out, &value, sizeof(T));
  } else {
    std::memcpy(out, &value, room);
  }
}

// Writes `value` as far as the host's struct reaches, keeping its struct_size.
template <class T>
void write_sized(const T& value, T* out) noexcept {
  const std::uint32_t size = out->struct_size;
  copy_up_to(value, out, size);
  out->struct_size = size;
}

// Writes the i-th element of an array as far as the host's elements reach.
template <class T>
void write_element(const T& value, T* first, std::uint32_t stride, std::size_t i) noexcept {
  copy_up_to(value, reinterpret_cast<std::byte*>(first) + i * stride, stride);
}

template <class T>
[[nodiscard]] mpath_status check_sized(const T* value) noexcept {
  static_assert(kSizeV1<T> > 0 && kSizeV1<T> <= sizeof(T));
  if (value == nullptr) return MPATH_E_ARGUMENT;
  return value->struct_size < kSizeV1<T> ? MPATH_E_SIZE : MPATH_OK;
}

}  // namespace conflux
