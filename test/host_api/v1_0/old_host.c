/* old_host.c - a host of ABI version 1.0, kept as it was when that version came out. Later plugins
 * must keep running in it. Do not modernise it: its age is its use.
 *
 * usage: old_host PLUGIN    exits with 0, or says on stderr which expectation failed
 */
#include <dlfcn.h>
#include <mpath/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA = 2, LINKED = 20, SWITCH = 22, HOPS = 3, JOIN_HOP = 2, LEGS = 2 };

#define EXPECT(condition)                                                          \
  do {                                                                             \
    if (!(condition)) {                                                            \
      fprintf(stderr, "old_host.c:%d: expected %s\n", __LINE__, #condition);       \
      exit(1);                                                                     \
    }                                                                              \
  } while (0)

static const mpath_plugin_table *mp;
static mpath_instance *instance;
static mpath_tunnel_id tunnel;
static mpath_leg_id legs[LEGS];
static mpath_leg_params params[LEGS];
static uint64_t now_us = 5000000;
static uint32_t inflight[LEGS], link_results, legs_gone, ready_told, closed_told;
static uint64_t order[16]; /* tokens, as they were delivered */
static uint32_t delivered, discarded;

static mpath_leg_views look(void) {
  static mpath_leg_view views[LEGS];
  memset(views, 0, sizeof views);
  for (int i = 0; i < LEGS; i++) {
    views[i].leg = legs[i];
    views[i].cwnd = 100;
    views[i].inflight = inflight[i];
    views[i].ewma_rtt_us = views[i].last_rtt_us = 20000;
    views[i].half_stream_expiry_us = views[i].disused_since_us = MPATH_NEVER;
  }
  return (mpath_leg_views){views, LEGS, sizeof *views, 0, 0};
}

static mpath_status receive(int leg, uint8_t command, const uint8_t *body, uint16_t length,
                            uint64_t token);

static void drain(void) {
  mpath_token items[2];
  mpath_tokens out = {items, 2, sizeof *items, 0, 0};
  do {
    EXPECT(mp->drain(instance, tunnel, &out) == MPATH_OK);
    for (uint32_t i = 0; i < out.count; i++) {
      if (items[i].verdict == MPATH_DELIVER) order[delivered++] = items[i].token;
      if (items[i].verdict == MPATH_DISCARD) discarded++;
    }
  } while (out.left != 0);
}

/* The far end answers LINK at once: same version and nonce, nothing sent so far. */
static void take_event(const mpath_event *event, mpath_control_cell *links) {
  const uint64_t leg = event->leg_cookie - 70;
  switch (event->kind) {
    case MPATH_EVENT_SEND_CELL:
      EXPECT(leg < LEGS && event->leg == legs[leg] && event->cell.hop == JOIN_HOP);
      if (event->cell.length > 0) links[leg] = event->cell;
      break;
    case MPATH_EVENT_LINK_RESULT:
      EXPECT(event->reason == MPATH_REASON_NONE && event->value == 20000);
      link_results++;
      break;
    case MPATH_EVENT_READY: ready_told++; break;
    case MPATH_EVENT_LEG_GONE: legs_gone++; break;
    case MPATH_EVENT_CLOSED: closed_told++; break;
    default: break;
  }
}

static void pump(void) {
  static mpath_event items[MPATH_EVENTS_MAX];
  mpath_control_cell links[LEGS] = {{0}};
  mpath_events out = {items, MPATH_EVENTS_MAX, sizeof *items, 0, 0, 0};
  do {
    mpath_leg_views views = look();
    EXPECT(mp->poll(instance, tunnel, &views, now_us, &out) == MPATH_OK);
    EXPECT(out.next_deadline_us > now_us);
    for (uint32_t i = 0; i < out.count; i++) take_event(&items[i], links);
  } while (out.count > 0);
  for (int leg = 0; leg < LEGS; leg++) {
    if (links[leg].length == 0) continue;
    uint8_t body[50] = {0};
    memcpy(body, links[leg].body, 33);
    body[49] = 1;
    if (leg == 0) now_us += 20000;
    EXPECT(receive(leg, LINKED, body, sizeof body, 0) == MPATH_CONSUMED);
  }
}

static mpath_status receive(int leg, uint8_t command, const uint8_t *body, uint16_t length,
                            uint64_t token) {
  const mpath_cell cell = {sizeof cell, command, JOIN_HOP, length, legs[leg], body, token, 514, 0};
  mpath_receipt receipt = {sizeof receipt, 9, 9, 0};
  const mpath_status status = mp->receive(instance, tunnel, &cell, now_us, &receipt);
  if (status == MPATH_OK) order[delivered++] = token;
  EXPECT(receipt.ready <= 1);
  drain();
  pump();
  return status;
}

static void load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fprintf(stderr, "old_host: %s\n", dlerror());
  EXPECT(library != NULL);
  mpath_negotiate_fn negotiate;
  *(void **)&negotiate = dlsym(library, MPATH_NEGOTIATE_SYMBOL);
  EXPECT(negotiate != NULL);
  mpath_negotiation io = {.struct_size = sizeof io, .host_major_min = 1, .host_major_max = 1,
                          .magic = MPATH_NEGOTIATION_MAGIC};
  EXPECT(negotiate(&io) == MPATH_OK);
  EXPECT(io.major == 1 && io.table != NULL);
  mp = io.table;
  EXPECT(mp->struct_size >= sizeof *mp);
  printf("old host, %s %s of ABI %u.%u: ", io.plugin_name, io.plugin_version, (unsigned)io.major,
         (unsigned)io.minor);
}

static void open_tunnel(void) {
  static const mpath_hop hops[LEGS][HOPS] = {
      {{11, MPATH_HOP_RELAY, 0}, {12, MPATH_HOP_RELAY, 0}, {19, MPATH_HOP_RELAY, MPATH_CC_VEGAS}},
      {{13, MPATH_HOP_RELAY, 0}, {14, MPATH_HOP_RELAY, 0}, {19, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};
  for (int i = 0; i < LEGS; i++) {
    params[i] = (mpath_leg_params){
        sizeof params[i], 0, 70u + (unsigned)i, {hops[i], HOPS, sizeof(mpath_hop), 124, 31}};
  }
  static const uint8_t seed[MPATH_SEED_LEN] = {1, 2, 3};
  EXPECT(mp->instance_open(NULL, NULL, &instance) == MPATH_OK);
  const mpath_tunnel_params create = {sizeof create, MPATH_ROLE_CLIENT, 4711, seed, &params[0]};
  EXPECT(mp->tunnel_create(instance, &create, &tunnel, &legs[0]) == MPATH_OK);
  mpath_leg_views views = look();
  EXPECT(mp->legs_add(instance, tunnel, &params[1], 1, sizeof *params, &views, &legs[1]) ==
         MPATH_OK);
  EXPECT(mp->link(instance, tunnel, now_us) == MPATH_OK);
  pump();
  EXPECT(ready_told == 1 && link_results == LEGS);
}

static void send_data(void) {
  const mpath_route_request request = {sizeof request, DATA, JOIN_HOP, 0, 0, 3, 0};
  mpath_leg_views views = look();
  mpath_grant grant = {.struct_size = sizeof grant};
  EXPECT(mp->route(instance, tunnel, &request, &views, now_us, &grant) == MPATH_OK);
  EXPECT(grant.granted == 3 && (grant.leg == legs[0] || grant.leg == legs[1]));
  inflight[grant.leg_cookie - 70] += 3;
  for (int i = 0; i < LEGS; i++) inflight[i] = 100;
  views = look();
  EXPECT(mp->route(instance, tunnel, &request, &views, now_us, &grant) == MPATH_BLOCKED);
  EXPECT(grant.granted == 0 && mp->reason_text(grant.reason) != NULL);
}

static void receive_out_of_order(void) {
  const uint8_t skip_two[4] = {0, 0, 0, 2};
  EXPECT(receive(1, SWITCH, skip_two, 4, 0) == MPATH_CONSUMED);
  EXPECT(receive(1, DATA, NULL, 0, 3) == MPATH_HELD);
  EXPECT(receive(1, DATA, NULL, 0, 4) == MPATH_HELD);
  EXPECT(receive(0, DATA, NULL, 0, 1) == MPATH_OK);
  EXPECT(receive(0, DATA, NULL, 0, 2) == MPATH_OK);
  EXPECT(delivered == 4);
  for (uint64_t i = 0; i < 4; i++) EXPECT(order[i] == i + 1);
}

static void finish(void) {
  const uint8_t skip_one[4] = {0, 0, 0, 1};
  EXPECT(receive(1, SWITCH, skip_one, 4, 0) == MPATH_CONSUMED);
  EXPECT(receive(1, DATA, NULL, 0, 6) == MPATH_HELD);
  mpath_tunnel_info info = {.struct_size = sizeof info};
  EXPECT(mp->tunnel_info(instance, tunnel, &info) == MPATH_OK);
  EXPECT(info.state == MPATH_TUNNEL_READY && info.held_cells == 1 && info.cookie == 4711);
  EXPECT(info.cells_delivered == 4 && info.cells_sent == 3 && info.leg_count == LEGS);
  EXPECT(mp->tunnel_destroy(instance, tunnel) == MPATH_E_TOKENS_HELD);
  EXPECT(mp->tunnel_close(instance, tunnel, now_us) == MPATH_OK);
  drain();
  pump();
  EXPECT(discarded == 1 && closed_told == 1 && legs_gone == LEGS && delivered == 4);
  EXPECT(mp->instance_close(instance) == MPATH_E_STATE);
  EXPECT(mp->tunnel_destroy(instance, tunnel) == MPATH_OK);
  EXPECT(mp->tunnel_info(instance, tunnel, &info) == MPATH_E_STALE);
  EXPECT(mp->instance_close(instance) == MPATH_OK);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: old_host /absolute/path/to/plugin.so\n");
    return 2;
  }
  load(argv[1]);
  open_tunnel();
  send_data();
  receive_out_of_order();
  finish();
  printf("ok\n");
  return 0;
}
