/* mpath/events.h - what poll() tells the host to do, and what has happened. */
#ifndef MPATH_EVENTS_H
#define MPATH_EVENTS_H

#include "mpath/cells.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Level-triggered: told again at each poll for as long as the view says so. */
#define MPATH_EVENT_COLLECT_HALFSTREAMS 1u /* drop half-closed streams of `leg` that expired */
#define MPATH_EVENT_REMOVE_LEG 2u    /* close the circuit and call leg_remove(leg, reason) */
#define MPATH_EVENT_PADDING 3u       /* take the leg's padding event and call padding_event() */
#define MPATH_EVENT_HANDLE_CELL 4u   /* take a cell from the leg's input and call receive() */
#define MPATH_EVENT_READ_STREAMS 5u  /* read streams: see MPATH_STREAMS_*, at most `value` cells;
                                        UINT64_MAX: the plugin sets no bound */

/* Told exactly once, in the order in which they happened, and before those above. */
#define MPATH_EVENT_SEND_CELL 16u   /* send `cell` on `leg`, now, before anything else on it */
#define MPATH_EVENT_LINK_RESULT 17u /* the leg's handshake ended; reason NONE: linked, value = RTT us */
#define MPATH_EVENT_READY 18u       /* the first leg is linked: streams may be opened */
#define MPATH_EVENT_PRESSURE 19u    /* held-back bytes crossed a water mark: see MPATH_WATER_* */
#define MPATH_EVENT_LEG_GONE 20u    /* exactly once per leg, last of all that names it */
#define MPATH_EVENT_CLOSED 21u      /* the tunnel is closed: destroy its circuits, drain, destroy it */

/* mpath_event.detail of READ_STREAMS */
#define MPATH_STREAMS_JOIN_POINT 1u /* of the join point, shared by all legs; `leg` would carry it */
#define MPATH_STREAMS_OTHER_HOPS 2u /* of the other hops of `leg` (single-path: of all its hops) */

/* mpath_event.detail of PRESSURE; value = bytes held */
#define MPATH_WATER_HIGH 1u /* ask the peer to pause (XOFF) */
#define MPATH_WATER_LOW 2u  /* it may go on (XON) */

typedef struct mpath_event {
  uint32_t kind;
  uint32_t reason; /* enum mpath_reason */
  mpath_leg_id leg;    /* 0: the tunnel as a whole (READY, PRESSURE, CLOSED) */
  uint64_t leg_cookie; /* of the leg, or of the tunnel if leg is 0 */
  uint64_t value;
  uint32_t detail;
  uint32_t reserved;
  mpath_control_cell cell; /* SEND_CELL only */
  uint32_t reserved2;
} mpath_event;

/* In: items, capacity, stride. Out: count, next_deadline_us. If the capacity is too small,
 * poll() answers MPATH_E_BUFFER, consumes nothing and sets `count` to what surely suffices. */
typedef struct mpath_events {
  mpath_event *items;
  uint32_t capacity;
  uint32_t stride; /* sizeof(mpath_event) of the host's headers */
  uint32_t count;
  uint32_t reserved;
  uint64_t next_deadline_us; /* call again no later; MPATH_NEVER if there is nothing to wait for */
} mpath_events;
/* A capacity that always suffices. */
#define MPATH_EVENTS_MAX 192u

/* mpath_padding.action, for padding_event() */
#define MPATH_PADDING_SEND 1u  /* the host sends one padding cell on the leg */
#define MPATH_PADDING_BLOCK 2u /* the leg sends nothing but padding from now on */
#define MPATH_PADDING_UNBLOCK 3u

/* tunnel_activity(): most active of all legs */
#define MPATH_ACTIVITY_NEVER_USED 0u
#define MPATH_ACTIVITY_DISUSED 1u /* value: since when, us */
#define MPATH_ACTIVITY_IN_USE 2u  /* value: open streams of the most active leg */

typedef struct mpath_activity {
  uint32_t struct_size; /* in: sizeof */
  uint32_t kind;
  uint64_t value;
} mpath_activity;

#ifdef __cplusplus
}
#endif
#endif
