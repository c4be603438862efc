// The layout of every struct of ABI version 1, byte by byte. Released numbers never change; a
// field that is added later gets a new line here, and the size of its struct changes with it.
// Compiled as C11 and as C++20: that it compiles is the test.
#pragma once

#include <mpath/plugin.h>

#ifdef __cplusplus
#define MPATH_ASSERT(condition) static_assert(condition, #condition)
#else
#define MPATH_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define SIZE(type, bytes) MPATH_ASSERT(sizeof(type) == (bytes))
#define FIELD(type, field, offset, bytes) \
  MPATH_ASSERT(offsetof(type, field) == (offset) && sizeof(((type*)0)->field) == (bytes))

MPATH_ASSERT(sizeof(void*) == 8 && sizeof(void (*)(void)) == 8);

SIZE(mpath_text, 16);
FIELD(mpath_text, data, 0, 8);
FIELD(mpath_text, capacity, 8, 4);
FIELD(mpath_text, length, 12, 4);

SIZE(mpath_hop, 16);
FIELD(mpath_hop, relay_tag, 0, 8);
FIELD(mpath_hop, kind, 8, 4);
FIELD(mpath_hop, congestion_control, 12, 4);

SIZE(mpath_path, 24);
FIELD(mpath_path, hops, 0, 8);
FIELD(mpath_path, count, 8, 4);
FIELD(mpath_path, stride, 12, 4);
FIELD(mpath_path, cwnd_init, 16, 4);
FIELD(mpath_path, sendme_inc, 20, 4);

SIZE(mpath_leg_params, 40);
FIELD(mpath_leg_params, struct_size, 0, 4);
FIELD(mpath_leg_params, flags, 4, 4);
FIELD(mpath_leg_params, cookie, 8, 8);
FIELD(mpath_leg_params, path, 16, 24);

SIZE(mpath_tunnel_params, 32);
FIELD(mpath_tunnel_params, struct_size, 0, 4);
FIELD(mpath_tunnel_params, role, 4, 4);
FIELD(mpath_tunnel_params, cookie, 8, 8);
FIELD(mpath_tunnel_params, seed, 16, 8);
FIELD(mpath_tunnel_params, first_leg, 24, 8);

SIZE(mpath_tunnel_info, 128);
FIELD(mpath_tunnel_info, struct_size, 0, 4);
FIELD(mpath_tunnel_info, state, 4, 4);
FIELD(mpath_tunnel_info, close_reason, 8, 4);
FIELD(mpath_tunnel_info, leg_count, 12, 4);
FIELD(mpath_tunnel_info, unlinked_count, 16, 4);
FIELD(mpath_tunnel_info, linked_count, 20, 4);
FIELD(mpath_tunnel_info, join_hop, 24, 4);
FIELD(mpath_tunnel_info, held_cells, 28, 4);
FIELD(mpath_tunnel_info, peak_held_cells, 32, 4);
FIELD(mpath_tunnel_info, reserved, 36, 4);
FIELD(mpath_tunnel_info, primary, 40, 8);
FIELD(mpath_tunnel_info, cookie, 48, 8);
FIELD(mpath_tunnel_info, ordinal, 56, 8);
FIELD(mpath_tunnel_info, held_bytes, 64, 8);
FIELD(mpath_tunnel_info, peak_held_bytes, 72, 8);
FIELD(mpath_tunnel_info, cells_sent, 80, 8);
FIELD(mpath_tunnel_info, cells_received, 88, 8);
FIELD(mpath_tunnel_info, cells_delivered, 96, 8);
FIELD(mpath_tunnel_info, switches_sent, 104, 8);
FIELD(mpath_tunnel_info, switches_received, 112, 8);
FIELD(mpath_tunnel_info, next_deadline_us, 120, 8);

SIZE(mpath_leg_info, 88);
FIELD(mpath_leg_info, struct_size, 0, 4);
FIELD(mpath_leg_info, state, 4, 4);
FIELD(mpath_leg_info, ordinal, 8, 4);
FIELD(mpath_leg_info, hop_count, 12, 4);
FIELD(mpath_leg_info, is_primary, 16, 4);
FIELD(mpath_leg_info, joined, 20, 4);
FIELD(mpath_leg_info, leg, 24, 8);
FIELD(mpath_leg_info, cookie, 32, 8);
FIELD(mpath_leg_info, last_hop_tag, 40, 8);
FIELD(mpath_leg_info, handshake_rtt_us, 48, 8);
FIELD(mpath_leg_info, last_seq_sent, 56, 8);
FIELD(mpath_leg_info, last_seq_received, 64, 8);
FIELD(mpath_leg_info, cells_sent, 72, 8);
FIELD(mpath_leg_info, cells_received, 80, 8);

SIZE(mpath_leg_summary, 40);
FIELD(mpath_leg_summary, leg, 0, 8);
FIELD(mpath_leg_summary, cookie, 8, 8);
FIELD(mpath_leg_summary, last_hop_tag, 16, 8);
FIELD(mpath_leg_summary, state, 24, 4);
FIELD(mpath_leg_summary, ordinal, 28, 4);
FIELD(mpath_leg_summary, hop_count, 32, 4);
FIELD(mpath_leg_summary, is_primary, 36, 4);

SIZE(mpath_leg_summaries, 24);
FIELD(mpath_leg_summaries, items, 0, 8);
FIELD(mpath_leg_summaries, capacity, 8, 4);
FIELD(mpath_leg_summaries, stride, 12, 4);
FIELD(mpath_leg_summaries, count, 16, 4);
FIELD(mpath_leg_summaries, reserved, 20, 4);

SIZE(mpath_detail, 16);
FIELD(mpath_detail, struct_size, 0, 4);
FIELD(mpath_detail, status, 4, 4);
FIELD(mpath_detail, reason, 8, 4);
FIELD(mpath_detail, index, 12, 4);

SIZE(mpath_leg_view, 72);
FIELD(mpath_leg_view, leg, 0, 8);
FIELD(mpath_leg_view, flags, 8, 4);
FIELD(mpath_leg_view, cwnd, 12, 4);
FIELD(mpath_leg_view, inflight, 16, 4);
FIELD(mpath_leg_view, ewma_rtt_us, 20, 4);
FIELD(mpath_leg_view, last_rtt_us, 24, 4);
FIELD(mpath_leg_view, channel_queue, 28, 4);
FIELD(mpath_leg_view, data_sent, 32, 8);
FIELD(mpath_leg_view, data_acked, 40, 8);
FIELD(mpath_leg_view, half_stream_expiry_us, 48, 8);
FIELD(mpath_leg_view, disused_since_us, 56, 8);
FIELD(mpath_leg_view, open_streams, 64, 4);
FIELD(mpath_leg_view, reserved, 68, 4);

SIZE(mpath_leg_views, 24);
FIELD(mpath_leg_views, items, 0, 8);
FIELD(mpath_leg_views, count, 8, 4);
FIELD(mpath_leg_views, stride, 12, 4);
FIELD(mpath_leg_views, backlog, 16, 4);
FIELD(mpath_leg_views, reserved, 20, 4);

SIZE(mpath_control_cell, 68);
FIELD(mpath_control_cell, command, 0, 1);
FIELD(mpath_control_cell, hop, 1, 1);
FIELD(mpath_control_cell, length, 2, 2);
FIELD(mpath_control_cell, body, 4, 64);

SIZE(mpath_route_request, 24);
FIELD(mpath_route_request, struct_size, 0, 4);
FIELD(mpath_route_request, command, 4, 1);
FIELD(mpath_route_request, hop, 5, 1);
FIELD(mpath_route_request, reserved, 6, 2);
FIELD(mpath_route_request, leg, 8, 8);
FIELD(mpath_route_request, want, 16, 4);
FIELD(mpath_route_request, reserved2, 20, 4);

SIZE(mpath_grant, 104);
FIELD(mpath_grant, struct_size, 0, 4);
FIELD(mpath_grant, granted, 4, 4);
FIELD(mpath_grant, leg, 8, 8);
FIELD(mpath_grant, leg_cookie, 16, 8);
FIELD(mpath_grant, reason, 24, 4);
FIELD(mpath_grant, has_first, 28, 4);
FIELD(mpath_grant, first, 32, 68);
FIELD(mpath_grant, reserved, 100, 4);

SIZE(mpath_cell, 40);
FIELD(mpath_cell, struct_size, 0, 4);
FIELD(mpath_cell, command, 4, 1);
FIELD(mpath_cell, hop, 5, 1);
FIELD(mpath_cell, body_length, 6, 2);
FIELD(mpath_cell, leg, 8, 8);
FIELD(mpath_cell, body, 16, 8);
FIELD(mpath_cell, token, 24, 8);
FIELD(mpath_cell, cost, 32, 4);
FIELD(mpath_cell, reserved, 36, 4);

SIZE(mpath_receipt, 16);
FIELD(mpath_receipt, struct_size, 0, 4);
FIELD(mpath_receipt, ready, 4, 4);
FIELD(mpath_receipt, reason, 8, 4);
FIELD(mpath_receipt, reserved, 12, 4);

SIZE(mpath_token, 24);
FIELD(mpath_token, token, 0, 8);
FIELD(mpath_token, leg, 8, 8);
FIELD(mpath_token, verdict, 16, 4);
FIELD(mpath_token, reserved, 20, 4);

SIZE(mpath_tokens, 24);
FIELD(mpath_tokens, items, 0, 8);
FIELD(mpath_tokens, capacity, 8, 4);
FIELD(mpath_tokens, stride, 12, 4);
FIELD(mpath_tokens, count, 16, 4);
FIELD(mpath_tokens, left, 20, 4);

SIZE(mpath_event, 112);
FIELD(mpath_event, kind, 0, 4);
FIELD(mpath_event, reason, 4, 4);
FIELD(mpath_event, leg, 8, 8);
FIELD(mpath_event, leg_cookie, 16, 8);
FIELD(mpath_event, value, 24, 8);
FIELD(mpath_event, detail, 32, 4);
FIELD(mpath_event, reserved, 36, 4);
FIELD(mpath_event, cell, 40, 68);
FIELD(mpath_event, reserved2, 108, 4);

SIZE(mpath_events, 32);
FIELD(mpath_events, items, 0, 8);
FIELD(mpath_events, capacity, 8, 4);
FIELD(mpath_events, stride, 12, 4);
FIELD(mpath_events, count, 16, 4);
FIELD(mpath_events, reserved, 20, 4);
FIELD(mpath_events, next_deadline_us, 24, 8);

SIZE(mpath_activity, 16);
FIELD(mpath_activity, struct_size, 0, 4);
FIELD(mpath_activity, kind, 4, 4);
FIELD(mpath_activity, value, 8, 8);

SIZE(mpath_config_text, 24);
FIELD(mpath_config_text, struct_size, 0, 4);
FIELD(mpath_config_text, length, 4, 4);
FIELD(mpath_config_text, text, 8, 8);
FIELD(mpath_config_text, name, 16, 8);

SIZE(mpath_log_record, 40);
FIELD(mpath_log_record, time_us, 0, 8);
FIELD(mpath_log_record, tunnel_ordinal, 8, 8);
FIELD(mpath_log_record, value, 16, 8);
FIELD(mpath_log_record, leg_ordinal, 24, 4);
FIELD(mpath_log_record, event, 28, 4);
FIELD(mpath_log_record, level, 32, 4);
FIELD(mpath_log_record, reason, 36, 4);

SIZE(mpath_log_records, 32);
FIELD(mpath_log_records, items, 0, 8);
FIELD(mpath_log_records, capacity, 8, 4);
FIELD(mpath_log_records, stride, 12, 4);
FIELD(mpath_log_records, count, 16, 4);
FIELD(mpath_log_records, left, 20, 4);
FIELD(mpath_log_records, lost, 24, 8);

SIZE(mpath_instance_info, 64);
FIELD(mpath_instance_info, struct_size, 0, 4);
FIELD(mpath_instance_info, tunnels, 4, 4);
FIELD(mpath_instance_info, held_bytes, 8, 8);
FIELD(mpath_instance_info, held_bytes_limit, 16, 8);
FIELD(mpath_instance_info, clock_steps_back, 24, 8);
FIELD(mpath_instance_info, legs_wanted, 32, 4);
FIELD(mpath_instance_info, legs_max, 36, 4);
FIELD(mpath_instance_info, handshake_timeout_us, 40, 8);
FIELD(mpath_instance_info, reorder_high_water, 48, 8);
FIELD(mpath_instance_info, reorder_low_water, 56, 8);

SIZE(mpath_plugin_table, 336);
FIELD(mpath_plugin_table, struct_size, 0, 4);
FIELD(mpath_plugin_table, reserved, 4, 4);
FIELD(mpath_plugin_table, signalling, 8, 32);
FIELD(mpath_plugin_table, sequenced, 40, 32);
FIELD(mpath_plugin_table, status_text, 72, 8);
FIELD(mpath_plugin_table, reason_text, 80, 8);
FIELD(mpath_plugin_table, log_text, 88, 8);
FIELD(mpath_plugin_table, get_extension, 96, 8);
FIELD(mpath_plugin_table, config_check, 104, 8);
FIELD(mpath_plugin_table, instance_open, 112, 8);
FIELD(mpath_plugin_table, instance_close, 120, 8);
FIELD(mpath_plugin_table, instance_reload, 128, 8);
FIELD(mpath_plugin_table, instance_tick, 136, 8);
FIELD(mpath_plugin_table, instance_info, 144, 8);
FIELD(mpath_plugin_table, instance_drain_log, 152, 8);
FIELD(mpath_plugin_table, instance_shed, 160, 8);
FIELD(mpath_plugin_table, tunnel_create, 168, 8);
FIELD(mpath_plugin_table, tunnel_destroy, 176, 8);
FIELD(mpath_plugin_table, tunnel_close, 184, 8);
FIELD(mpath_plugin_table, tunnel_info, 192, 8);
FIELD(mpath_plugin_table, tunnel_detail, 200, 8);
FIELD(mpath_plugin_table, tunnel_snapshot, 208, 8);
FIELD(mpath_plugin_table, tunnel_activity, 216, 8);
FIELD(mpath_plugin_table, leg_set_path, 224, 8);
FIELD(mpath_plugin_table, legs_add, 232, 8);
FIELD(mpath_plugin_table, link, 240, 8);
FIELD(mpath_plugin_table, leg_remove, 248, 8);
FIELD(mpath_plugin_table, leg_take_single, 256, 8);
FIELD(mpath_plugin_table, leg_single, 264, 8);
FIELD(mpath_plugin_table, leg_info, 272, 8);
FIELD(mpath_plugin_table, leg_uses_stream_sendme, 280, 8);
FIELD(mpath_plugin_table, padding_event, 288, 8);
FIELD(mpath_plugin_table, route, 296, 8);
FIELD(mpath_plugin_table, can_read, 304, 8);
FIELD(mpath_plugin_table, receive, 312, 8);
FIELD(mpath_plugin_table, drain, 320, 8);
FIELD(mpath_plugin_table, poll, 328, 8);

SIZE(mpath_negotiation, 64);
FIELD(mpath_negotiation, struct_size, 0, 4);
FIELD(mpath_negotiation, host_major_min, 4, 4);
FIELD(mpath_negotiation, host_major_max, 8, 4);
FIELD(mpath_negotiation, reserved, 12, 4);
FIELD(mpath_negotiation, magic, 16, 8);
FIELD(mpath_negotiation, plugin_major_min, 24, 4);
FIELD(mpath_negotiation, plugin_major_max, 28, 4);
FIELD(mpath_negotiation, major, 32, 4);
FIELD(mpath_negotiation, minor, 36, 4);
FIELD(mpath_negotiation, table, 40, 8);
FIELD(mpath_negotiation, plugin_name, 48, 8);
FIELD(mpath_negotiation, plugin_version, 56, 8);
