//! The C declarations of the contract, made from `host_api/include/mpath` by `make_bindings.py`;
//! do not edit. What they mean stands in the headers.
#![allow(non_camel_case_types)]
#![allow(dead_code)] // whole on purpose: a host uses a part of it
#![allow(clippy::type_complexity)]
#![cfg_attr(rustfmt, rustfmt_skip)]

use std::os::raw::{c_char, c_void};

// mpath/base.h
pub const MPATH_ABI_MAJOR: u32 = 1;
pub const MPATH_ABI_MINOR: u32 = 3;
pub const MPATH_NEVER: u64 = u64::MAX;
pub const MPATH_TIME_MAX: u64 = u64::MAX >> 2;
pub const MPATH_HOP_NONE: u32 = 0xFF;
pub const MPATH_LEGS_MAX: u32 = 16;
pub const MPATH_HOPS_MAX: u32 = 16;
pub const MPATH_BODY_MAX: u32 = 64;
pub const MPATH_SEED_LEN: u32 = 32;
pub const MPATH_OK: mpath_status = 0;
pub const MPATH_BLOCKED: mpath_status = 1;
pub const MPATH_HELD: mpath_status = 2;
pub const MPATH_CONSUMED: mpath_status = 3;
pub const MPATH_PASS: mpath_status = 4;
pub const MPATH_IGNORED: mpath_status = 5;
pub const MPATH_E_ARGUMENT: mpath_status = -100;
pub const MPATH_E_SIZE: mpath_status = -101;
pub const MPATH_E_STALE: mpath_status = -102;
pub const MPATH_E_STATE: mpath_status = -103;
pub const MPATH_E_BUFFER: mpath_status = -104;
pub const MPATH_E_VIEWS: mpath_status = -105;
pub const MPATH_E_NOT_SINGLE: mpath_status = -106;
pub const MPATH_E_LEG_INVALID: mpath_status = -107;
pub const MPATH_E_UNSUPPORTED: mpath_status = -108;
pub const MPATH_E_CONFIG: mpath_status = -109;
pub const MPATH_E_TOKENS_HELD: mpath_status = -110;
pub const MPATH_E_VERSION: mpath_status = -111;
pub const MPATH_E_PROTOCOL: mpath_status = -200;
pub const MPATH_E_CLOSED: mpath_status = -201;
pub const MPATH_E_NO_MEMORY: mpath_status = -300;
pub const MPATH_E_LIMIT: mpath_status = -301;
pub const MPATH_E_RANDOM: mpath_status = -302;
pub const MPATH_E_POISONED: mpath_status = -400;

pub type mpath_status = i32;

pub type mpath_tunnel_id = u64;

pub type mpath_leg_id = u64;

#[repr(C)]
pub struct mpath_instance {
    _opaque: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_text {
    pub data: *mut c_char,
    pub capacity: u32,
    pub length: u32,
}

// mpath/tunnel.h
pub const MPATH_ROLE_CLIENT: u32 = 1;
pub const MPATH_ROLE_EXIT: u32 = 2;
pub const MPATH_HOP_RELAY: u32 = 1;
pub const MPATH_HOP_VIRTUAL: u32 = 2;
pub const MPATH_CC_FIXED_WINDOW: u32 = 0;
pub const MPATH_CC_VEGAS: u32 = 1;
pub const MPATH_LEG_EVER_STREAM: u32 = 1;
pub const MPATH_LEG_EVER_JOINED: u32 = 2;
pub const MPATH_LEG_FOUNDS_SET: u32 = 4;
pub const MPATH_TUNNEL_SINGLE_PATH: u32 = 1;
pub const MPATH_TUNNEL_LINKING: u32 = 2;
pub const MPATH_TUNNEL_READY: u32 = 3;
pub const MPATH_TUNNEL_CLOSED: u32 = 4;
pub const MPATH_TUNNEL_POISONED: u32 = 5;
pub const MPATH_LEG_PLAIN: u32 = 1;
pub const MPATH_LEG_UNLINKED: u32 = 2;
pub const MPATH_LEG_LINK_QUEUED: u32 = 3;
pub const MPATH_LEG_AWAITING_LINKED: u32 = 4;
pub const MPATH_LEG_ACK_QUEUED: u32 = 5;
pub const MPATH_LEG_LINKED: u32 = 6;
pub const MPATH_LEG_TIMED_OUT: u32 = 7;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_hop {
    pub relay_tag: u64,
    pub kind: u32,
    pub congestion_control: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_path {
    pub hops: *const mpath_hop,
    pub count: u32,
    pub stride: u32,
    pub cwnd_init: u32,
    pub sendme_inc: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_leg_params {
    pub struct_size: u32,
    pub flags: u32,
    pub cookie: u64,
    pub path: mpath_path,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_tunnel_params {
    pub struct_size: u32,
    pub role: u32,
    pub cookie: u64,
    pub seed: *const u8,
    pub first_leg: *const mpath_leg_params,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_tunnel_info {
    pub struct_size: u32,
    pub state: u32,
    pub close_reason: u32,
    pub leg_count: u32,
    pub unlinked_count: u32,
    pub linked_count: u32,
    pub join_hop: u32,
    pub held_cells: u32,
    pub peak_held_cells: u32,
    pub reserved: u32,
    pub primary: mpath_leg_id,
    pub cookie: u64,
    pub ordinal: u64,
    pub held_bytes: u64,
    pub peak_held_bytes: u64,
    pub cells_sent: u64,
    pub cells_received: u64,
    pub cells_delivered: u64,
    pub switches_sent: u64,
    pub switches_received: u64,
    pub next_deadline_us: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_leg_info {
    pub struct_size: u32,
    pub state: u32,
    pub ordinal: u32,
    pub hop_count: u32,
    pub is_primary: u32,
    pub joined: u32,
    pub leg: mpath_leg_id,
    pub cookie: u64,
    pub last_hop_tag: u64,
    pub handshake_rtt_us: u64,
    pub last_seq_sent: u64,
    pub last_seq_received: u64,
    pub cells_sent: u64,
    pub cells_received: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_leg_summary {
    pub leg: mpath_leg_id,
    pub cookie: u64,
    pub last_hop_tag: u64,
    pub state: u32,
    pub ordinal: u32,
    pub hop_count: u32,
    pub is_primary: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_leg_summaries {
    pub items: *mut mpath_leg_summary,
    pub capacity: u32,
    pub stride: u32,
    pub count: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_detail {
    pub struct_size: u32,
    pub status: mpath_status,
    pub reason: u32,
    pub index: u32,
}

// mpath/cells.h
pub const MPATH_VIEW_SLOW_START: u32 = 0x001;
pub const MPATH_VIEW_CHANNEL_BLOCKED: u32 = 0x002;
pub const MPATH_VIEW_INPUT_READY: u32 = 0x004;
pub const MPATH_VIEW_INPUT_CLOSED: u32 = 0x008;
pub const MPATH_VIEW_INPUT_UNEXPECTED: u32 = 0x010;
pub const MPATH_VIEW_HOP_STREAMS_READY: u32 = 0x020;
pub const MPATH_VIEW_PADDING_READY: u32 = 0x040;
pub const MPATH_VIEW_EVER_STREAM: u32 = 0x080;
pub const MPATH_DELIVER: u32 = 1;
pub const MPATH_DISCARD: u32 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_leg_view {
    pub leg: mpath_leg_id,
    pub flags: u32,
    pub cwnd: u32,
    pub inflight: u32,
    pub ewma_rtt_us: u32,
    pub last_rtt_us: u32,
    pub channel_queue: u32,
    pub data_sent: u64,
    pub data_acked: u64,
    pub half_stream_expiry_us: u64,
    pub disused_since_us: u64,
    pub open_streams: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_leg_views {
    pub items: *const mpath_leg_view,
    pub count: u32,
    pub stride: u32,
    pub backlog: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_control_cell {
    pub command: u8,
    pub hop: u8,
    pub length: u16,
    pub body: [u8; MPATH_BODY_MAX as usize],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_route_request {
    pub struct_size: u32,
    pub command: u8,
    pub hop: u8,
    pub reserved: u16,
    pub leg: mpath_leg_id,
    pub want: u32,
    pub reserved2: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_grant {
    pub struct_size: u32,
    pub granted: u32,
    pub leg: mpath_leg_id,
    pub leg_cookie: u64,
    pub reason: u32,
    pub has_first: u32,
    pub first: mpath_control_cell,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_cell {
    pub struct_size: u32,
    pub command: u8,
    pub hop: u8,
    pub body_length: u16,
    pub leg: mpath_leg_id,
    pub body: *const u8,
    pub token: u64,
    pub cost: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_receipt {
    pub struct_size: u32,
    pub ready: u32,
    pub reason: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_token {
    pub token: u64,
    pub leg: mpath_leg_id,
    pub verdict: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_tokens {
    pub items: *mut mpath_token,
    pub capacity: u32,
    pub stride: u32,
    pub count: u32,
    pub left: u32,
}

// mpath/events.h
pub const MPATH_EVENT_COLLECT_HALFSTREAMS: u32 = 1;
pub const MPATH_EVENT_REMOVE_LEG: u32 = 2;
pub const MPATH_EVENT_PADDING: u32 = 3;
pub const MPATH_EVENT_HANDLE_CELL: u32 = 4;
pub const MPATH_EVENT_READ_STREAMS: u32 = 5;
pub const MPATH_EVENT_SEND_CELL: u32 = 16;
pub const MPATH_EVENT_LINK_RESULT: u32 = 17;
pub const MPATH_EVENT_READY: u32 = 18;
pub const MPATH_EVENT_PRESSURE: u32 = 19;
pub const MPATH_EVENT_LEG_GONE: u32 = 20;
pub const MPATH_EVENT_CLOSED: u32 = 21;
pub const MPATH_STREAMS_JOIN_POINT: u32 = 1;
pub const MPATH_STREAMS_OTHER_HOPS: u32 = 2;
pub const MPATH_WATER_HIGH: u32 = 1;
pub const MPATH_WATER_LOW: u32 = 2;
pub const MPATH_EVENTS_MAX: u32 = 192;
pub const MPATH_PADDING_SEND: u32 = 1;
pub const MPATH_PADDING_BLOCK: u32 = 2;
pub const MPATH_PADDING_UNBLOCK: u32 = 3;
pub const MPATH_ACTIVITY_NEVER_USED: u32 = 0;
pub const MPATH_ACTIVITY_DISUSED: u32 = 1;
pub const MPATH_ACTIVITY_IN_USE: u32 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_event {
    pub kind: u32,
    pub reason: u32,
    pub leg: mpath_leg_id,
    pub leg_cookie: u64,
    pub value: u64,
    pub detail: u32,
    pub reserved: u32,
    pub cell: mpath_control_cell,
    pub reserved2: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_events {
    pub items: *mut mpath_event,
    pub capacity: u32,
    pub stride: u32,
    pub count: u32,
    pub reserved: u32,
    pub next_deadline_us: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_activity {
    pub struct_size: u32,
    pub kind: u32,
    pub value: u64,
}

// mpath/reasons.h

// mpath/plugin.h
pub const MPATH_LOG_ERROR: u32 = 1;
pub const MPATH_LOG_WARN: u32 = 2;
pub const MPATH_LOG_INFO: u32 = 3;
pub const MPATH_LOG_DEBUG: u32 = 4;
pub const MPATH_LOG_TRACE: u32 = 5;
pub const MPATH_NEGOTIATION_MAGIC: u64 = 0x3148544150;
pub const MPATH_NEGOTIATE_SYMBOL: &[u8] = b"mpath_plugin_negotiate\0";

pub type mpath_negotiate_fn = Option<unsafe extern "C" fn(io: *mut mpath_negotiation) -> mpath_status>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_config_text {
    pub struct_size: u32,
    pub length: u32,
    pub text: *const c_char,
    pub name: *const c_char,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_log_record {
    pub time_us: u64,
    pub tunnel_ordinal: u64,
    pub value: u64,
    pub leg_ordinal: u32,
    pub event: u32,
    pub level: u32,
    pub reason: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_log_records {
    pub items: *mut mpath_log_record,
    pub capacity: u32,
    pub stride: u32,
    pub count: u32,
    pub left: u32,
    pub lost: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_instance_info {
    pub struct_size: u32,
    pub tunnels: u32,
    pub held_bytes: u64,
    pub held_bytes_limit: u64,
    pub clock_steps_back: u64,
    pub legs_wanted: u32,
    pub legs_max: u32,
    pub handshake_timeout_us: u64,
    pub reorder_high_water: u64,
    pub reorder_low_water: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_plugin_table {
    pub struct_size: u32,
    pub reserved: u32,
    pub signalling: [u8; 32],
    pub sequenced: [u8; 32],
    pub status_text: Option<unsafe extern "C" fn(status: mpath_status) -> *const c_char>,
    pub reason_text: Option<unsafe extern "C" fn(reason: u32) -> *const c_char>,
    pub log_text: Option<unsafe extern "C" fn(event: u32) -> *const c_char>,
    pub get_extension: Option<unsafe extern "C" fn(id: *const c_char) -> *const c_void>,
    pub config_check: Option<unsafe extern "C" fn(config: *const mpath_config_text, diagnostics: *mut mpath_text) -> mpath_status>,
    pub instance_open: Option<unsafe extern "C" fn(config: *const mpath_config_text, diagnostics: *mut mpath_text, out: *mut *mut mpath_instance) -> mpath_status>,
    pub instance_close: Option<unsafe extern "C" fn(instance: *mut mpath_instance) -> mpath_status>,
    pub instance_reload: Option<unsafe extern "C" fn(instance: *mut mpath_instance, config: *const mpath_config_text, diagnostics: *mut mpath_text) -> mpath_status>,
    pub instance_tick: Option<unsafe extern "C" fn(instance: *mut mpath_instance, now_us: u64, next_deadline_us: *mut u64) -> mpath_status>,
    pub instance_info: Option<unsafe extern "C" fn(instance: *mut mpath_instance, out: *mut mpath_instance_info) -> mpath_status>,
    pub instance_drain_log: Option<unsafe extern "C" fn(instance: *mut mpath_instance, out: *mut mpath_log_records) -> mpath_status>,
    pub instance_shed: Option<unsafe extern "C" fn(instance: *mut mpath_instance, bytes: u64, victims: *mut mpath_tunnel_id, capacity: u32, count: *mut u32) -> mpath_status>,
    pub tunnel_create: Option<unsafe extern "C" fn(instance: *mut mpath_instance, params: *const mpath_tunnel_params, out: *mut mpath_tunnel_id, first_leg: *mut mpath_leg_id) -> mpath_status>,
    pub tunnel_destroy: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id) -> mpath_status>,
    pub tunnel_close: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, now_us: u64) -> mpath_status>,
    pub tunnel_info: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, out: *mut mpath_tunnel_info) -> mpath_status>,
    pub tunnel_detail: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, out: *mut mpath_detail) -> mpath_status>,
    pub tunnel_snapshot: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, out: *mut mpath_leg_summaries) -> mpath_status>,
    pub tunnel_activity: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, views: *const mpath_leg_views, out: *mut mpath_activity) -> mpath_status>,
    pub leg_set_path: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, leg: mpath_leg_id, path: *const mpath_path) -> mpath_status>,
    pub legs_add: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, legs: *const mpath_leg_params, count: u32, stride: u32, views: *const mpath_leg_views, out: *mut mpath_leg_id) -> mpath_status>,
    pub link: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, now_us: u64) -> mpath_status>,
    pub leg_remove: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, leg: mpath_leg_id, reason: u32, views: *const mpath_leg_views, now_us: u64) -> mpath_status>,
    pub leg_take_single: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, out: *mut mpath_leg_info, now_us: u64) -> mpath_status>,
    pub leg_single: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, out: *mut mpath_leg_id) -> mpath_status>,
    pub leg_info: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, leg: mpath_leg_id, out: *mut mpath_leg_info) -> mpath_status>,
    pub leg_uses_stream_sendme: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, leg: mpath_leg_id, hop: u32, out: *mut u32) -> mpath_status>,
    pub padding_event: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, leg: mpath_leg_id, action: u32, now_us: u64) -> mpath_status>,
    pub route: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, request: *const mpath_route_request, views: *const mpath_leg_views, now_us: u64, out: *mut mpath_grant) -> mpath_status>,
    pub can_read: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, views: *const mpath_leg_views, now_us: u64, reason: *mut u32, leg: *mut mpath_leg_id) -> mpath_status>,
    pub receive: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, cell: *const mpath_cell, now_us: u64, out: *mut mpath_receipt) -> mpath_status>,
    pub drain: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, out: *mut mpath_tokens) -> mpath_status>,
    pub poll: Option<unsafe extern "C" fn(instance: *mut mpath_instance, tunnel: mpath_tunnel_id, views: *const mpath_leg_views, now_us: u64, out: *mut mpath_events) -> mpath_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mpath_negotiation {
    pub struct_size: u32,
    pub host_major_min: u32,
    pub host_major_max: u32,
    pub reserved: u32,
    pub magic: u64,
    pub plugin_major_min: u32,
    pub plugin_major_max: u32,
    pub major: u32,
    pub minor: u32,
    pub table: *const mpath_plugin_table,
    pub plugin_name: *const c_char,
    pub plugin_version: *const c_char,
}
