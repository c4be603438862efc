#include "far_end.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAITING_MAX = 1024, BURST = 20, ORDER_MAX = 1024 };
static const uint64_t delay_us[LEGS] = {4000, 11000}; /* what goes back is this late */

struct late_frame {
  uint64_t due_us;
  struct frame frame;
};

static struct far_leg {
  int socket;
  uint64_t received, sent; /* absolute sequence numbers. Spec: prop329 [SEQUENCING] */
  uint32_t arrived, in_flight;
  struct late_frame waiting[WAITING_MAX];
  uint32_t first, count;
} far_legs[LEGS];

static uint32_t in_order[ORDER_MAX]; /* numbers by their place in the sequence */
static bool present[ORDER_MAX];
static uint64_t delivered, echoed;
static int sending_leg = -1;

static uint64_t clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void send_late(int leg, const struct frame *frame) {
  struct far_leg *it = &far_legs[leg];
  if (it->count == WAITING_MAX) _exit(3); /* windows keep far below it */
  it->waiting[(it->first + it->count++) % WAITING_MAX] =
      (struct late_frame){clock_us() + delay_us[leg], *frame};
}

/* LINKED: version and nonce of the LINK, nothing sent or received, low latency wished.
 * Spec: prop329 [LINKED]. */
static void answer_link(int leg, const struct frame *link) {
  struct frame linked = {.command = LINKED, .length = 50};
  memcpy(linked.body, link->body, 33);
  linked.body[49] = 1;
  send_late(leg, &linked);
}

static void switch_to(int leg) {
  if (sending_leg >= 0 && sending_leg != leg) {
    const uint64_t skipped = far_legs[sending_leg].sent - far_legs[leg].sent;
    struct frame cell = {.command = SWITCH, .length = 4};
    for (int i = 0; i < 4; i++) cell.body[i] = (uint8_t)(skipped >> (24 - 8 * i));
    send_late(leg, &cell);
    far_legs[leg].sent += skipped;
  }
  sending_leg = leg;
}

/* Everything that is in order goes back, BURST cells over one leg, then over the next. */
static void echo(void) {
  for (; echoed < delivered; echoed++) {
    int leg = (int)(echoed / BURST % LEGS);
    if (far_legs[leg].in_flight >= CWND) leg = 1 - leg;
    if (far_legs[leg].in_flight >= CWND) return;
    switch_to(leg);
    const struct frame cell = {.command = DATA, .number = in_order[echoed % ORDER_MAX]};
    send_late(leg, &cell);
    far_legs[leg].sent++;
    far_legs[leg].in_flight++;
  }
}

static void handle_data(int leg, const struct frame *cell) {
  struct far_leg *it = &far_legs[leg];
  if (++it->arrived % SENDME_INC == 0) {
    const struct frame sendme = {.command = SENDME};
    send_late(leg, &sendme);
  }
  const uint64_t place = it->received++;
  if (place < delivered || place - echoed >= ORDER_MAX) _exit(4);
  present[place % ORDER_MAX] = true;
  in_order[place % ORDER_MAX] = cell->number;
  while (present[delivered % ORDER_MAX]) present[delivered++ % ORDER_MAX] = false;
}

static void handle_frame(int leg, const struct frame *frame) {
  switch (frame->command) {
    case LINK: answer_link(leg, frame); break;
    case SWITCH:
      for (int i = 0; i < 4; i++)
        far_legs[leg].received += (uint64_t)frame->body[i] << (24 - 8 * i);
      break;
    case SENDME: far_legs[leg].in_flight -= SENDME_INC; break;
    case DATA: handle_data(leg, frame); break;
    default: break; /* LINKED_ACK */
  }
  echo();
}

/* Returns how many milliseconds may pass until the next frame is due; -1: none waits. */
static int send_what_is_due(void) {
  int timeout = -1;
  const uint64_t now = clock_us();
  for (int leg = 0; leg < LEGS; leg++) {
    struct far_leg *it = &far_legs[leg];
    while (it->count > 0 && it->waiting[it->first].due_us <= now) {
      const struct frame *frame = &it->waiting[it->first].frame;
      if (it->socket >= 0 && send(it->socket, frame, sizeof *frame, MSG_NOSIGNAL) < 0) _exit(0);
      it->first = (it->first + 1) % WAITING_MAX;
      it->count--;
    }
    if (it->count == 0) continue;
    const int wait = (int)((it->waiting[it->first].due_us - now) / 1000) + 1;
    if (timeout < 0 || wait < timeout) timeout = wait;
  }
  return timeout;
}

void run_far_end(const int sockets[LEGS], uint32_t lose_after) {
  struct pollfd fds[LEGS];
  for (int leg = 0; leg < LEGS; leg++) {
    far_legs[leg].socket = sockets[leg];
    fds[leg] = (struct pollfd){.fd = sockets[leg], .events = POLLIN};
  }
  for (;;) {
    if (poll(fds, LEGS, send_what_is_due()) < 0) _exit(2);
    for (int leg = 0; leg < LEGS; leg++) {
      struct frame frame;
      if (fds[leg].revents == 0) continue;
      if (recv(fds[leg].fd, &frame, sizeof frame, 0) != sizeof frame) _exit(0);
      handle_frame(leg, &frame);
    }
    if (lose_after != 0 && echoed >= lose_after && fds[1].fd >= 0) {
      close(fds[1].fd);
      fds[1].fd = far_legs[1].socket = -1;
    }
  }
}
