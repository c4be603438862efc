/* old_plugin_logic.c - what happens in a tunnel. Spec: prop329 [LINKED], [SEQUENCING]. */
#include <string.h>

#include "old_plugin.h"

void tell(struct tunnel *t, uint32_t kind, uint32_t reason, const struct leg *leg, uint64_t value) {
  if (t->event_count == EVENTS) return; /* cannot be: 16 legs tell 3 each, a tunnel 2 */
  mpath_event *event = &t->events[t->event_count++];
  memset(event, 0, sizeof *event);
  event->kind = kind;
  event->reason = reason;
  event->leg = leg != NULL ? leg->id : 0;
  event->leg_cookie = leg != NULL ? leg->cookie : t->cookie;
  event->value = value;
}

static void tell_cell(struct tunnel *t, const struct leg *leg, uint8_t command, uint16_t length) {
  tell(t, MPATH_EVENT_SEND_CELL, 0, leg, 0);
  mpath_control_cell *cell = &t->events[t->event_count - 1].cell;
  cell->command = command;
  cell->hop = (uint8_t)t->join_hop;
  cell->length = length;
  if (command != LINK) return;
  cell->body[0] = 1; /* version, nonce, last sequence numbers (none yet), desired UX */
  memcpy(cell->body + 1, t->nonce, sizeof t->nonce);
  cell->body[49] = 1;
}

void close_tunnel(struct tunnel *t, uint32_t reason) {
  if (t->state == MPATH_TUNNEL_CLOSED) return;
  t->state = MPATH_TUNNEL_CLOSED;
  t->close_reason = reason;
  tell(t, MPATH_EVENT_CLOSED, reason, NULL, 0);
  for (uint32_t i = 0; i < t->leg_count; i++) {
    const struct leg *leg = &t->legs[i];
    if (leg->state != MPATH_LEG_PLAIN && leg->state != MPATH_LEG_UNLINKED &&
        leg->state != MPATH_LEG_LINKED && leg->state != MPATH_LEG_TIMED_OUT) {
      tell(t, MPATH_EVENT_LINK_RESULT, MPATH_REASON_TUNNEL_CLOSED, leg, 0);
    }
    tell(t, MPATH_EVENT_LEG_GONE, MPATH_REASON_TUNNEL_CLOSED, leg, 0);
  }
  t->leg_count = 0;
  for (uint32_t i = 0; i < t->held_count; i++) t->held[i].token.verdict = MPATH_DISCARD;
}

void drop_leg(struct tunnel *t, uint32_t index, uint32_t reason) {
  const struct leg leg = t->legs[index];
  if (leg.state == MPATH_LEG_AWAITING_LINKED) {
    tell(t, MPATH_EVENT_LINK_RESULT, reason, &leg, 0);
  }
  tell(t, MPATH_EVENT_LEG_GONE, reason, &leg, 0);
  memmove(&t->legs[index], &t->legs[index + 1], (t->leg_count - index - 1) * sizeof leg);
  t->leg_count--;
  if (t->leg_count == 0) {
    close_tunnel(t, MPATH_REASON_DEPLETED);
  } else if (leg.id == t->primary && t->sent > 0) {
    close_tunnel(t, MPATH_REASON_PRIMARY_LOST);
  } else if (leg.received > 0 && leg.received == t->received) {
    close_tunnel(t, MPATH_REASON_HIGHEST_RECEIVED_LOST);
  } else if (leg.id == t->primary) {
    t->primary = t->legs[0].id;
  }
}

void expire(struct tunnel *t, uint64_t now_us) {
  for (uint32_t i = 0; i < t->leg_count; i++) {
    struct leg *leg = &t->legs[i];
    if (leg->state != MPATH_LEG_AWAITING_LINKED) continue;
    if (now_us < leg->link_sent_us + HANDSHAKE_TIMEOUT_US) continue;
    leg->state = MPATH_LEG_TIMED_OUT;
    tell(t, MPATH_EVENT_LINK_RESULT, MPATH_REASON_HANDSHAKE_TIMEOUT, leg, 0);
  }
}

uint64_t deadline(const struct tunnel *t) {
  uint64_t next = MPATH_NEVER;
  for (uint32_t i = 0; i < t->leg_count; i++) {
    if (t->legs[i].state != MPATH_LEG_AWAITING_LINKED) continue;
    const uint64_t due = t->legs[i].link_sent_us + HANDSHAKE_TIMEOUT_US;
    if (due < next) next = due;
  }
  return next;
}

void begin_handshakes(struct tunnel *t, uint64_t now_us) {
  for (uint32_t i = 0; i < t->leg_count; i++) {
    struct leg *leg = &t->legs[i];
    if (leg->state != MPATH_LEG_UNLINKED) continue;
    leg->state = MPATH_LEG_AWAITING_LINKED;
    leg->link_sent_us = now_us;
    tell_cell(t, leg, LINK, 50);
  }
}

struct leg *find_leg(struct tunnel *t, mpath_leg_id id) {
  for (uint32_t i = 0; i < t->leg_count; i++) {
    if (t->legs[i].id == id) return &t->legs[i];
  }
  return NULL;
}

static mpath_status violated(struct tunnel *t, uint32_t why, uint32_t *reason) {
  *reason = why;
  close_tunnel(t, why);
  return MPATH_E_PROTOCOL;
}

static mpath_status take_linked(struct tunnel *t, struct leg *leg, const mpath_cell *cell,
                                uint64_t now_us, uint32_t *reason) {
  if (leg->state == MPATH_LEG_TIMED_OUT) return MPATH_CONSUMED; /* too late, and no harm */
  if (leg->state != MPATH_LEG_AWAITING_LINKED) {
    return violated(t, MPATH_REASON_LINKED_UNEXPECTED, reason);
  }
  if (cell->body_length < 50 || cell->body[0] != 1) {
    return violated(t, MPATH_REASON_LINKED_MALFORMED, reason);
  }
  if (memcmp(cell->body + 1, t->nonce, sizeof t->nonce) != 0) {
    return violated(t, MPATH_REASON_LINKED_NONCE, reason);
  }
  leg->state = MPATH_LEG_LINKED;
  leg->rtt_us = now_us - leg->link_sent_us;
  tell_cell(t, leg, LINKED_ACK, 0);
  tell(t, MPATH_EVENT_LINK_RESULT, MPATH_REASON_NONE, leg, leg->rtt_us);
  if (t->state == MPATH_TUNNEL_READY) return MPATH_CONSUMED;
  t->state = MPATH_TUNNEL_READY;
  t->primary = leg->id; /* the only leg that carries anything: it is linked, the others may not be */
  tell(t, MPATH_EVENT_READY, 0, NULL, 0);
  return MPATH_CONSUMED;
}

static mpath_status take_switch(struct tunnel *t, struct leg *leg, const mpath_cell *cell,
                                uint32_t *reason) {
  if (leg->state != MPATH_LEG_LINKED) return violated(t, MPATH_REASON_SWITCH_UNLINKED, reason);
  if (cell->body_length < 4) return violated(t, MPATH_REASON_SWITCH_MALFORMED, reason);
  const uint32_t skipped = (uint32_t)cell->body[0] << 24 | (uint32_t)cell->body[1] << 16 |
                           (uint32_t)cell->body[2] << 8 | cell->body[3];
  if (skipped > 1u << 20) return violated(t, MPATH_REASON_SWITCH_TOO_FAR, reason);
  leg->received += skipped;
  t->switches++;
  return MPATH_CONSUMED;
}

/* Held cells that follow what was delivered without a gap are in order now. */
static void advance(struct tunnel *t) {
  for (uint32_t i = 0; i < t->held_count; i++) {
    if (t->held[i].number == t->delivered + 1) t->delivered++;
  }
}

/* Keeps the cell in its place. Those that are in order wait for drain(). */
static mpath_status hold(struct tunnel *t, const struct leg *leg, const mpath_cell *cell,
                         uint32_t *reason) {
  if (t->held_count == HELD_MAX) {
    *reason = MPATH_REASON_REORDER_LIMIT;
    close_tunnel(t, MPATH_REASON_REORDER_LIMIT);
    return MPATH_E_CLOSED;
  }
  uint32_t at = t->held_count;
  while (at > 0 && t->held[at - 1].number > leg->received) at--;
  if (at > 0 && t->held[at - 1].number == leg->received) {
    return violated(t, MPATH_REASON_SEQUENCE_REPEATED, reason);
  }
  memmove(&t->held[at + 1], &t->held[at], (t->held_count - at) * sizeof t->held[0]);
  t->held[at] = (struct held){
      leg->received, cell->cost, {cell->token, leg->id, MPATH_DELIVER, 0}};
  t->held_count++;
  if (t->held_count > t->peak_cells) t->peak_cells = t->held_count;
  if (held_bytes(t) > t->peak_bytes) t->peak_bytes = held_bytes(t);
  advance(t);
  return MPATH_HELD;
}

mpath_status take_cell(struct tunnel *t, const mpath_cell *cell, uint64_t now_us,
                       uint32_t *reason) {
  struct leg *leg = find_leg(t, cell->leg);
  if (leg == NULL) return MPATH_E_STALE;
  if (cell->command >= LINK && cell->command <= SWITCH) {
    if (leg->state == MPATH_LEG_PLAIN) return violated(t, MPATH_REASON_NOT_MULTIPATH, reason);
    if (cell->hop != t->join_hop) return violated(t, MPATH_REASON_WRONG_HOP, reason);
    if (cell->command == LINKED) return take_linked(t, leg, cell, now_us, reason);
    if (cell->command == SWITCH) return take_switch(t, leg, cell, reason);
    return violated(t, cell->command == LINK ? MPATH_REASON_LINK_TO_CLIENT
                                             : MPATH_REASON_LINKED_ACK_TO_CLIENT, reason);
  }
  if (!is_sequenced(t, cell->command, cell->hop)) return MPATH_PASS;
  if (leg->state != MPATH_LEG_LINKED) return violated(t, MPATH_REASON_CELL_BEFORE_LINKED, reason);
  leg->received++;
  leg->carried_in++;
  if (leg->received > t->received) t->received = leg->received;
  if (leg->received <= t->delivered) {
    return violated(t, MPATH_REASON_SEQUENCE_REPEATED, reason);
  }
  if (leg->received != t->delivered + 1 || tokens_ready(t) > 0) {
    return hold(t, leg, cell, reason);
  }
  t->delivered++;
  advance(t);
  return MPATH_OK;
}

uint32_t tokens_ready(const struct tunnel *t) {
  uint32_t ready = 0;
  if (t->state == MPATH_TUNNEL_CLOSED) return t->held_count;
  while (ready < t->held_count && t->held[ready].number <= t->delivered) ready++;
  return ready;
}

uint64_t held_bytes(const struct tunnel *t) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < t->held_count; i++) bytes += t->held[i].bytes;
  return bytes;
}

/* BEGIN, DATA, END, CONNECTED, RESOLVE, RESOLVED, XOFF, XON, to or from the join point. */
int is_sequenced(const struct tunnel *t, uint8_t command, uint8_t hop) {
  static const uint8_t kSequenced[] = {1, 2, 3, 4, 11, 12, 43, 44};
  return t->state >= MPATH_TUNNEL_LINKING && hop == t->join_hop &&
         memchr(kSequenced, command, sizeof kSequenced) != NULL;
}
