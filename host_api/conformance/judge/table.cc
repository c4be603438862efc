// The functions of a table, each of which puts its arguments into a Call.
#include "host_api/conformance/judge/call.h"

namespace mpath::judge {
namespace {

Handler handler;

mpath_status pass(Call call) noexcept { return handler(call); }

mpath_status config_check(const mpath_config_text* config, mpath_text* text) noexcept {
  return pass({.slot = Slot::kConfigCheck, .config = config, .text = text});
}
mpath_status instance_open(const mpath_config_text* config, mpath_text* text,
                           mpath_instance** out) noexcept {
  return pass({.slot = Slot::kInstanceOpen, .config = config, .text = text, .out_instance = out});
}
mpath_status instance_close(mpath_instance* instance) noexcept {
  return pass({.slot = Slot::kInstanceClose, .instance = instance});
}
mpath_status instance_reload(mpath_instance* instance, const mpath_config_text* config,
                             mpath_text* text) noexcept {
  return pass(
      {.slot = Slot::kInstanceReload, .instance = instance, .config = config, .text = text});
}
mpath_status instance_tick(mpath_instance* instance, std::uint64_t now_us,
                           std::uint64_t* next) noexcept {
  return pass(
      {.slot = Slot::kInstanceTick, .instance = instance, .now_us = now_us, .out_ids = next});
}
mpath_status instance_info(mpath_instance* instance, mpath_instance_info* out) noexcept {
  return pass({.slot = Slot::kInstanceInfo, .instance = instance, .out = out});
}
mpath_status instance_drain_log(mpath_instance* instance, mpath_log_records* out) noexcept {
  return pass({.slot = Slot::kInstanceDrainLog, .instance = instance, .out = out});
}
mpath_status instance_shed(mpath_instance* instance, std::uint64_t bytes, mpath_tunnel_id* victims,
                           std::uint32_t capacity, std::uint32_t* count) noexcept {
  return pass({.slot = Slot::kInstanceShed,
               .instance = instance,
               .bytes = bytes,
               .number = capacity,
               .out_ids = victims,
               .out_number = count});
}
mpath_status tunnel_create(mpath_instance* instance, const mpath_tunnel_params* params,
                           mpath_tunnel_id* out, mpath_leg_id* first_leg) noexcept {
  return pass({.slot = Slot::kTunnelCreate,
               .instance = instance,
               .params = params,
               .out_ids = out,
               .out_leg = first_leg});
}
mpath_status tunnel_destroy(mpath_instance* instance, mpath_tunnel_id tunnel) noexcept {
  return pass({.slot = Slot::kTunnelDestroy, .instance = instance, .tunnel = tunnel});
}
mpath_status tunnel_close(mpath_instance* instance, mpath_tunnel_id tunnel,
                          std::uint64_t now_us) noexcept {
  return pass(
      {.slot = Slot::kTunnelClose, .instance = instance, .tunnel = tunnel, .now_us = now_us});
}
mpath_status tunnel_info(mpath_instance* instance, mpath_tunnel_id tunnel,
                         mpath_tunnel_info* out) noexcept {
  return pass({.slot = Slot::kTunnelInfo, .instance = instance, .tunnel = tunnel, .out = out});
}
mpath_status tunnel_detail(mpath_instance* instance, mpath_tunnel_id tunnel,
                           mpath_detail* out) noexcept {
  return pass({.slot = Slot::kTunnelDetail, .instance = instance, .tunnel = tunnel, .out = out});
}
mpath_status tunnel_snapshot(mpath_instance* instance, mpath_tunnel_id tunnel,
                             mpath_leg_summaries* out) noexcept {
  return pass({.slot = Slot::kTunnelSnapshot, .instance = instance, .tunnel = tunnel, .out = out});
}
mpath_status tunnel_activity(mpath_instance* instance, mpath_tunnel_id tunnel,
                             const mpath_leg_views* views, mpath_activity* out) noexcept {
  return pass({.slot = Slot::kTunnelActivity,
               .instance = instance,
               .tunnel = tunnel,
               .views = views,
               .out = out});
}
mpath_status leg_set_path(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                          const mpath_path* path) noexcept {
  return pass({.slot = Slot::kLegSetPath,
               .instance = instance,
               .tunnel = tunnel,
               .leg = leg,
               .path = path});
}
mpath_status legs_add(mpath_instance* instance, mpath_tunnel_id tunnel,
                      const mpath_leg_params* legs, std::uint32_t count, std::uint32_t stride,
                      const mpath_leg_views* views, mpath_leg_id* out) noexcept {
  return pass({.slot = Slot::kLegsAdd,
               .instance = instance,
               .tunnel = tunnel,
               .count = count,
               .stride = stride,
               .views = views,
               .legs = legs,
               .out_ids = out});
}
mpath_status link(mpath_instance* instance, mpath_tunnel_id tunnel, std::uint64_t now_us) noexcept {
  return pass({.slot = Slot::kLink, .instance = instance, .tunnel = tunnel, .now_us = now_us});
}
mpath_status leg_remove(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                        std::uint32_t reason, const mpath_leg_views* views,
                        std::uint64_t now_us) noexcept {
  return pass({.slot = Slot::kLegRemove,
               .instance = instance,
               .tunnel = tunnel,
               .leg = leg,
               .now_us = now_us,
               .number = reason,
               .views = views});
}
mpath_status leg_take_single(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_info* out,
                             std::uint64_t now_us) noexcept {
  return pass({.slot = Slot::kLegTakeSingle,
               .instance = instance,
               .tunnel = tunnel,
               .now_us = now_us,
               .out = out});
}
mpath_status leg_single(mpath_instance* instance, mpath_tunnel_id tunnel,
                        mpath_leg_id* out) noexcept {
  return pass({.slot = Slot::kLegSingle, .instance = instance, .tunnel = tunnel, .out_ids = out});
}
mpath_status leg_info(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                      mpath_leg_info* out) noexcept {
  return pass(
      {.slot = Slot::kLegInfo, .instance = instance, .tunnel = tunnel, .leg = leg, .out = out});
}
mpath_status leg_uses_stream_sendme(mpath_instance* instance, mpath_tunnel_id tunnel,
                                    mpath_leg_id leg, std::uint32_t hop,
                                    std::uint32_t* out) noexcept {
  return pass({.slot = Slot::kLegUsesStreamSendme,
               .instance = instance,
               .tunnel = tunnel,
               .leg = leg,
               .number = hop,
               .out_number = out});
}
mpath_status padding_event(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                           std::uint32_t action, std::uint64_t now_us) noexcept {
  return pass({.slot = Slot::kPaddingEvent,
               .instance = instance,
               .tunnel = tunnel,
               .leg = leg,
               .now_us = now_us,
               .number = action});
}
mpath_status route(mpath_instance* instance, mpath_tunnel_id tunnel,
                   const mpath_route_request* request, const mpath_leg_views* views,
                   std::uint64_t now_us, mpath_grant* out) noexcept {
  return pass({.slot = Slot::kRoute,
               .instance = instance,
               .tunnel = tunnel,
               .now_us = now_us,
               .views = views,
               .request = request,
               .out = out});
}
mpath_status can_read(mpath_instance* instance, mpath_tunnel_id tunnel,
                      const mpath_leg_views* views, std::uint64_t now_us, std::uint32_t* reason,
                      mpath_leg_id* leg) noexcept {
  return pass({.slot = Slot::kCanRead,
               .instance = instance,
               .tunnel = tunnel,
               .now_us = now_us,
               .views = views,
               .out_leg = leg,
               .out_number = reason});
}
mpath_status receive(mpath_instance* instance, mpath_tunnel_id tunnel, const mpath_cell* cell,
                     std::uint64_t now_us, mpath_receipt* out) noexcept {
  return pass({.slot = Slot::kReceive,
               .instance = instance,
               .tunnel = tunnel,
               .now_us = now_us,
               .cell = cell,
               .out = out});
}
mpath_status drain(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_tokens* out) noexcept {
  return pass({.slot = Slot::kDrain, .instance = instance, .tunnel = tunnel, .out = out});
}
mpath_status poll(mpath_instance* instance, mpath_tunnel_id tunnel, const mpath_leg_views* views,
                  std::uint64_t now_us, mpath_events* out) noexcept {
  return pass({.slot = Slot::kPoll,
               .instance = instance,
               .tunnel = tunnel,
               .now_us = now_us,
               .views = views,
               .out = out});
}

}  // namespace

mpath_plugin_table make_table(Handler to) noexcept {
  handler = to;
  mpath_plugin_table table{};
  table.struct_size = sizeof table;
  table.config_check = config_check;
  table.instance_open = instance_open;
  table.instance_close = instance_close;
  table.instance_reload = instance_reload;
  table.instance_tick = instance_tick;
  table.instance_info = instance_info;
  table.instance_drain_log = instance_drain_log;
  table.instance_shed = instance_shed;
  table.tunnel_create = tunnel_create;
  table.tunnel_destroy = tunnel_destroy;
  table.tunnel_close = tunnel_close;
  table.tunnel_info = tunnel_info;
  table.tunnel_detail = tunnel_detail;
  table.tunnel_snapshot = tunnel_snapshot;
  table.tunnel_activity = tunnel_activity;
  table.leg_set_path = leg_set_path;
  table.legs_add = legs_add;
  table.link = link;
  table.leg_remove = leg_remove;
  table.leg_take_single = leg_take_single;
  table.leg_single = leg_single;
  table.leg_info = leg_info;
  table.leg_uses_stream_sendme = leg_uses_stream_sendme;
  table.padding_event = padding_event;
  table.route = route;
  table.can_read = can_read;
  table.receive = receive;
  table.drain = drain;
  table.poll = poll;
  return table;
}

}  // namespace mpath::judge
