// One call of the table as data: what the check layer, the probe and the replay have in common.
#pragma once

#include <mpath/plugin.h>

#include <cstddef>
#include <cstdint>

namespace mpath::judge {

// The functions of the table that answer a status, in the table's order.
enum class Slot : std::uint8_t {
  kConfigCheck,
  kInstanceOpen,
  kInstanceClose,
  kInstanceReload,
  kInstanceTick,
  kInstanceInfo,
  kInstanceDrainLog,
  kInstanceShed,
  kTunnelCreate,
  kTunnelDestroy,
  kTunnelClose,
  kTunnelInfo,
  kTunnelDetail,
  kTunnelSnapshot,
  kTunnelActivity,
  kLegSetPath,
  kLegsAdd,
  kLink,
  kLegRemove,
  kLegTakeSingle,
  kLegSingle,
  kLegInfo,
  kLegUsesStreamSendme,
  kPaddingEvent,
  kRoute,
  kCanRead,
  kReceive,
  kDrain,
  kPoll,
};
inline constexpr std::size_t kSlots = static_cast<std::size_t>(Slot::kPoll) + 1;

// What ABI.md, section 2, says of a function.
struct SlotInfo {
  const char* name;
  bool owner;         // [owner]; else [any-thread]
  bool of_tunnel;     // takes a tunnel
  bool has_time;      // takes now_us
  bool has_views;     // takes leg views
  bool after_closed;  // allowed once the tunnel has closed
  std::uint32_t out;  // bytes of the sized struct that it fills, in version 1.0; 0: none
};
[[nodiscard]] const SlotInfo& info_of(Slot slot) noexcept;
// kSlots if there is none of that name.
[[nodiscard]] std::size_t find_slot(const char* name) noexcept;

// The arguments as the host passed them; what a function does not take is null or zero. Borrowed.
struct Call {
  Slot slot{};
  mpath_instance* instance = nullptr;
  std::uint64_t tunnel = 0;
  std::uint64_t leg = 0;
  std::uint64_t now_us = 0;
  std::uint64_t bytes = 0;   // instance_shed
  std::uint32_t number = 0;  // reason, action, hop or capacity
  std::uint32_t count = 0;   // legs_add
  std::uint32_t stride = 0;
  const mpath_config_text* config = nullptr;
  mpath_text* text = nullptr;
  const mpath_leg_views* views = nullptr;
  const mpath_path* path = nullptr;
  const mpath_leg_params* legs = nullptr;
  const mpath_tunnel_params* params = nullptr;
  const mpath_route_request* request = nullptr;
  const mpath_cell* cell = nullptr;
  void* out = nullptr;                  // the struct or the head of an array that is filled
  std::uint64_t* out_ids = nullptr;     // tunnel, legs, victims or next deadline
  std::uint64_t* out_leg = nullptr;     // tunnel_create, can_read
  std::uint32_t* out_number = nullptr;  // reason, count or answer
  mpath_instance** out_instance = nullptr;
  // By HostJudge, for who looks at the call later:
  std::uint64_t serial = 0;  // counts calls from 1
  bool readable = true;      // the arguments can be read as version 1.0 of what they are
  const char* to_be_refused_by = nullptr;  // if it is not: the requirement on the plugin
  bool right_views = true;                 // each leg that is alive has one view

  [[nodiscard]] const SlotInfo& info() const noexcept { return info_of(slot); }
  template <class T>
  [[nodiscard]] T* out_as() const noexcept {
    return static_cast<T*>(out);
  }
};

using Handler = mpath_status (*)(Call&) noexcept;

// A table whose status functions call `handler`; one handler per process image. The words and
// get_extension stay null.
[[nodiscard]] mpath_plugin_table make_table(Handler handler) noexcept;

// Calls the function of `table` that `call` names.
mpath_status forward(const mpath_plugin_table& table, const Call& call);

// The i-th element of an array that the host laid out.
template <class T>
[[nodiscard]] T* strided(T* items, std::uint32_t stride, std::size_t i) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(items) + i * stride;
  return reinterpret_cast<T*>(address);
}

// True if each element can be read as version 1.0 of T.
template <class T>
[[nodiscard]] bool is_array(const T* items, std::uint32_t count, std::uint32_t stride) noexcept {
  return count == 0 || (items != nullptr && stride >= sizeof(T) && stride % 8 == 0);
}

// The view of a leg if the views can be read and have exactly one, else nullptr.
[[nodiscard]] const mpath_leg_view* view_of(const mpath_leg_views* views,
                                            mpath_leg_id leg) noexcept;

}  // namespace mpath::judge
