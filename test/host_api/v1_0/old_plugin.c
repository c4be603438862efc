/* old_plugin.c - the table of the old plugin: checks, and calls old_plugin_logic.c. */
#define _DEFAULT_SOURCE /* getrandom */
#define MPATH_BUILDING_PLUGIN
#include "old_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SMALL(value, type) ((value)->struct_size < sizeof(type))
#define REFUSE_IF(condition, status) \
  do {                               \
    if (condition) return (status);  \
  } while (0)
/* Writes what the host's struct has room for, which is at least version 1.0 of it. */
#define FILL(out, value)                                                  \
  do {                                                                    \
    (value).struct_size = (out)->struct_size;                             \
    memcpy((out), &(value), sizeof(value));                               \
  } while (0)

static const char *status_text(mpath_status status) {
  return status == MPATH_OK ? "ok" : status > 0 ? "done, with news" : "an error";
}
static const char *reason_text(uint32_t reason) {
  switch (reason) {
#define WORDS(name, number, text) case number: return text;
    MPATH_REASON_LIST(WORDS)
#undef WORDS
    default: return "an unknown reason";
  }
}
static const char *log_text(uint32_t event) { return event == 0 ? "nothing" : "an unknown event"; }
static const void *get_extension(const char *id) {
  (void)id;
  return NULL;
}

static mpath_status config_check(const mpath_config_text *config, mpath_text *diagnostics) {
  if (diagnostics != NULL) {
    diagnostics->length = 0;
    if (diagnostics->capacity > 0) diagnostics->data[0] = '\0';
  }
  REFUSE_IF(config != NULL && SMALL(config, mpath_config_text), MPATH_E_SIZE);
  return MPATH_OK; /* it has no options, so all texts mean the defaults */
}

static mpath_status instance_open(const mpath_config_text *config, mpath_text *diagnostics,
                                  mpath_instance **out) {
  REFUSE_IF(out == NULL, MPATH_E_ARGUMENT);
  const mpath_status status = config_check(config, diagnostics);
  REFUSE_IF(status != MPATH_OK, status);
  mpath_instance *instance = calloc(1, sizeof *instance);
  REFUSE_IF(instance == NULL, MPATH_E_NO_MEMORY);
  pthread_mutex_init(&instance->lock, NULL);
  *out = instance;
  return MPATH_OK;
}

static mpath_status instance_close(mpath_instance *instance) {
  REFUSE_IF(instance == NULL, MPATH_OK);
  for (int i = 0; i < TUNNELS; i++) REFUSE_IF(instance->tunnels[i] != NULL, MPATH_E_STATE);
  pthread_mutex_destroy(&instance->lock);
  free(instance);
  return MPATH_OK;
}

static mpath_status instance_reload(mpath_instance *instance, const mpath_config_text *config,
                                    mpath_text *diagnostics) {
  REFUSE_IF(instance == NULL, MPATH_E_ARGUMENT);
  return config_check(config, diagnostics);
}

static mpath_status instance_tick(mpath_instance *instance, uint64_t now_us,
                                  uint64_t *next_deadline_us) {
  REFUSE_IF(instance == NULL || next_deadline_us == NULL || now_us > MPATH_TIME_MAX,
            MPATH_E_ARGUMENT);
  *next_deadline_us = MPATH_NEVER;
  return MPATH_OK;
}

static mpath_status instance_info(mpath_instance *instance, mpath_instance_info *out) {
  REFUSE_IF(instance == NULL || out == NULL, MPATH_E_ARGUMENT);
  REFUSE_IF(SMALL(out, mpath_instance_info), MPATH_E_SIZE);
  mpath_instance_info info = {.legs_wanted = 2, .legs_max = MPATH_LEGS_MAX,
                              .handshake_timeout_us = HANDSHAKE_TIMEOUT_US,
                              .held_bytes_limit = MPATH_NEVER, .reorder_high_water = MPATH_NEVER,
                              .reorder_low_water = MPATH_NEVER};
  pthread_mutex_lock(&instance->lock);
  for (int i = 0; i < TUNNELS; i++) {
    if (instance->tunnels[i] == NULL) continue;
    info.tunnels++;
    info.held_bytes += held_bytes(instance->tunnels[i]);
  }
  pthread_mutex_unlock(&instance->lock);
  FILL(out, info);
  return MPATH_OK;
}

static mpath_status instance_drain_log(mpath_instance *instance, mpath_log_records *out) {
  REFUSE_IF(instance == NULL || out == NULL, MPATH_E_ARGUMENT);
  REFUSE_IF(out->stride < sizeof(mpath_log_record), MPATH_E_SIZE);
  out->count = out->left = 0;
  out->lost = 0;
  return MPATH_OK;
}

static mpath_status instance_shed(mpath_instance *instance, uint64_t bytes,
                                  mpath_tunnel_id *victims, uint32_t capacity, uint32_t *count) {
  (void)bytes;
  REFUSE_IF(instance == NULL || count == NULL || (victims == NULL && capacity > 0),
            MPATH_E_ARGUMENT);
  *count = 0; /* a tunnel holds at most HELD_MAX cells: nothing worth closing one for */
  return MPATH_OK;
}

static mpath_status check_path(const mpath_path *path) {
  REFUSE_IF(path->count > MPATH_HOPS_MAX || (path->count > 0 && path->hops == NULL),
            MPATH_E_ARGUMENT);
  REFUSE_IF(path->count > 0 && path->stride < sizeof(mpath_hop), MPATH_E_SIZE);
  REFUSE_IF(path->count > 0 && (path->cwnd_init == 0 || path->sendme_inc == 0), MPATH_E_ARGUMENT);
  return MPATH_OK;
}

static void set_path(struct leg *leg, const mpath_path *path) {
  leg->hops = path->count;
  leg->fixed_window = 0;
  for (uint32_t i = 0; i < path->count; i++) {
    const mpath_hop *hop = (const void *)((const char *)path->hops + i * path->stride);
    leg->last_hop_tag = hop->relay_tag;
    if (hop->congestion_control == MPATH_CC_FIXED_WINDOW) leg->fixed_window |= 1u << i;
  }
}

static mpath_leg_id add_leg(struct tunnel *t, const mpath_leg_params *params, uint32_t state) {
  struct leg *leg = &t->legs[t->leg_count++];
  memset(leg, 0, sizeof *leg);
  leg->ordinal = ++t->legs_ever;
  leg->id = t->id << 16 | leg->ordinal;
  leg->cookie = params->cookie;
  leg->state = state;
  leg->rtt_us = MPATH_NEVER;
  set_path(leg, &params->path);
  return leg->id;
}

static mpath_status check_leg(const mpath_leg_params *params) {
  REFUSE_IF(SMALL(params, mpath_leg_params), MPATH_E_SIZE);
  REFUSE_IF(params->flags > 3, MPATH_E_ARGUMENT);
  return check_path(&params->path);
}

static mpath_status tunnel_create(mpath_instance *instance, const mpath_tunnel_params *params,
                                  mpath_tunnel_id *out, mpath_leg_id *first_leg) {
  REFUSE_IF(instance == NULL || params == NULL || out == NULL || first_leg == NULL,
            MPATH_E_ARGUMENT);
  REFUSE_IF(SMALL(params, mpath_tunnel_params), MPATH_E_SIZE);
  REFUSE_IF(params->first_leg == NULL, MPATH_E_ARGUMENT);
  REFUSE_IF(params->role != MPATH_ROLE_CLIENT, MPATH_E_UNSUPPORTED);
  const mpath_status status = check_leg(params->first_leg);
  REFUSE_IF(status != MPATH_OK, status);
  struct tunnel *t = calloc(1, sizeof *t);
  REFUSE_IF(t == NULL, MPATH_E_NO_MEMORY);
  if (params->seed != NULL) {
    memcpy(t->nonce, params->seed, sizeof t->nonce);
  } else if (getrandom(t->nonce, sizeof t->nonce, 0) != sizeof t->nonce) {
    free(t);
    return MPATH_E_RANDOM;
  }
  t->cookie = params->cookie;
  t->state = MPATH_TUNNEL_SINGLE_PATH;
  t->join_hop = MPATH_HOP_NONE;
  pthread_mutex_lock(&instance->lock);
  int slot = 0;
  while (slot < TUNNELS && instance->tunnels[slot] != NULL) slot++;
  if (slot < TUNNELS) {
    t->ordinal = ++instance->made;
    t->id = t->ordinal * TUNNELS + (unsigned)slot;
    instance->tunnels[slot] = t;
    *out = t->id;
    *first_leg = t->primary = add_leg(t, params->first_leg, MPATH_LEG_PLAIN);
  }
  pthread_mutex_unlock(&instance->lock);
  REFUSE_IF(slot < TUNNELS, MPATH_OK);
  free(t);
  return MPATH_E_LIMIT;
}

/* The tunnel of an id, with the instance locked; or NULL, and it is not. */
static struct tunnel *enter(mpath_instance *instance, mpath_tunnel_id id) {
  pthread_mutex_lock(&instance->lock);
  struct tunnel *t = instance->tunnels[id % TUNNELS];
  if (t != NULL && t->id == id) return t;
  pthread_mutex_unlock(&instance->lock);
  return NULL;
}

static mpath_status leave(mpath_instance *instance, struct tunnel *t, mpath_status status,
                          uint32_t reason) {
  if (status < 0) t->detail = (mpath_detail){sizeof t->detail, status, reason, 0};
  pthread_mutex_unlock(&instance->lock);
  return status;
}

#define ENTER(t)                                         \
  REFUSE_IF(instance == NULL, MPATH_E_ARGUMENT);         \
  struct tunnel *t = enter(instance, tunnel);            \
  REFUSE_IF(t == NULL, MPATH_E_STALE)
#define LEAVE(status) return leave(instance, t, (status), 0)
#define LEAVE_IF(condition, status) \
  do {                              \
    if (condition) LEAVE(status);   \
  } while (0)

static mpath_status tunnel_destroy(mpath_instance *instance, mpath_tunnel_id tunnel) {
  ENTER(t);
  LEAVE_IF(t->held_count > 0, MPATH_E_TOKENS_HELD);
  instance->tunnels[tunnel % TUNNELS] = NULL;
  pthread_mutex_unlock(&instance->lock);
  free(t);
  return MPATH_OK;
}

static mpath_status tunnel_close(mpath_instance *instance, mpath_tunnel_id tunnel,
                                 uint64_t now_us) {
  REFUSE_IF(now_us > MPATH_TIME_MAX, MPATH_E_ARGUMENT);
  ENTER(t);
  close_tunnel(t, MPATH_REASON_HOST_REQUEST);
  LEAVE(MPATH_OK);
}

static mpath_status tunnel_info(mpath_instance *instance, mpath_tunnel_id tunnel,
                                mpath_tunnel_info *out) {
  REFUSE_IF(out == NULL, MPATH_E_ARGUMENT);
  REFUSE_IF(SMALL(out, mpath_tunnel_info), MPATH_E_SIZE);
  ENTER(t);
  mpath_tunnel_info info = {
      .state = t->state, .close_reason = t->close_reason, .leg_count = t->leg_count,
      .join_hop = t->join_hop, .held_cells = t->held_count, .peak_held_cells = t->peak_cells,
      .primary = t->leg_count > 0 ? t->primary : 0, .cookie = t->cookie, .ordinal = t->ordinal,
      .held_bytes = held_bytes(t), .peak_held_bytes = t->peak_bytes, .cells_sent = t->sent,
      .cells_received = t->received, .cells_delivered = t->delivered,
      .switches_received = t->switches, .next_deadline_us = deadline(t)};
  for (uint32_t i = 0; i < t->leg_count; i++) {
    info.unlinked_count += t->legs[i].state <= MPATH_LEG_UNLINKED;
    info.linked_count += t->legs[i].state == MPATH_LEG_LINKED;
  }
  FILL(out, info);
  LEAVE(MPATH_OK);
}

static mpath_status tunnel_detail(mpath_instance *instance, mpath_tunnel_id tunnel,
                                  mpath_detail *out) {
  REFUSE_IF(out == NULL, MPATH_E_ARGUMENT);
  REFUSE_IF(SMALL(out, mpath_detail), MPATH_E_SIZE);
  ENTER(t);
  FILL(out, t->detail);
  LEAVE(MPATH_OK);
}

static mpath_status tunnel_snapshot(mpath_instance *instance, mpath_tunnel_id tunnel,
                                    mpath_leg_summaries *out) {
  REFUSE_IF(out == NULL || (out->items == NULL && out->capacity > 0), MPATH_E_ARGUMENT);
  REFUSE_IF(out->capacity > 0 && out->stride < sizeof(mpath_leg_summary), MPATH_E_SIZE);
  ENTER(t);
  for (uint32_t i = 0; i < t->leg_count && i < out->capacity; i++) {
    const struct leg *leg = &t->legs[i];
    const mpath_leg_summary one = {leg->id,      leg->cookie, leg->last_hop_tag, leg->state,
                                   leg->ordinal, leg->hops,   leg->id == t->primary};
    memcpy((char *)out->items + i * out->stride, &one, sizeof one);
  }
  out->count = t->leg_count;
  LEAVE(MPATH_OK);
}

#include "old_plugin_legs.inc"
#include "old_plugin_cells.inc"

static const mpath_plugin_table table = {
    .struct_size = sizeof table,
    .signalling = {0, 0, 0x78},                      /* 19 to 22 */
    .sequenced = {0x1e, 0x18, 0, 0, 0, 0x18},        /* 1 to 4, 11, 12, 43, 44 */
    .status_text = status_text, .reason_text = reason_text, .log_text = log_text,
    .get_extension = get_extension, .config_check = config_check,
    .instance_open = instance_open, .instance_close = instance_close,
    .instance_reload = instance_reload, .instance_tick = instance_tick,
    .instance_info = instance_info, .instance_drain_log = instance_drain_log,
    .instance_shed = instance_shed, .tunnel_create = tunnel_create,
    .tunnel_destroy = tunnel_destroy, .tunnel_close = tunnel_close, .tunnel_info = tunnel_info,
    .tunnel_detail = tunnel_detail, .tunnel_snapshot = tunnel_snapshot,
    .tunnel_activity = tunnel_activity, .leg_set_path = leg_set_path, .legs_add = legs_add,
    .link = link_legs, .leg_remove = leg_remove, .leg_take_single = leg_take_single,
    .leg_single = leg_single, .leg_info = leg_info,
    .leg_uses_stream_sendme = leg_uses_stream_sendme, .padding_event = padding_event,
    .route = route, .can_read = can_read, .receive = receive, .drain = drain, .poll = poll_tunnel};

mpath_status mpath_plugin_negotiate(mpath_negotiation *io) {
  REFUSE_IF(io == NULL, MPATH_E_ARGUMENT);
  REFUSE_IF(SMALL(io, mpath_negotiation), MPATH_E_SIZE);
  REFUSE_IF(io->magic != MPATH_NEGOTIATION_MAGIC || io->reserved != 0, MPATH_E_ARGUMENT);
  io->plugin_major_min = io->plugin_major_max = 1;
  REFUSE_IF(io->host_major_min > 1 || io->host_major_max < 1, MPATH_E_VERSION);
  io->major = 1;
  io->minor = 0;
  io->table = &table;
  io->plugin_name = "old plugin";
  io->plugin_version = "1.0";
  return MPATH_OK;
}
