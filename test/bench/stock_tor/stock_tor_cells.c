/* What a cell costs in stock tor: its own functions of Conflux, called as its relay code does, on
 * the circuits of an exit. Linked with tor's own library by run.py. Prints lines "WHAT/N NS". */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/or/circuitlist.h"
#include "core/or/conflux.h"
#include "core/or/conflux_st.h"
#include "core/or/congestion_control_common.h"
#include "core/or/congestion_control_st.h"
#include "core/or/or.h"
#include "core/or/or_circuit_st.h"
#include "core/or/relay_msg_st.h"
#include "lib/log/log.h"
#include "lib/smartlist_core/smartlist_core.h"

enum { kLegs = 2, kCells = 4000000, kHeldCells = 1500000, kSets = 100000 };

static uint8_t body[498];
static const relay_msg_t kData = {
    .command = RELAY_COMMAND_DATA, .length = sizeof(body), .stream_id = 1, .body = body};

/* CPU time, as Google Benchmark counts it. */
static double now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void print_and_check(const char* what, long argument, double ns, int good) {
  if (!good) {
    fprintf(stderr, "%s/%ld: tor did not do what was asked of it\n", what, argument);
    exit(1);
  }
  printf("%s/%ld %.2f\n", what, argument, ns);
}

static conflux_t* make_set(void) {
  conflux_t* set = tor_malloc_zero(sizeof(*set));
  set->legs = smartlist_new();
  set->ooo_q = smartlist_new();
  set->params.alg = CONFLUX_ALG_LOWRTT;
  for (int i = 0; i < kLegs; i++) {
    or_circuit_t* circuit = tor_malloc_zero(sizeof(*circuit));
    circuit->base_.magic = OR_CIRCUIT_MAGIC;
    circuit->base_.purpose = CIRCUIT_PURPOSE_OR;
    circuit->base_.conflux = set;
    circuit->base_.ccontrol = tor_malloc_zero(sizeof(*circuit->base_.ccontrol));
    circuit->base_.ccontrol->cwnd = 1000;
    circuit->base_.ccontrol->sendme_inc = 31;
    conflux_leg_t* leg = tor_malloc_zero(sizeof(*leg));
    leg->circ = &circuit->base_;
    leg->circ_rtts_usec = 50000 + 1000 * (unsigned)i;
    smartlist_add(set->legs, leg);
  }
  return set;
}

static conflux_leg_t* leg_of(const conflux_t* set, int index) {
  return smartlist_get(set->legs, index);
}

static int route(conflux_t* set) {
  circuit_t* circuit = conflux_decide_circ_for_send(set, leg_of(set, 0)->circ, RELAY_COMMAND_DATA);
  conflux_note_cell_sent(set, circuit, RELAY_COMMAND_DATA);
  return circuit != NULL;
}

static int receive(conflux_t* set, int leg) {
  return conflux_process_relay_msg(set, leg_of(set, leg)->circ, NULL, &kData);
}

/* All cells but the first come on leg 1, then the first on leg 0; then they are taken and freed. */
static void hold_and_drain(conflux_t* set, int held) {
  const int rounds = kHeldCells / held;
  long out = 0;
  double sum = 0;
  for (int round = 0; round < rounds; round++) {
    leg_of(set, 0)->last_seq_recv = set->last_seq_delivered;
    leg_of(set, 1)->last_seq_recv = set->last_seq_delivered + 1; /* a SWITCH */
    const double start = now_ns();
    for (int i = 0; i < held; i++) receive(set, 1);
    receive(set, 0);
    for (conflux_msg_t* msg; (msg = conflux_dequeue_relay_msg(leg_of(set, 0)->circ)); out++) {
      conflux_relay_msg_free(msg);
    }
    sum += now_ns() - start;
  }
  print_and_check("hold_and_drain", held, sum / (double)out, out == (long)rounds * held);
}

/* One cell each at all sets in a random order that repeats, as in tunnels_bench.cc. */
static void at_random_sets(void) {
  static conflux_t* sets[kSets];
  srandom(1);
  for (int i = 0; i < kSets; i++) {
    const int at = (int)(random() % (i + 1));
    sets[i] = sets[at];
    sets[at] = make_set();
  }
  int good = 0;
  double start = now_ns();
  for (int i = 0; i < kCells; i++) good += receive(sets[i % kSets], 0);
  print_and_check("receive_at_random", kSets, (now_ns() - start) / kCells, good == kCells);
  good = 0;
  start = now_ns();
  for (int i = 0; i < kCells; i++) good += route(sets[i % kSets]);
  print_and_check("route_at_random", kSets, (now_ns() - start) / kCells, good == kCells);
}

int main(void) {
  init_logging(1);
  conflux_t* set = make_set();
  int good = 0;
  double start = now_ns();
  for (int i = 0; i < kCells; i++) good += route(set);
  print_and_check("route", kLegs, (now_ns() - start) / kCells, good == kCells);
  good = 0;
  start = now_ns();
  for (int i = 0; i < kCells; i++) good += receive(set, 0);
  print_and_check("receive", kLegs, (now_ns() - start) / kCells, good == kCells);
  const int depths[] = {32, 256, 2048, 8192};
  for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) hold_and_drain(set, depths[i]);
  at_random_sets();
  return 0;
}
