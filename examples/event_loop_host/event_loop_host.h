/* The two halves of the host: event_loop_host.c has the loop and the descriptors, plugin_side.c
 * calls the plugin. */
#pragma once

#include <mpath/plugin.h>
#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

enum { QUEUE_MAX = 512 };

struct leg {
  mpath_leg_id id;
  bool alive, wants_output;
  uint32_t inflight, rtt_us, sent, arrived;
  uint32_t acked;                       /* SENDMEs that came */
  uint64_t sent_us[CWND / SENDME_INC];  /* when the cells went that the next ones acknowledge */
  struct frame queue[QUEUE_MAX]; /* what waits in front of the socket */
  uint32_t first, queued;
};

enum host_state { HOST_OPEN, HOST_CLOSED, HOST_LOST };

struct host {
  const mpath_plugin_table *table;
  mpath_instance *instance;
  mpath_tunnel_id tunnel;
  struct leg legs[LEGS];
  enum host_state state;
  bool ready;
  uint64_t tick_us;
  uint32_t wanted; /* cells to send; 0: without end */
  uint32_t sent, delivered, held_back, out_of_order;
};

/* Of the loop. */
uint64_t now_us(void);
void fail(const char *what, const char *why);
void send_frame(int leg, const struct frame *frame);

/* Of the plugin's side. */
void load_plugin(struct host *host, const char *path);
void open_tunnel(struct host *host);
void reload_plugin(struct host *host);
void receive_frame(struct host *host, int leg, const struct frame *frame);
void lose_leg(struct host *host, int leg, uint32_t reason);
/* Each returns its next deadline. */
uint64_t take_turn(struct host *host);
uint64_t serve_instance(struct host *host);
bool is_done(const struct host *host);
void close_tunnel(struct host *host);
