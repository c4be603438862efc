/* minimal_host.c - the smallest host of a multipath plugin, to copy from.
 *
 * It has everything that a proxy has towards the plugin, and no network: two circuits ("legs") of
 * three hops end at the same far end, which is the two functions far_end_*(), and time is a
 * variable.
 * Read it from main(). What your proxy must bring instead of the toys is marked YOURS.
 *
 *   gcc -std=c11 -Wall -Wextra -Werror -I host_api/include minimal_host.c -o minimal_host
 *   ./minimal_host /usr/lib/mpath/conflux.so
 */
#include <dlfcn.h>
#include <mpath/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEGIN = 1, DATA = 2, LINK = 19, LINKED = 20, LINKED_ACK = 21, SWITCH = 22 };
enum { LEGS = 2, HOPS = 3, JOIN_HOP = HOPS - 1 };

struct leg { /* YOURS: the circuit. The plugin names it by id, and echoes the cookie (its index). */
  mpath_leg_id id;
  uint32_t cwnd, inflight, rtt_us; /* congestion control is the host's */
  mpath_control_cell link;         /* toy: the LINK that the far end got over it */
};

static const mpath_plugin_table *mp;
static mpath_instance *instance;
static mpath_tunnel_id tunnel;
static struct leg legs[LEGS];
static uint64_t now_us = 1000000; /* YOURS: CLOCK_MONOTONIC */

/* Negative statuses below -199 are the peer's or the machine's fault; the others are our bugs. */
static mpath_status check(const char *what, mpath_status status) {
  if (status >= 0) return status;
  fprintf(stderr, "minimal_host: %s: %s\n", what, mp->status_text(status));
  exit(1);
}

static const char *const names[256] = {
    [BEGIN] = "BEGIN",   [DATA] = "DATA",           [LINK] = "LINK",
    [LINKED] = "LINKED", [LINKED_ACK] = "LINKED_ACK", [SWITCH] = "SWITCH"};

/* What we know of our legs now. Cheap: it is borrowed, and made anew for each call. */
static mpath_leg_views look(mpath_leg_view views[LEGS], uint32_t backlog) {
  memset(views, 0, LEGS * sizeof *views);
  for (int i = 0; i < LEGS; i++) {
    views[i].leg = legs[i].id;
    views[i].cwnd = legs[i].cwnd;
    views[i].inflight = legs[i].inflight;
    views[i].ewma_rtt_us = views[i].last_rtt_us = legs[i].rtt_us;
    views[i].half_stream_expiry_us = views[i].disused_since_us = MPATH_NEVER;
  }
  return (mpath_leg_views){views, LEGS, sizeof *views, backlog, 0};
}

/* YOURS: encrypt for cell->hop, stream id 0, and put it on the leg's channel at once. */
static void send_control(uint64_t leg, const mpath_control_cell *cell) {
  printf("  send  %-10s on leg %d, %u bytes\n", names[cell->command], (int)leg + 1,
         (unsigned)cell->length);
  if (cell->command == LINK) legs[leg].link = *cell; /* toy: the far end has it */
}

/* The heart of a host: after every call that may have results, do what the plugin says. */
static void pump(void) {
  static mpath_event items[MPATH_EVENTS_MAX];
  mpath_leg_view views[LEGS];
  mpath_events events = {items, MPATH_EVENTS_MAX, sizeof *items, 0, 0, MPATH_NEVER};
  uint32_t done;
  do {
    mpath_leg_views all = look(views, 0); /* YOURS: how many cells wait for a leg */
    check("poll", mp->poll(instance, tunnel, &all, now_us, &events));
    done = 0;
    for (uint32_t i = 0; i < events.count; i++) {
      const mpath_event *e = &items[i];
      const int leg = (int)e->leg_cookie + 1;
      switch (e->kind) {
        case MPATH_EVENT_SEND_CELL: send_control(e->leg_cookie, &e->cell); break;
        case MPATH_EVENT_LINK_RESULT:
          printf("  event leg %d linked: %s, RTT %u ms\n", leg, e->reason == 0 ? "yes" : "no",
                 (unsigned)(e->value / 1000));
          break;
        case MPATH_EVENT_READY: printf("  event ready: streams may be opened\n"); break;
        case MPATH_EVENT_LEG_GONE:
          printf("  event leg %d gone: %s\n", leg, mp->reason_text(e->reason));
          break;
        case MPATH_EVENT_CLOSED: printf("  event closed: %s\n", mp->reason_text(e->reason)); break;
        /* YOURS: REMOVE_LEG, PADDING, HANDLE_CELL, READ_STREAMS, PRESSURE, ... An unknown one is
         * as if it had not been told, though it may be told again and again (MPATH-H-24). */
        default: continue;
      }
      done++;
    }
  } while (done > 0); /* YOURS: then sleep until input, or events.next_deadline_us */
}

/* Cells of a stream want to go. The grant is binding: what it grants must now be sent. */
static void send_cells(unsigned command, uint32_t want) {
  mpath_leg_view views[LEGS];
  mpath_leg_views all = look(views, want);
  mpath_route_request request = {
      .struct_size = sizeof request, .command = (uint8_t)command, .hop = JOIN_HOP, .want = want};
  mpath_grant grant = {.struct_size = sizeof grant};
  mpath_status status =
      check("route", mp->route(instance, tunnel, &request, &all, now_us, &grant));
  if (status == MPATH_BLOCKED) {
    printf("  route %u %s: wait, %s\n", (unsigned)want, names[command],
           mp->reason_text(grant.reason));
    return;
  }
  if (grant.has_first) send_control(grant.leg_cookie, &grant.first);
  printf("  route %u %s: %u on leg %d\n", (unsigned)want, names[command],
         (unsigned)grant.granted, (int)grant.leg_cookie + 1);
  if (command == DATA) legs[grant.leg_cookie].inflight += grant.granted;
}

/* Cells that we held back and that are in order now, or are to be freed because of a close. */
static void drain(void) {
  mpath_token items[4];
  mpath_tokens tokens = {items, 4, sizeof *items, 0, 0};
  do {
    check("drain", mp->drain(instance, tunnel, &tokens));
    for (uint32_t i = 0; i < tokens.count; i++)
      printf("  -> %s \"%s\"\n", items[i].verdict == MPATH_DELIVER ? "deliver" : "free",
             (const char *)(uintptr_t)items[i].token);
  } while (tokens.left);
}

/* A relay cell came over a leg and was decrypted. `text` stands for the cell in our memory; its
 * address is the token by which the plugin orders it. */
static void receive_cell(int leg, unsigned command, const uint8_t *body, size_t length,
                         const char *text) {
  mpath_cell cell = {.struct_size = sizeof cell,
                     .command = (uint8_t)command,
                     .hop = JOIN_HOP,
                     .body_length = (uint16_t)length,
                     .leg = legs[leg].id,
                     .body = body,
                     .token = (uint64_t)(uintptr_t)text,
                     .cost = 514};
  mpath_receipt receipt = {.struct_size = sizeof receipt};
  mpath_status status = mp->receive(instance, tunnel, &cell, now_us, &receipt);
  if (status < 0) { /* a peer that breaks the protocol: reason says how; see README.md */
    printf("  recv  refused: %s\n", mp->reason_text(receipt.reason));
    exit(1);
  }
  printf("  recv  %-10s on leg %d: %s\n", names[command], leg + 1,
         status == MPATH_HELD       ? "held back, an earlier one is missing"
         : status == MPATH_CONSUMED ? "for the plugin"
                                    : "in order");
  if (status == MPATH_OK || status == MPATH_PASS) printf("  -> deliver \"%s\"\n", text);
  drain();
  pump();
}

/* The far end answers LINK with LINKED: same version and nonce, nothing sent or received so far,
 * and what it wishes itself (1: low latency). Spec: prop329 [LINKED]. */
static void far_end_answers(int leg) {
  uint8_t body[50] = {0};
  memcpy(body, legs[leg].link.body, 33);
  body[49] = 1;
  receive_cell(leg, LINKED, body, sizeof body, NULL);
}

static void far_end_switches(int leg, uint8_t skipped) {
  const uint8_t body[4] = {0, 0, 0, skipped};
  receive_cell(leg, SWITCH, body, sizeof body, NULL);
}

static void load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* YOURS: check the file before; README.md */
  if (library == NULL) {
    fprintf(stderr, "minimal_host: %s\n", dlerror());
    exit(1);
  }
  mpath_negotiate_fn negotiate;
  *(void **)&negotiate = dlsym(library, MPATH_NEGOTIATE_SYMBOL);
  mpath_negotiation io = {.struct_size = sizeof io,
                          .host_major_min = MPATH_ABI_MAJOR,
                          .host_major_max = MPATH_ABI_MAJOR,
                          .magic = MPATH_NEGOTIATION_MAGIC};
  if (negotiate == NULL || negotiate(&io) != MPATH_OK) {
    fprintf(stderr, "minimal_host: %s is no multipath plugin for ABI %u\n", path, MPATH_ABI_MAJOR);
    exit(1);
  }
  mp = io.table;
  printf("loaded %s, ABI %u.%u\n", io.plugin_name, (unsigned)io.major, (unsigned)io.minor);
}

static void open_tunnel(void) {
  static const char yaml[] = "version: 1\n"
                             "conflux: {profile: fast, scheduler: low_rtt}\n"; /* YOURS: a file */
  char words[1024] = "";
  mpath_text diagnostics = {words, sizeof words, 0};
  mpath_config_text config = {sizeof config, sizeof yaml - 1, yaml, "minimal_host"};
  const mpath_status opened = mp->instance_open(&config, &diagnostics, &instance);
  if (opened != MPATH_OK) { /* there are words for a bad configuration only */
    fprintf(stderr, "minimal_host: %s\n", words[0] ? words : mp->status_text(opened));
    exit(1);
  }
  /* Relays are numbers that we choose: 1, 2, 3, 4, and 9 where both legs end. */
  static const mpath_hop hops[LEGS][HOPS] = {
      {{1, MPATH_HOP_RELAY, 0}, {2, MPATH_HOP_RELAY, 0}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}},
      {{3, MPATH_HOP_RELAY, 0}, {4, MPATH_HOP_RELAY, 0}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};
  mpath_leg_params params[LEGS];
  for (int i = 0; i < LEGS; i++) {
    mpath_path path = {hops[i], HOPS, sizeof(mpath_hop), 124, 31};
    params[i] = (mpath_leg_params){sizeof params[i], 0, (uint64_t)i, path};
  }
  static const uint8_t seed[MPATH_SEED_LEN] = {42}; /* YOURS: from a CSPRNG, else no one is safe */
  mpath_tunnel_params first = {.struct_size = sizeof first, .role = MPATH_ROLE_CLIENT,
                               .seed = seed, .first_leg = &params[0]};
  check("tunnel_create", mp->tunnel_create(instance, &first, &tunnel, &legs[0].id));
  mpath_leg_view views[LEGS];
  mpath_leg_views all = look(views, 0);
  check("legs_add", mp->legs_add(instance, tunnel, &params[1], LEGS - 1, sizeof *params, &all,
                                 &legs[1].id));
}

int main(int argc, char **argv) {
  if (argc != 2 || argv[1][0] != '/') {
    fprintf(argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr,
            "usage: minimal_host /absolute/path/to/conflux.so\n"
            "Loads a multipath plugin, links two legs to a far end in memory, sends cells over\n"
            "both, receives cells out of order, and prints what the plugin decides.\n");
    return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }
  load(argv[1]);
  printf("two circuits with the same last hop become one tunnel\n");
  open_tunnel();

  printf("handshake: the far end answers after 10 ms on leg 1, after 25 ms on leg 2\n");
  check("link", mp->link(instance, tunnel, now_us));
  pump();
  now_us += 10000;
  far_end_answers(0);
  now_us += 15000;
  far_end_answers(1);

  printf("sending: each leg has room for 4 cells\n");
  legs[0].cwnd = legs[1].cwnd = 4;
  legs[0].rtt_us = 10000;
  legs[1].rtt_us = 25000;
  send_cells(BEGIN, 1);
  send_cells(DATA, 6);
  send_cells(DATA, 2);
  send_cells(DATA, 9);
  send_cells(DATA, 9);

  printf("receiving: cells 1 and 2 on leg 1 are slower than 3 and 4 on leg 2\n");
  far_end_switches(1, 2);
  receive_cell(1, DATA, NULL, 0, "three");
  receive_cell(1, DATA, NULL, 0, "four");
  receive_cell(0, DATA, NULL, 0, "one");
  receive_cell(0, DATA, NULL, 0, "two");

  printf("closing while a cell is held back\n");
  far_end_switches(1, 1);
  receive_cell(1, DATA, NULL, 0, "six");
  check("tunnel_close", mp->tunnel_close(instance, tunnel, now_us));
  drain();
  pump();
  check("tunnel_destroy", mp->tunnel_destroy(instance, tunnel));
  check("instance_close", mp->instance_close(instance));
  return 0;
}
