/* old_plugin.h - a plugin of ABI version 1.0, kept as it was when that version came out.
 *
 * It is the plainest multipath plugin that keeps the contract: it joins and links legs, sends
 * everything on the first of them, and puts what arrives back in order. Later hosts must keep
 * running it. Do not modernise it: its age is its use.
 */
#ifndef OLD_PLUGIN_H
#define OLD_PLUGIN_H

#include <mpath/plugin.h>
#include <pthread.h>

enum { TUNNELS = 64, HELD_MAX = 128, EVENTS = 64 };
enum { LINK = 19, LINKED = 20, LINKED_ACK = 21, SWITCH = 22 };
#define HANDSHAKE_TIMEOUT_US 60000000u

struct leg {
  mpath_leg_id id;
  uint64_t cookie, last_hop_tag, link_sent_us, rtt_us;
  uint64_t sent, received; /* the tunnel's numbers as of this leg */
  uint64_t carried_out, carried_in;
  uint32_t state, ordinal, hops, fixed_window; /* bit i of fixed_window: hop i */
};

struct held {
  uint64_t number, bytes;
  mpath_token token;
};

struct tunnel {
  mpath_tunnel_id id;
  uint64_t cookie, ordinal, delivered, sent, received, switches, peak_bytes;
  uint32_t state, close_reason, join_hop, leg_count, legs_ever, peak_cells;
  struct leg legs[MPATH_LEGS_MAX];
  mpath_leg_id primary;
  uint8_t nonce[MPATH_SEED_LEN];
  struct held held[HELD_MAX]; /* ascending; those below `delivered` are to be drained */
  uint32_t held_count;
  mpath_event events[EVENTS];
  uint32_t event_count;
  mpath_detail detail;
};

struct mpath_instance {
  pthread_mutex_t lock; /* one for everything */
  struct tunnel *tunnels[TUNNELS];
  uint64_t made;
};

/* Logic; the lock is held. */
void tell(struct tunnel *t, uint32_t kind, uint32_t reason, const struct leg *leg, uint64_t value);
void close_tunnel(struct tunnel *t, uint32_t reason);
void expire(struct tunnel *t, uint64_t now_us);
void drop_leg(struct tunnel *t, uint32_t index, uint32_t reason);
void begin_handshakes(struct tunnel *t, uint64_t now_us);
mpath_status take_cell(struct tunnel *t, const mpath_cell *cell, uint64_t now_us,
                       uint32_t *reason);
struct leg *find_leg(struct tunnel *t, mpath_leg_id id);
uint32_t tokens_ready(const struct tunnel *t);
uint64_t held_bytes(const struct tunnel *t);
uint64_t deadline(const struct tunnel *t);
int is_sequenced(const struct tunnel *t, uint8_t command, uint8_t hop);

#endif
