// The functions behind the table, by face. Each is: validate, convert, call, map.
#pragma once

#include <mpath/plugin.h>

namespace conflux::shim {

// Instance: shim_instance.cc
mpath_status config_check(const mpath_config_text*, mpath_text*) noexcept;
mpath_status instance_open(const mpath_config_text*, mpath_text*, mpath_instance**) noexcept;
mpath_status instance_close(mpath_instance*) noexcept;
mpath_status instance_reload(mpath_instance*, const mpath_config_text*, mpath_text*) noexcept;
mpath_status instance_tick(mpath_instance*, std::uint64_t, std::uint64_t*) noexcept;
mpath_status instance_info(mpath_instance*, mpath_instance_info*) noexcept;
mpath_status instance_drain_log(mpath_instance*, mpath_log_records*) noexcept;
mpath_status instance_shed(mpath_instance*, std::uint64_t, mpath_tunnel_id*, std::uint32_t,
                           std::uint32_t*) noexcept;

// Tunnels: shim_tunnel.cc
mpath_status tunnel_create(mpath_instance*, const mpath_tunnel_params*, mpath_tunnel_id*,
                           mpath_leg_id*) noexcept;
mpath_status tunnel_destroy(mpath_instance*, mpath_tunnel_id) noexcept;
mpath_status tunnel_close(mpath_instance*, mpath_tunnel_id, std::uint64_t) noexcept;
mpath_status tunnel_info(mpath_instance*, mpath_tunnel_id, mpath_tunnel_info*) noexcept;
mpath_status tunnel_detail(mpath_instance*, mpath_tunnel_id, mpath_detail*) noexcept;
mpath_status tunnel_snapshot(mpath_instance*, mpath_tunnel_id, mpath_leg_summaries*) noexcept;
mpath_status tunnel_activity(mpath_instance*, mpath_tunnel_id, const mpath_leg_views*,
                             mpath_activity*) noexcept;

// Legs: shim_legs.cc
mpath_status leg_set_path(mpath_instance*, mpath_tunnel_id, mpath_leg_id,
                          const mpath_path*) noexcept;
mpath_status legs_add(mpath_instance*, mpath_tunnel_id, const mpath_leg_params*, std::uint32_t,
                      std::uint32_t, const mpath_leg_views*, mpath_leg_id*) noexcept;
mpath_status link(mpath_instance*, mpath_tunnel_id, std::uint64_t) noexcept;
mpath_status leg_remove(mpath_instance*, mpath_tunnel_id, mpath_leg_id, std::uint32_t,
                        const mpath_leg_views*, std::uint64_t) noexcept;
mpath_status leg_take_single(mpath_instance*, mpath_tunnel_id, mpath_leg_info*,
                             std::uint64_t) noexcept;
mpath_status leg_single(mpath_instance*, mpath_tunnel_id, mpath_leg_id*) noexcept;
mpath_status leg_info(mpath_instance*, mpath_tunnel_id, mpath_leg_id, mpath_leg_info*) noexcept;
mpath_status leg_uses_stream_sendme(mpath_instance*, mpath_tunnel_id, mpath_leg_id, std::uint32_t,
                                    std::uint32_t*) noexcept;
mpath_status padding_event(mpath_instance*, mpath_tunnel_id, mpath_leg_id, std::uint32_t,
                           std::uint64_t) noexcept;

// Cells and events: shim_cells.cc
mpath_status route(mpath_instance*, mpath_tunnel_id, const mpath_route_request*,
                   const mpath_leg_views*, std::uint64_t, mpath_grant*) noexcept;
mpath_status can_read(mpath_instance*, mpath_tunnel_id, const mpath_leg_views*, std::uint64_t,
                      std::uint32_t*, mpath_leg_id*) noexcept;
mpath_status receive(mpath_instance*, mpath_tunnel_id, const mpath_cell*, std::uint64_t,
                     mpath_receipt*) noexcept;
mpath_status drain(mpath_instance*, mpath_tunnel_id, mpath_tokens*) noexcept;
mpath_status poll(mpath_instance*, mpath_tunnel_id, const mpath_leg_views*, std::uint64_t,
                  mpath_events*) noexcept;

}  // namespace conflux::shim
