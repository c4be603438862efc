/* mpath/plugin.h - the function table and the one exported function. Includes everything. */
#ifndef MPATH_PLUGIN_H
#define MPATH_PLUGIN_H

#include "mpath/base.h"
#include "mpath/cells.h"
#include "mpath/events.h"
#include "mpath/reasons.h"
#include "mpath/tunnel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Configuration text, as the host read it. Where one is asked for, NULL means the defaults; so does
 * NULL for a `diagnostics` text that nobody wants to read. `name` is shown in messages ("file:line:col: ..."). */
typedef struct mpath_config_text {
  uint32_t struct_size;
  uint32_t length;  /* bytes at text; 0: the defaults */
  const char *text; /* UTF-8 YAML, need not be NUL-terminated */
  const char *name; /* NUL-terminated */
} mpath_config_text;

/* mpath_log_record.level */
#define MPATH_LOG_ERROR 1u
#define MPATH_LOG_WARN 2u
#define MPATH_LOG_INFO 3u
#define MPATH_LOG_DEBUG 4u
#define MPATH_LOG_TRACE 5u

/* One thing that happened. It names tunnels and legs by ordinal, never by id. log_text() words it. */
typedef struct mpath_log_record {
  uint64_t time_us;
  uint64_t tunnel_ordinal; /* 0: the instance */
  uint64_t value;
  uint32_t leg_ordinal; /* 0: no leg in particular */
  uint32_t event;
  uint32_t level;
  uint32_t reason; /* enum mpath_reason */
} mpath_log_record;

typedef struct mpath_log_records {
  mpath_log_record *items;
  uint32_t capacity;
  uint32_t stride; /* sizeof(mpath_log_record) of the host's headers */
  uint32_t count;  /* out: written */
  uint32_t left;   /* out: still to be drained */
  uint64_t lost;   /* out: dropped since the last call because the host did not drain in time */
} mpath_log_records;

typedef struct mpath_instance_info {
  uint32_t struct_size; /* in: sizeof */
  uint32_t tunnels;
  uint64_t held_bytes; /* of all tunnels, the plugin's own share included */
  uint64_t held_bytes_limit;
  uint64_t clock_steps_back; /* calls whose `now` was before an earlier one */
  uint32_t legs_wanted;      /* per new tunnel, by the configuration */
  uint32_t legs_max;
  uint64_t handshake_timeout_us;
  uint64_t reorder_high_water; /* bytes */
  uint64_t reorder_low_water;
} mpath_instance_info;

/* [thread] and [state] tags as in base.h. Every function answers MPATH_E_ARGUMENT for a null or
 * impossible argument, MPATH_E_SIZE for a struct that is too small, MPATH_E_STALE for a dead id,
 * MPATH_E_POISONED on a poisoned tunnel; only what is particular is said below. All calls with
 * `now_us` first expire what was due. */
typedef struct mpath_plugin_table {
  uint32_t struct_size;
  uint32_t reserved;
  uint8_t signalling[32]; /* bit c of byte c/8: relay command c is for receive() with its body */
  uint8_t sequenced[32];  /* same: relay command c counts when it goes to or comes from the join
                             point of a multi-path tunnel */

  /* [any-thread] Words for a status, a reason, a log event. Static, never NULL. */
  const char *(*status_text)(mpath_status status);
  const char *(*reason_text)(uint32_t reason);
  const char *(*log_text)(uint32_t event);
  /* [any-thread] An optional capability by string id ("mpath.metrics/1"); NULL: not here. */
  const void *(*get_extension)(const char *id);

  /* [any-thread] Checks configuration text; opens nothing. `diagnostics` gets every finding.
   * MPATH_E_CONFIG if it would be refused. */
  mpath_status (*config_check)(const mpath_config_text *config, mpath_text *diagnostics);

  /* [any-thread] Opens the plugin for a host. May be called more than once per process.
   * MPATH_E_CONFIG: `diagnostics` says where and why. */
  mpath_status (*instance_open)(const mpath_config_text *config, mpath_text *diagnostics,
                                mpath_instance **out);
  /* [any-thread, all tunnels destroyed] MPATH_E_STATE if tunnels are left. NULL is allowed. */
  mpath_status (*instance_close)(mpath_instance *instance);
  /* [any-thread] Replaces the configuration for tunnels that are created from now on, or keeps the
   * old one whole: MPATH_E_CONFIG. */
  mpath_status (*instance_reload)(mpath_instance *instance, const mpath_config_text *config,
                                  mpath_text *diagnostics);
  /* [any-thread] Housekeeping of the instance; call at *next_deadline_us at the latest. */
  mpath_status (*instance_tick)(mpath_instance *instance, uint64_t now_us,
                                uint64_t *next_deadline_us);
  mpath_status (*instance_info)(mpath_instance *instance, mpath_instance_info *out);
  /* [any-thread] Takes log records, oldest first. */
  mpath_status (*instance_drain_log)(mpath_instance *instance, mpath_log_records *out);
  /* [any-thread] Marks tunnels for closing until about `bytes` of held-back data will be freed,
   * oldest data first. `victims` (may be NULL if capacity is 0) gets the ids of all that are marked
   * and still hold something, earlier ones first; `bytes` 0 only asks. Each owner's next call on such
   * a tunnel finds it closed with MPATH_REASON_SHED. The plugin marks tunnels itself when the process
   * holds more than its limit: instance_tick() then asks to be called again soon, which is the
   * host's cue to ask here and to let the owners poll. */
  mpath_status (*instance_shed)(mpath_instance *instance, uint64_t bytes, mpath_tunnel_id *victims,
                                uint32_t capacity, uint32_t *count);

  /* [any-thread] A single-path tunnel of one circuit, or with MPATH_LEG_FOUNDS_SET a multi-path one
   * (MPATH_E_ARGUMENT if the circuit cannot join, and from a plugin older than 1.3: then create it
   * without, and link when legs_add() has brought a second one). The caller is its owner. */
  mpath_status (*tunnel_create)(mpath_instance *instance, const mpath_tunnel_params *params,
                                mpath_tunnel_id *out, mpath_leg_id *first_leg);
  /* [owner, any state] MPATH_E_TOKENS_HELD while tokens are to be drained (see tunnel_close). */
  mpath_status (*tunnel_destroy)(mpath_instance *instance, mpath_tunnel_id tunnel);
  /* [owner, any state] Closes with MPATH_REASON_HOST_REQUEST. Held tokens drain as DISCARD. */
  mpath_status (*tunnel_close)(mpath_instance *instance, mpath_tunnel_id tunnel, uint64_t now_us);
  mpath_status (*tunnel_info)(mpath_instance *instance, mpath_tunnel_id tunnel,
                              mpath_tunnel_info *out); /* [owner, any state] */
  mpath_status (*tunnel_detail)(mpath_instance *instance, mpath_tunnel_id tunnel,
                                mpath_detail *out); /* [owner, any state] */
  /* [any-thread] All legs as of the last change, in leg order. */
  mpath_status (*tunnel_snapshot)(mpath_instance *instance, mpath_tunnel_id tunnel,
                                  mpath_leg_summaries *out);
  mpath_status (*tunnel_activity)(mpath_instance *instance, mpath_tunnel_id tunnel,
                                  const mpath_leg_views *views, mpath_activity *out); /* [owner] */

  /* [owner, single-path] The circuit was extended: its whole path now. */
  mpath_status (*leg_set_path)(mpath_instance *instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                               const mpath_path *path);
  /* [owner, single-path or multi-path] Joins circuits, all or none; `out` gets one id for each.
   * The tunnel becomes multi-path; the join point is the last hop of its first leg, from then on.
   * MPATH_E_LEG_INVALID: tunnel_detail() says which leg and why (index UINT32_MAX: the first). */
  mpath_status (*legs_add)(mpath_instance *instance, mpath_tunnel_id tunnel,
                           const mpath_leg_params *legs, uint32_t count, uint32_t stride,
                           const mpath_leg_views *views, mpath_leg_id *out);
  /* [owner, multi-path] Begins the handshake on every unlinked leg. Follow with poll(). */
  mpath_status (*link)(mpath_instance *instance, mpath_tunnel_id tunnel, uint64_t now_us);
  /* [owner, open] The circuit is gone or must go. LEG_GONE follows in poll(); if the tunnel
   * cannot live without it, so does CLOSED. `reason` is one of HANDSHAKE_TIMEOUT..RETIRED. */
  mpath_status (*leg_remove)(mpath_instance *instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                             uint32_t reason, const mpath_leg_views *views, uint64_t now_us);
  /* [owner] Takes the only leg back and leaves an empty, closed tunnel. MPATH_E_NOT_SINGLE:
   * tunnel_detail().index says how many legs there are. */
  mpath_status (*leg_take_single)(mpath_instance *instance, mpath_tunnel_id tunnel,
                                  mpath_leg_info *out, uint64_t now_us);
  /* [owner] The only leg, without taking it. */
  mpath_status (*leg_single)(mpath_instance *instance, mpath_tunnel_id tunnel, mpath_leg_id *out);
  mpath_status (*leg_info)(mpath_instance *instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                           mpath_leg_info *out); /* [owner, any state] */
  /* [owner] Do streams of this hop use stream SENDMEs? 0 or 1. MPATH_E_STALE: no such leg.
   * MPATH_E_ARGUMENT: no such hop. */
  mpath_status (*leg_uses_stream_sendme)(mpath_instance *instance, mpath_tunnel_id tunnel,
                                         mpath_leg_id leg, uint32_t hop, uint32_t *out);
  /* [owner] A padding event of a leg. MPATH_IGNORED if the leg has gone. */
  mpath_status (*padding_event)(mpath_instance *instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                                uint32_t action, uint64_t now_us);

  /* [owner] Decides and commits where cells go. MPATH_BLOCKED: see mpath_grant.reason; DATA waits,
   * and nothing has changed; ask again after any event, SENDME or deadline. */
  mpath_status (*route)(mpath_instance *instance, mpath_tunnel_id tunnel,
                        const mpath_route_request *request, const mpath_leg_views *views,
                        uint64_t now_us, mpath_grant *out);
  /* [owner] May streams of the join point be read now? MPATH_OK, or MPATH_BLOCKED and the reason.
   * A pure query: it does not even expire deadlines, and uses `now_us` only to judge legs by time.
   * `leg` (may be NULL) gets the leg that would carry the next DATA cell; on MPATH_BLOCKED the
   * primary. */
  mpath_status (*can_read)(mpath_instance *instance, mpath_tunnel_id tunnel,
                           const mpath_leg_views *views, uint64_t now_us, uint32_t *reason,
                           mpath_leg_id *leg);
  /* [owner] A relay cell arrived. MPATH_OK: deliver it now, then drain() if `ready`. MPATH_HELD:
   * keep it. MPATH_CONSUMED, MPATH_PASS: see base.h. MPATH_E_PROTOCOL: the cell is the host's to
   * drop and the tunnel is closed; so it is with MPATH_E_CLOSED. MPATH_E_NO_MEMORY: nothing has
   * changed; call again with the same cell or close the tunnel, for a cell that is dropped shifts the
   * numbers of all that follow on its leg. */
  mpath_status (*receive)(mpath_instance *instance, mpath_tunnel_id tunnel, const mpath_cell *cell,
                          uint64_t now_us, mpath_receipt *out);
  /* [owner, any state] Takes tokens that are now in order, or to be discarded. */
  mpath_status (*drain)(mpath_instance *instance, mpath_tunnel_id tunnel, mpath_tokens *out);
  /* [owner, any state] What is to be done and what has happened; see events.h. */
  mpath_status (*poll)(mpath_instance *instance, mpath_tunnel_id tunnel,
                       const mpath_leg_views *views, uint64_t now_us, mpath_events *out);
} mpath_plugin_table;

#define MPATH_NEGOTIATION_MAGIC 0x3148544150ull /* "PATH1" */

typedef struct mpath_negotiation {
  uint32_t struct_size;
  uint32_t host_major_min; /* in: majors that the host speaks */
  uint32_t host_major_max;
  uint32_t reserved;
  uint64_t magic; /* in: MPATH_NEGOTIATION_MAGIC */
  /* Out, also on MPATH_E_VERSION, so that both sides can be named: */
  uint32_t plugin_major_min;
  uint32_t plugin_major_max;
  /* Out, on MPATH_OK: */
  uint32_t major; /* highest that both speak */
  uint32_t minor;
  const mpath_plugin_table *table; /* the plugin's; valid until it is unloaded */
  const char *plugin_name;
  const char *plugin_version;
} mpath_negotiation;

#define MPATH_NEGOTIATE_SYMBOL "mpath_plugin_negotiate"

typedef mpath_status (*mpath_negotiate_fn)(mpath_negotiation *io);

#if defined(MPATH_BUILDING_PLUGIN)
/* [any-thread] The one exported function. Does no work and takes no resource. */
__attribute__((visibility("default"))) mpath_status mpath_plugin_negotiate(mpath_negotiation *io);
#endif

#ifdef __cplusplus
}
#endif
#endif
