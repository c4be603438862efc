/* plugin_side.c - where each call of the ABI goes in an event loop. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "event_loop_host.h"

enum { HOPS = 3, JOIN_HOP = HOPS - 1, BATCH = 32 };

struct held_cell {
  struct frame frame;
};

static const char yaml[] = "version: 1\n"
                           "conflux: {profile: fast, scheduler: low_rtt}\n";

void load_plugin(struct host *host, const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* check the file before: SECURITY.md */
  if (library == NULL) fail(path, dlerror());
  mpath_negotiate_fn negotiate;
  *(void **)&negotiate = dlsym(library, MPATH_NEGOTIATE_SYMBOL);
  mpath_negotiation io = {.struct_size = sizeof io,
                          .host_major_min = MPATH_ABI_MAJOR,
                          .host_major_max = MPATH_ABI_MAJOR,
                          .magic = MPATH_NEGOTIATION_MAGIC};
  if (negotiate == NULL || negotiate(&io) != MPATH_OK) fail(path, "no plugin for this ABI");
  host->table = io.table;
  char words[4096] = ""; /* for a bad configuration only */
  mpath_text diagnostics = {words, sizeof words, 0};
  const mpath_config_text config = {sizeof config, sizeof yaml - 1, yaml, "event_loop_host"};
  const mpath_status status = host->table->instance_open(&config, &diagnostics, &host->instance);
  if (status != MPATH_OK)
    fail("configuration", words[0] ? words : host->table->status_text(status));
}

/* A bad file changes nothing: the old configuration stays. New tunnels get the new one. */
void reload_plugin(struct host *host) {
  char words[4096] = "";
  mpath_text diagnostics = {words, sizeof words, 0};
  const mpath_config_text config = {sizeof config, sizeof yaml - 1, yaml, "event_loop_host"};
  const mpath_status status = host->table->instance_reload(host->instance, &config, &diagnostics);
  const char *what = words[0] ? words : host->table->status_text(status);
  fprintf(stderr, "reload: %s\n", status == MPATH_OK ? "done" : what);
}

/* What a status means for the tunnel. True: go on. */
static bool check(struct host *host, const char *call, mpath_status status, uint32_t reason) {
  if (status >= 0) return true;
  if (status <= MPATH_E_NO_MEMORY && status > MPATH_E_POISONED) return false; /* later, or less */
  if (status > MPATH_E_PROTOCOL) fail(call, host->table->status_text(status)); /* our bug */
  /* The peer's fault, or the plugin's: the tunnel is over, the process is not. */
  if (host->state == HOST_LOST) return false; /* said */
  fprintf(stderr, "tunnel lost: %s\n",
          reason != 0 ? host->table->reason_text(reason) : host->table->status_text(status));
  host->state = HOST_LOST;
  return false;
}

static uint32_t backlog(const struct host *host) {
  if (!host->ready) return 0;
  return host->wanted == 0 ? BATCH : host->wanted - host->sent;
}

static mpath_leg_views look(const struct host *host, mpath_leg_view views[LEGS]) {
  uint32_t count = 0;
  for (int i = 0; i < LEGS; i++) {
    const struct leg *leg = &host->legs[i];
    if (!leg->alive) continue;
    views[count++] = (mpath_leg_view){.leg = leg->id,
                                      .flags = leg->queued > 0 ? MPATH_VIEW_CHANNEL_BLOCKED : 0,
                                      .cwnd = CWND,
                                      .inflight = leg->inflight,
                                      .ewma_rtt_us = leg->rtt_us,
                                      .last_rtt_us = leg->rtt_us,
                                      .channel_queue = leg->queued,
                                      .half_stream_expiry_us = MPATH_NEVER,
                                      .disused_since_us = MPATH_NEVER,
                                      .open_streams = host->ready ? 1 : 0};
  }
  return (mpath_leg_views){views, count, sizeof *views, backlog(host), 0};
}

void open_tunnel(struct host *host) {
  static const mpath_hop hops[LEGS][HOPS] = {
      {{1, MPATH_HOP_RELAY, 0}, {2, MPATH_HOP_RELAY, 0}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}},
      {{3, MPATH_HOP_RELAY, 0}, {4, MPATH_HOP_RELAY, 0}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};
  mpath_leg_params legs[LEGS];
  for (int i = 0; i < LEGS; i++) {
    const mpath_path path = {hops[i], HOPS, sizeof(mpath_hop), CWND, SENDME_INC};
    legs[i] = (mpath_leg_params){sizeof legs[i], 0, (uint64_t)i, path};
    host->legs[i].alive = true;
  }
  uint8_t seed[MPATH_SEED_LEN];
  if (getrandom(seed, sizeof seed, 0) != sizeof seed) fail("getrandom", "no random bytes");
  const mpath_tunnel_params params = {.struct_size = sizeof params, .role = MPATH_ROLE_CLIENT,
                                      .seed = seed, .first_leg = &legs[0]};
  const mpath_plugin_table *mp = host->table;
  check(host, "tunnel_create",
        mp->tunnel_create(host->instance, &params, &host->tunnel, &host->legs[0].id), 0);
  explicit_bzero(seed, sizeof seed);
  const mpath_leg_view view = {.leg = host->legs[0].id, .half_stream_expiry_us = MPATH_NEVER,
                               .disused_since_us = MPATH_NEVER};
  const mpath_leg_views views = {&view, 1, sizeof view, 0, 0};
  check(host, "legs_add",
        mp->legs_add(host->instance, host->tunnel, &legs[1], LEGS - 1, sizeof *legs, &views,
                     &host->legs[1].id), 0);
  check(host, "link", mp->link(host->instance, host->tunnel, now_us()), 0);
}

static void send_control(int leg, const mpath_control_cell *cell) {
  struct frame frame = {.command = cell->command, .length = (uint8_t)cell->length};
  memcpy(frame.body, cell->body, cell->length);
  send_frame(leg, &frame);
}

/* Sends what one grant allows; false: nothing for now. The grant is a commitment (MPATH-H-5). */
static bool send_batch(struct host *host) {
  const uint32_t waiting = backlog(host);
  if (waiting == 0 || host->state != HOST_OPEN) return false;
  mpath_leg_view views[LEGS];
  const mpath_leg_views all = look(host, views);
  const mpath_route_request request = {.struct_size = sizeof request, .command = DATA,
                                       .hop = JOIN_HOP, .want = waiting < BATCH ? waiting : BATCH};
  mpath_grant grant = {.struct_size = sizeof grant};
  const mpath_status status =
      host->table->route(host->instance, host->tunnel, &request, &all, now_us(), &grant);
  if (!check(host, "route", status, 0) || status == MPATH_BLOCKED) return false;
  struct leg *leg = &host->legs[grant.leg_cookie];
  if (grant.has_first) send_control((int)grant.leg_cookie, &grant.first);
  for (uint32_t i = 0; i < grant.granted; i++) {
    const struct frame cell = {.command = DATA, .number = host->sent++};
    send_frame((int)grant.leg_cookie, &cell);
    if (++leg->sent % SENDME_INC == 0)
      leg->sent_us[leg->sent / SENDME_INC % (CWND / SENDME_INC)] = now_us();
  }
  leg->inflight += grant.granted;
  return true;
}

static void deliver(struct host *host, const struct frame *cell) {
  if (cell->number != host->delivered) host->out_of_order++;
  host->delivered++;
}

/* Tokens that are in order now, or to be freed. Whatever has happened, until nothing is left. */
static void drain(struct host *host) {
  mpath_token items[BATCH];
  mpath_tokens tokens = {items, BATCH, sizeof *items, 0, 0};
  do {
    if (!check(host, "drain", host->table->drain(host->instance, host->tunnel, &tokens), 0)) return;
    for (uint32_t i = 0; i < tokens.count; i++) {
      struct held_cell *held = (struct held_cell *)(uintptr_t)items[i].token;
      if (items[i].verdict == MPATH_DELIVER) deliver(host, &held->frame);
      free(held);
    }
  } while (tokens.left);
}

/* Congestion control counts a cell when it arrives, before anybody asks for its order. */
static void note_arrival(struct host *host, int leg, const struct frame *frame) {
  struct leg *it = &host->legs[leg];
  if (frame->command == SENDME) {
    it->inflight -= SENDME_INC;
    it->rtt_us = (uint32_t)(now_us() - it->sent_us[++it->acked % (CWND / SENDME_INC)]);
  } else if (frame->command == DATA && ++it->arrived % SENDME_INC == 0) {
    const struct frame sendme = {.command = SENDME};
    send_frame(leg, &sendme); /* of the leg, not of the tunnel: it is not routed */
  }
}

void receive_frame(struct host *host, int leg, const struct frame *frame) {
  /* A leg that was given up may still speak: its circuit is destroyed, but not everywhere yet. */
  if (host->state != HOST_OPEN || !host->legs[leg].alive) return;
  note_arrival(host, leg, frame);
  struct held_cell *held = malloc(sizeof *held);
  if (held == NULL) fail("memory", "none is left");
  held->frame = *frame;
  const mpath_cell cell = {.struct_size = sizeof cell,
                           .command = frame->command,
                           .hop = JOIN_HOP,
                           .body_length = frame->length,
                           .leg = host->legs[leg].id,
                           .body = frame->body,
                           .token = (uint64_t)(uintptr_t)held,
                           .cost = sizeof *held};
  mpath_receipt receipt = {.struct_size = sizeof receipt};
  const mpath_status status =
      host->table->receive(host->instance, host->tunnel, &cell, now_us(), &receipt);
  if (status == MPATH_HELD) {
    host->held_back++;
    return; /* the token comes back by drain() */
  }
  if (status == MPATH_OK) deliver(host, frame);
  free(held);
  if (status == MPATH_E_NO_MEMORY) fail("memory", "none is left"); /* a gap would follow */
  check(host, "receive", status, receipt.reason);
  if (receipt.ready) drain(host);
}

void lose_leg(struct host *host, int leg, uint32_t reason) {
  if (host->state != HOST_OPEN || !host->legs[leg].alive) return;
  mpath_leg_view views[LEGS];
  const mpath_leg_views all = look(host, views); /* as it was before the loss */
  check(host, "leg_remove",
        host->table->leg_remove(host->instance, host->tunnel, host->legs[leg].id,
                                reason, &all, now_us()), 0);
  host->legs[leg].alive = false;
}

/* True if it has changed something: then poll again. */
static bool handle_event(struct host *host, const mpath_event *event) {
  const int leg = (int)event->leg_cookie;
  switch (event->kind) {
    case MPATH_EVENT_SEND_CELL: send_control(leg, &event->cell); return true;
    case MPATH_EVENT_READY: host->ready = true; return true;
    case MPATH_EVENT_READ_STREAMS: return send_batch(host);
    case MPATH_EVENT_REMOVE_LEG: /* and DESTROY its circuit */
      lose_leg(host, leg, event->reason);
      return true;
    case MPATH_EVENT_LEG_GONE: host->legs[leg].alive = false; return true;
    case MPATH_EVENT_CLOSED:
      if (event->reason != MPATH_REASON_HOST_REQUEST)
        check(host, "poll", MPATH_E_CLOSED, event->reason);
      if (host->state == HOST_OPEN) host->state = HOST_CLOSED;
      return true;
    default: return false; /* unknown ones: as if they had not been told (MPATH-H-24) */
  }
}

uint64_t take_turn(struct host *host) {
  static mpath_event items[MPATH_EVENTS_MAX];
  mpath_events events = {items, MPATH_EVENTS_MAX, sizeof *items, 0, 0, MPATH_NEVER};
  bool again = true;
  while (again) {
    mpath_leg_view views[LEGS];
    const mpath_leg_views all = look(host, views);
    const mpath_status status =
        host->table->poll(host->instance, host->tunnel, &all, now_us(), &events);
    again = false;
    if (status < 0) check(host, "poll", status, 0);
    if (status < 0) break;
    for (uint32_t i = 0; i < events.count; i++) again = handle_event(host, &items[i]) || again;
    drain(host);
  }
  return events.next_deadline_us;
}

/* Housekeeping of the instance, and what it has to say. */
uint64_t serve_instance(struct host *host) {
  if (now_us() < host->tick_us) return host->tick_us;
  host->table->instance_tick(host->instance, now_us(), &host->tick_us);
  mpath_log_record items[BATCH];
  mpath_log_records records = {items, BATCH, sizeof *items, 0, 0, 0};
  do {
    if (host->table->instance_drain_log(host->instance, &records) != MPATH_OK) break;
    for (uint32_t i = 0; i < records.count; i++)
      if (items[i].level <= MPATH_LOG_WARN)
        fprintf(stderr, "tunnel %llu: %s\n", (unsigned long long)items[i].tunnel_ordinal,
                host->table->log_text(items[i].event));
  } while (records.left);
  return host->tick_us;
}

bool is_done(const struct host *host) {
  return host->wanted != 0 && host->delivered == host->wanted;
}

/* In this order: close, drain, poll (circuits are destroyed on CLOSED), destroy, close. */
void close_tunnel(struct host *host) {
  const mpath_plugin_table *mp = host->table;
  mp->tunnel_close(host->instance, host->tunnel, now_us());
  drain(host);
  take_turn(host);
  check(host, "tunnel_destroy", mp->tunnel_destroy(host->instance, host->tunnel), 0);
  check(host, "instance_close", mp->instance_close(host->instance), 0);
  printf("sent %u, back in order %u, held back %u; leg 1 carried %u, leg 2 %u\n",
         (unsigned)host->sent, (unsigned)host->delivered, (unsigned)host->held_back,
         (unsigned)host->legs[0].sent, (unsigned)host->legs[1].sent);
  if (host->out_of_order > 0) fail("stream", "cells were delivered out of order");
}
