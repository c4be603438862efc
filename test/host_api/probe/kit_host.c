/* kit_host.c - a careful host in memory, and the same with one mistake: to test what tests hosts.
 *
 * usage: kit_host PLUGIN [MISTAKE [CONFIGURATION]]    main() lists the mistakes
 * Two legs, a far end that answers LINK at once, cells that overtake each other. Exits with 0 if it
 * came to its end, whatever its mistake; with 1 if the plugin would not work at all, or shed nothing.
 */
#define _GNU_SOURCE /* pthread_barrier_t, fork */
#include <dlfcn.h>
#include <mpath/plugin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BEGIN = 1, DATA = 2, SENDME = 5, LINK = 19, LINKED = 20, SWITCH = 22 };
enum { LEGS = 2, HOPS = 3, JOIN_HOP = 2, ROUNDS = 2 };
#define STEP_US 10000u

struct leg {
  mpath_leg_id id;
  uint64_t data_sent;
  uint32_t inflight;
  int gone;
};

static const mpath_plugin_table *mp;
static mpath_instance *instance;
static mpath_tunnel_id tunnel;
static struct leg legs[LEGS];
static uint64_t now_us = 7000000, deadline_us;
static int over;    /* the tunnel has closed */
static int joined;  /* the second leg is there */
static int ready;   /* READY was told */
static uint8_t round_number;
static const char *mistake = "", *configuration = "";

static int makes(const char *name) { return strcmp(mistake, name) == 0; }

/* Section 1 of ABI.md: what each family of statuses asks for. */
static mpath_status take(mpath_status status) {
  const int protocol = status <= MPATH_E_PROTOCOL && status > MPATH_E_NO_MEMORY;
  const int known = status == MPATH_E_PROTOCOL || status == MPATH_E_CLOSED;
  if (protocol && (known || !makes("goes_on_after_unknown_status"))) over = 1;
  if (status <= MPATH_E_POISONED) over = 1;
  return status;
}

static uint64_t tick(void) {
  if (makes("clock_steps_back") && joined) return now_us -= STEP_US;
  return now_us += STEP_US;
}

static mpath_leg_views look(uint32_t backlog) {
  static _Thread_local mpath_leg_view views[LEGS];
  uint32_t count = 0;
  memset(views, 0, sizeof views);
  for (int i = 0; i < (joined ? LEGS : 1); i++) {
    if (legs[i].gone || (i == 1 && makes("leg_without_view"))) continue;
    mpath_leg_view *view = &views[count++];
    view->leg = legs[i].id;
    view->cwnd = 20;
    view->inflight = legs[i].inflight;
    view->data_sent = legs[i].data_sent;
    view->ewma_rtt_us = view->last_rtt_us = 20000;
    view->half_stream_expiry_us = view->disused_since_us = MPATH_NEVER;
    if (makes("reserved_field_set")) view->reserved = 1;
  }
  return (mpath_leg_views){views, count, sizeof *views, backlog, 0};
}

static void drain(void) {
  mpath_token items[3];
  mpath_tokens out = {items, 3, sizeof *items, 0, 0};
  if (makes("never_drains")) return;
  do {
    if (take(mp->drain(instance, tunnel, &out)) < 0) return;
  } while (out.left != 0);
}

static void receive(int leg, uint8_t command, const uint8_t *body, uint16_t length, uint64_t token);

/* What the far end got on each leg. */
static mpath_control_cell sent[LEGS];

static void take_event(const mpath_event *event) {
  const uint64_t leg = event->leg_cookie;
  switch (event->kind) {
    case MPATH_EVENT_SEND_CELL:
      if (!makes("ignores_send_cell") && event->cell.command == LINK) sent[leg] = event->cell;
      break;
    case MPATH_EVENT_READY: ready = 1; break;
    case MPATH_EVENT_LEG_GONE: legs[leg].gone = 1; break;
    case MPATH_EVENT_CLOSED:
      if (!makes("routes_after_closed")) over = 1;
      break;
    default: break; /* unknown ones too */
  }
}

static void poll_once(mpath_events *out) {
  mpath_leg_views views = look(0);
  if (take(mp->poll(instance, tunnel, &views, now_us, out)) < 0) out->count = 0;
  for (uint32_t i = 0; i < out->count; i++) take_event(&out->items[i]);
  if (out->next_deadline_us != MPATH_NEVER) deadline_us = out->next_deadline_us;
}

static void pump(void) {
  static mpath_event items[MPATH_EVENTS_MAX];
  mpath_events out = {items, MPATH_EVENTS_MAX, sizeof *items, 0, 0, MPATH_NEVER};
  if (makes("never_polls_again") && joined && round_number > 0) return;
  do poll_once(&out);
  while (out.count > 0);
  for (int leg = 0; leg < LEGS; leg++) {
    if (sent[leg].length == 0) continue;
    uint8_t body[50] = {0};
    memcpy(body, sent[leg].body, 33);
    body[49] = 1;
    sent[leg].length = 0;
    receive(leg, LINKED, makes("body_missing") ? NULL : body, sizeof body, 0);
  }
}

static void receive(int leg, uint8_t command, const uint8_t *body, uint16_t length,
                    uint64_t token) {
  if (over || legs[leg].gone) return;
  mpath_cell cell = {sizeof cell, command, JOIN_HOP, length, legs[leg].id, body, token, 514, 0};
  mpath_receipt receipt;
  memset(&receipt, makes("no_mistake_but_sets_no_answers") ? 0xA5 : 0, sizeof receipt);
  receipt.struct_size = sizeof receipt;
  mpath_status status = take(mp->receive(instance, tunnel, &cell, tick(), &receipt));
  for (int again = 0; status == MPATH_E_NO_MEMORY && again < 3; again++) {
    if (makes("drops_a_cell_without_memory")) return;
    status = take(mp->receive(instance, tunnel, &cell, tick(), &receipt));
  }
  if (makes("never_drains") || makes("never_polls_again")) now_us += 5000000;
  drain();
  pump();
}

static void send_cells(uint8_t command, uint32_t want) {
  if (over || (!ready && !makes("stream_before_ready"))) return;
  const mpath_route_request request = {sizeof request, command, JOIN_HOP, 0, 0, want, 0};
  mpath_leg_views views = look(want);
  mpath_grant grant;
  memset(&grant, makes("no_mistake_but_sets_no_answers") ? 0x5A : 0, sizeof grant);
  grant.struct_size = makes("small_struct") ? 8 : sizeof grant;
  if (take(mp->route(instance, tunnel, &request, &views, tick(), &grant)) != MPATH_OK) return;
  if (command == DATA && grant.leg_cookie < LEGS) {
    legs[grant.leg_cookie].inflight += grant.granted;
    legs[grant.leg_cookie].data_sent += grant.granted;
  }
  pump();
}

static mpath_leg_params leg_params(int leg) {
  static mpath_hop hops[LEGS][HOPS] = {
      {{1, MPATH_HOP_RELAY, 0}, {2, MPATH_HOP_RELAY, 0}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}},
      {{3, MPATH_HOP_RELAY, 0}, {4, MPATH_HOP_RELAY, 0}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};
  if (makes("equal_tags")) hops[1][1].relay_tag = 3;
  const uint32_t flags = leg == 1 && makes("joined_circuit") ? MPATH_LEG_EVER_JOINED : 0;
  const mpath_path path = {hops[leg], HOPS, sizeof(mpath_hop), 124, 31};
  return (mpath_leg_params){sizeof(mpath_leg_params), flags, (uint64_t)leg, path};
}

static int open_tunnel(void) {
  uint8_t seed[MPATH_SEED_LEN];
  for (int i = 0; i < (int)MPATH_SEED_LEN; i++) {
    seed[i] = makes("equal_seeds") ? (uint8_t)i : (uint8_t)(i * 7 + round_number);
  }
  memset(legs, 0, sizeof legs);
  memset(sent, 0, sizeof sent);
  over = joined = ready = 0;
  const mpath_leg_params first = leg_params(0), second = leg_params(1);
  const mpath_tunnel_params params = {sizeof params, MPATH_ROLE_CLIENT, 5, seed, &first};
  if (mp->tunnel_create(instance, &params, &tunnel, &legs[0].id) != MPATH_OK) return 0;
  mpath_leg_views views = look(0);
  if (take(mp->legs_add(instance, tunnel, &second, 1, sizeof second, &views, &legs[1].id)) < 0) {
    return 1; /* it lives on with one leg */
  }
  joined = 1;
  if (makes("stream_before_ready")) send_cells(BEGIN, 1);
  take(mp->link(instance, tunnel, tick()));
  pump();
  return 1;
}

/* Two threads in one tunnel at a time: a plugin that lingers in tunnel_activity sees both. */
static pthread_barrier_t barrier;
static void *ask_in_thread(void *unused) {
  (void)unused;
  mpath_activity activity = {.struct_size = sizeof activity};
  mpath_leg_views views = look(0);
  pthread_barrier_wait(&barrier);
  mp->tunnel_activity(instance, tunnel, &views, &activity);
  return NULL;
}

static void ask_twice_at_once(void) {
  pthread_t threads[2];
  pthread_barrier_init(&barrier, NULL, 2);
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, ask_in_thread, NULL);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&barrier);
}

/* A cell of no stream, which goes back on the leg that it came from. */
static void route_for_a_leg_of_nobody(void) {
  const mpath_route_request request = {sizeof request, SENDME, JOIN_HOP, 0,
                                       legs[0].id + 0x100000, 1, 0};
  mpath_leg_views views = look(0);
  mpath_grant grant = {.struct_size = sizeof grant};
  take(mp->route(instance, tunnel, &request, &views, tick(), &grant));
}

/* Somebody wants the memory back; the owner asks for something else first. */
static void shed_and_ask(void) {
  mpath_tunnel_id victim;
  uint32_t count = 0;
  mpath_leg_info info = {.struct_size = sizeof info};
  mp->instance_shed(instance, UINT64_MAX, &victim, 1, &count);
  if (count != 1 || take(mp->leg_info(instance, tunnel, legs[0].id, &info)) != MPATH_E_STALE) {
    fprintf(stderr, "kit_host: nothing was shed\n");
    exit(1);
  }
}

static void exchange_cells(void) {
  const uint8_t skip_two[4] = {0, 0, 0, 2};
  const int early = makes("frees_held_cells"); /* so their memory, and name, is used again */
  send_cells(BEGIN, 1);
  for (int i = 0; i < 6; i++) send_cells(DATA, 5);
  receive(1, SWITCH, skip_two, sizeof skip_two, 0);
  receive(1, DATA, NULL, 0, 103);
  if (makes("routes_for_a_leg_of_nobody")) route_for_a_leg_of_nobody();
  if (makes("no_mistake_but_sheds")) shed_and_ask();
  receive(1, DATA, NULL, 0, early ? 103 : 104);
  receive(0, DATA, NULL, 0, 101);
  receive(0, DATA, NULL, 0, 102);
  if (deadline_us != 0 && deadline_us < MPATH_NEVER) {
    now_us = deadline_us + (makes("sleeps_past_deadlines") ? 3000000 : 0);
    deadline_us = 0;
    pump();
  }
}

static void end_tunnel(void) {
  mpath_leg_views views = look(0);
  if (!over && !legs[1].gone && joined) {
    take(mp->leg_remove(instance, tunnel, legs[1].id, MPATH_REASON_RETIRED, &views, tick()));
    drain();
    pump();
  }
  if (makes("uses_a_leg_that_is_gone")) {
    legs[1].gone = over = 0;
    receive(1, DATA, NULL, 0, 200);
  }
  if (makes("leaves_tunnels") && round_number > 0) return;
  mp->tunnel_close(instance, tunnel, tick());
  drain();
  if (!over || joined) pump();
  if (makes("routes_after_closed")) send_cells(DATA, 1);
  mp->tunnel_destroy(instance, tunnel);
  if (makes("uses_a_tunnel_that_is_gone")) mp->tunnel_close(instance, tunnel, tick());
}

static int load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  mpath_negotiate_fn negotiate = NULL;
  if (library != NULL) *(void **)&negotiate = dlsym(library, MPATH_NEGOTIATE_SYMBOL);
  mpath_negotiation io = {.struct_size = sizeof io, .host_major_min = MPATH_ABI_MAJOR,
                          .host_major_max = MPATH_ABI_MAJOR, .magic = MPATH_NEGOTIATION_MAGIC};
  if (negotiate == NULL || negotiate(&io) != MPATH_OK) {
    fprintf(stderr, "kit_host: %s: %s\n", path,
            library == NULL ? dlerror() : "no multipath plugin for this ABI");
    return 0;
  }
  mp = io.table;
  return 1;
}

static int run(void) {
  char words[512];
  mpath_text diagnostics = {words, sizeof words, 0};
  const mpath_config_text config = {sizeof config, (uint32_t)strlen(configuration), configuration,
                                    "kit_host"};
  if (mp->instance_open(&config, &diagnostics, &instance) != MPATH_OK) {
    fprintf(stderr, "kit_host: instance_open: %s\n", words);
    return 1;
  }
  for (round_number = 0; round_number < ROUNDS; round_number++) {
    if (!open_tunnel()) continue;
    if (makes("two_threads")) ask_twice_at_once();
    if (makes("forks") && round_number == 1) {
      const pid_t child = fork();
      int status = 0;
      if (child > 0) return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : 1;
    }
    if (!over && joined) exchange_cells();
    end_tunnel();
  }
  mpath_instance_info info = {.struct_size = sizeof info};
  mp->instance_info(instance, &info);
  (void)mp->status_text(MPATH_OK);
  mp->instance_close(instance);
  if (makes("calls_after_close")) {
    mp->instance_info(instance, &info);
    mp->instance_close(instance);
  }
  return 0;
}

int main(int argc, char **argv) {
  static const char *const known[] = {
      "", "never_drains", "never_polls_again", "clock_steps_back", "leg_without_view",
      "reserved_field_set", "small_struct", "ignores_send_cell", "routes_after_closed",
      "goes_on_after_unknown_status", "body_missing", "drops_a_cell_without_memory", "equal_tags",
      "joined_circuit", "equal_seeds", "stream_before_ready", "two_threads", "frees_held_cells",
      "sleeps_past_deadlines", "uses_a_leg_that_is_gone", "uses_a_tunnel_that_is_gone",
      "leaves_tunnels", "forks", "calls_after_close", "routes_for_a_leg_of_nobody",
      "no_mistake_but_sets_no_answers", "no_mistake_but_sheds"};
  size_t i = 0;
  if (argc > 2) mistake = argv[2];
  if (argc > 3) configuration = argv[3];
  while (i < sizeof known / sizeof *known && strcmp(known[i], mistake) != 0) i++;
  if (argc < 2 || i == sizeof known / sizeof *known) {
    fprintf(stderr, "usage: kit_host PLUGIN [MISTAKE [CONFIGURATION]]; mistakes:");
    for (i = 1; i < sizeof known / sizeof *known; i++) fprintf(stderr, " %s", known[i]);
    fprintf(stderr, "\n");
    return 2;
  }
  return load(argv[1]) ? run() : 1;
}
