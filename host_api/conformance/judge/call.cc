#include "host_api/conformance/judge/call.h"

#include <array>
#include <cstring>

namespace mpath::judge {
namespace {

constexpr std::array<SlotInfo, kSlots> kInfo{{
    // name, owner, tunnel, time, views, after closed, out
    {"config_check", false, false, false, false, true, 0},
    {"instance_open", false, false, false, false, true, 0},
    {"instance_close", false, false, false, false, true, 0},
    {"instance_reload", false, false, false, false, true, 0},
    {"instance_tick", false, false, true, false, true, 0},
    {"instance_info", false, false, false, false, true, sizeof(mpath_instance_info)},
    {"instance_drain_log", false, false, false, false, true, 0},
    {"instance_shed", false, false, false, false, true, 0},
    {"tunnel_create", false, false, false, false, true, 0},
    {"tunnel_destroy", true, true, false, false, true, 0},
    {"tunnel_close", true, true, true, false, true, 0},
    {"tunnel_info", true, true, false, false, true, sizeof(mpath_tunnel_info)},
    {"tunnel_detail", true, true, false, false, true, sizeof(mpath_detail)},
    {"tunnel_snapshot", false, true, false, false, true, 0},
    {"tunnel_activity", true, true, false, true, true, sizeof(mpath_activity)},
    {"leg_set_path", true, true, false, false, false, 0},
    {"legs_add", true, true, false, true, false, 0},
    {"link", true, true, true, false, false, 0},
    {"leg_remove", true, true, true, true, false, 0},
    {"leg_take_single", true, true, true, false, false, sizeof(mpath_leg_info)},
    {"leg_single", true, true, false, false, false, 0},
    {"leg_info", true, true, false, false, true, sizeof(mpath_leg_info)},
    {"leg_uses_stream_sendme", true, true, false, false, false, 0},
    {"padding_event", true, true, true, false, true, 0},
    {"route", true, true, true, true, false, sizeof(mpath_grant)},
    {"can_read", true, true, true, true, false, 0},
    {"receive", true, true, true, false, true, sizeof(mpath_receipt)},
    {"drain", true, true, false, false, true, 0},
    {"poll", true, true, true, true, true, 0},
}};

// Functions that take no tunnel.
mpath_status forward_to_instance(const mpath_plugin_table& to, const Call& c) {
  mpath_instance* const i = c.instance;
  const Slot slot = c.slot;
  if (slot == Slot::kConfigCheck) return to.config_check(c.config, c.text);
  if (slot == Slot::kInstanceOpen) return to.instance_open(c.config, c.text, c.out_instance);
  if (slot == Slot::kInstanceClose) return to.instance_close(i);
  if (slot == Slot::kInstanceReload) return to.instance_reload(i, c.config, c.text);
  if (slot == Slot::kInstanceTick) return to.instance_tick(i, c.now_us, c.out_ids);
  if (slot == Slot::kInstanceInfo) return to.instance_info(i, c.out_as<mpath_instance_info>());
  if (slot == Slot::kInstanceDrainLog) {
    return to.instance_drain_log(i, c.out_as<mpath_log_records>());
  }
  if (slot == Slot::kInstanceShed) {
    return to.instance_shed(i, c.bytes, c.out_ids, c.number, c.out_number);
  }
  return to.tunnel_create(i, c.params, c.out_ids, c.out_leg);
}

}  // namespace

const SlotInfo& info_of(Slot slot) noexcept { return kInfo[static_cast<std::size_t>(slot)]; }

std::size_t find_slot(const char* name) noexcept {
  std::size_t i = 0;
  while (i < kSlots && std::strcmp(kInfo[i].name, name) != 0) ++i;
  return i;
}

const mpath_leg_view* view_of(const mpath_leg_views* views, mpath_leg_id leg) noexcept {
  if (views == nullptr || !is_array(views->items, views->count, views->stride)) return nullptr;
  const mpath_leg_view* found = nullptr;
  for (std::size_t i = 0; i < views->count; ++i) {
    const mpath_leg_view* const view = strided(views->items, views->stride, i);
    if (view->leg != leg) continue;
    if (found != nullptr) return nullptr;
    found = view;
  }
  return found;
}

mpath_status forward(const mpath_plugin_table& to, const Call& c) {
  mpath_instance* const i = c.instance;
  switch (c.slot) {
    case Slot::kConfigCheck:
    case Slot::kInstanceOpen:
    case Slot::kInstanceClose:
    case Slot::kInstanceReload:
    case Slot::kInstanceTick:
    case Slot::kInstanceInfo:
    case Slot::kInstanceDrainLog:
    case Slot::kInstanceShed:
    case Slot::kTunnelCreate:
      return forward_to_instance(to, c);
    case Slot::kTunnelDestroy:
      return to.tunnel_destroy(i, c.tunnel);
    case Slot::kTunnelClose:
      return to.tunnel_close(i, c.tunnel, c.now_us);
    case Slot::kTunnelInfo:
      return to.tunnel_info(i, c.tunnel, c.out_as<mpath_tunnel_info>());
    case Slot::kTunnelDetail:
      return to.tunnel_detail(i, c.tunnel, c.out_as<mpath_detail>());
    case Slot::kTunnelSnapshot:
      return to.tunnel_snapshot(i, c.tunnel, c.out_as<mpath_leg_summaries>());
    case Slot::kTunnelActivity:
      return to.tunnel_activity(i, c.tunnel, c.views, c.out_as<mpath_activity>());
    case Slot::kLegSetPath:
      return to.leg_set_path(i, c.tunnel, c.leg, c.path);
    case Slot::kLegsAdd:
      return to.legs_add(i, c.tunnel, c.legs, c.count, c.stride, c.views, c.out_ids);
    case Slot::kLink:
      return to.link(i, c.tunnel, c.now_us);
    case Slot::kLegRemove:
      return to.leg_remove(i, c.tunnel, c.leg, c.number, c.views, c.now_us);
    case Slot::kLegTakeSingle:
      return to.leg_take_single(i, c.tunnel, c.out_as<mpath_leg_info>(), c.now_us);
    case Slot::kLegSingle:
      return to.leg_single(i, c.tunnel, c.out_ids);
    case Slot::kLegInfo:
      return to.leg_info(i, c.tunnel, c.leg, c.out_as<mpath_leg_info>());
    case Slot::kLegUsesStreamSendme:
      return to.leg_uses_stream_sendme(i, c.tunnel, c.leg, c.number, c.out_number);
    case Slot::kPaddingEvent:
      return to.padding_event(i, c.tunnel, c.leg, c.number, c.now_us);
    case Slot::kRoute:
      return to.route(i, c.tunnel, c.request, c.views, c.now_us, c.out_as<mpath_grant>());
    case Slot::kCanRead:
      return to.can_read(i, c.tunnel, c.views, c.now_us, c.out_number, c.out_leg);
    case Slot::kReceive:
      return to.receive(i, c.tunnel, c.cell, c.now_us, c.out_as<mpath_receipt>());
    case Slot::kDrain:
      return to.drain(i, c.tunnel, c.out_as<mpath_tokens>());
    case Slot::kPoll:
      return to.poll(i, c.tunnel, c.views, c.now_us, c.out_as<mpath_events>());
  }
  return MPATH_E_ARGUMENT;
}

}  // namespace mpath::judge
