/* mpath/cells.h - the cell path: leg views, route, receive, drain. Nothing here allocates once warm.
 *
 * Payload never crosses, but for the bodies of signalling cells: a held-back cell stays in the
 * host's memory and the plugin orders its token.
 */
#ifndef MPATH_CELLS_H
#define MPATH_CELLS_H

#include "mpath/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* mpath_leg_view.flags */
#define MPATH_VIEW_SLOW_START 0x001u      /* the leg's congestion control is in slow start */
#define MPATH_VIEW_CHANNEL_BLOCKED 0x002u /* the channel takes no more cells for now */
#define MPATH_VIEW_INPUT_READY 0x004u     /* a cell of this circuit waits to be handled */
#define MPATH_VIEW_INPUT_CLOSED 0x008u    /* the channel closed, or the circuit was destroyed */
#define MPATH_VIEW_INPUT_UNEXPECTED 0x010u /* a message came that is not allowed on a circuit */
#define MPATH_VIEW_HOP_STREAMS_READY 0x020u /* streams of hops other than the join point have data */
#define MPATH_VIEW_PADDING_READY 0x040u   /* a padding event waits for this leg */
#define MPATH_VIEW_EVER_STREAM 0x080u     /* a stream is, or ever was, attached to the circuit */

/* What the host knows of a leg at its join point, now. Cells count DATA only, as the congestion
 * window does. */
typedef struct mpath_leg_view {
  mpath_leg_id leg;
  uint32_t flags;
  uint32_t cwnd;          /* cells */
  uint32_t inflight;      /* cells */
  uint32_t ewma_rtt_us;   /* 0: no sample yet */
  uint32_t last_rtt_us;   /* 0: no sample yet */
  uint32_t channel_queue; /* cells of any circuit that wait in front of the channel */
  uint64_t data_sent;     /* DATA cells since the circuit was made */
  uint64_t data_acked;    /* of them, covered by SENDMEs */
  uint64_t half_stream_expiry_us; /* earliest expiry of a half-closed stream; MPATH_NEVER if none */
  uint64_t disused_since_us; /* when its last stream closed; MPATH_NEVER if never used */
  uint32_t open_streams;
  uint32_t reserved;
} mpath_leg_view;

/* The views of one tunnel: each leg exactly once, in any order. Views of legs that are gone are
 * ignored. `backlog` counts cells that streams of the join point could fill now, and DATA cells that
 * wait since route() answered MPATH_BLOCKED. */
typedef struct mpath_leg_views {
  const mpath_leg_view *items;
  uint32_t count;
  uint32_t stride; /* sizeof(mpath_leg_view) of the host's headers */
  uint32_t backlog;
  uint32_t reserved;
} mpath_leg_views;

/* A cell that the plugin asks the host to send: stream id 0, to `hop`. */
typedef struct mpath_control_cell {
  uint8_t command;
  uint8_t hop;
  uint16_t length; /* bytes of body; the cell's length field */
  uint8_t body[MPATH_BODY_MAX];
} mpath_control_cell;

/* Cells that wait to be sent: `want` of them, all of one class (DATA; or sequenced, not DATA; or
 * not sequenced), to one hop. */
typedef struct mpath_route_request {
  uint32_t struct_size;
  uint8_t command; /* relay command of the first */
  uint8_t hop;
  uint16_t reserved;
  mpath_leg_id leg; /* the leg that they came from; 0: the primary leg. Of cells that are sequenced
                     * and go to the join point it does not matter, and is not looked at */
  uint32_t want;    /* at least 1 */
  uint32_t reserved2;
} mpath_route_request;

/* Where they go. The grant is the commitment: sequence numbers have advanced by `granted`. If the
 * host then cannot send them all, it must remove the leg with MPATH_REASON_SEND_FAILED. */
typedef struct mpath_grant {
  uint32_t struct_size; /* in: sizeof */
  uint32_t granted;     /* cells, 1..want; 0 if MPATH_BLOCKED */
  mpath_leg_id leg;
  uint64_t leg_cookie;
  uint32_t reason;    /* MPATH_BLOCKED: why */
  uint32_t has_first; /* 1: send `first` on `leg` before the granted cells */
  mpath_control_cell first;
  uint32_t reserved;
} mpath_grant;

/* A relay cell that arrived. */
typedef struct mpath_cell {
  uint32_t struct_size;
  uint8_t command;
  uint8_t hop;          /* that it came from */
  uint16_t body_length; /* bytes at `body`; only read for signalling commands */
  mpath_leg_id leg;
  const uint8_t *body; /* borrowed; may be NULL for other commands */
  uint64_t token;      /* the host's own; comes back exactly once if the answer is MPATH_HELD */
  uint32_t cost;       /* bytes of the host's memory that holding it back takes; at least 1. Limits
                          count 32 more for the plugin's own */
  uint32_t reserved;
} mpath_cell;

typedef struct mpath_receipt {
  uint32_t struct_size; /* in: sizeof */
  uint32_t ready;       /* 1: drain() has tokens now; deliver this cell before them */
  uint32_t reason;      /* MPATH_E_PROTOCOL, MPATH_E_CLOSED: why */
  uint32_t reserved;
} mpath_receipt;

/* mpath_token.verdict */
#define MPATH_DELIVER 1u /* to its stream, in this order */
#define MPATH_DISCARD 2u /* the tunnel is closed; free it */

typedef struct mpath_token {
  uint64_t token;
  mpath_leg_id leg; /* that carried it; it may be gone */
  uint32_t verdict;
  uint32_t reserved;
} mpath_token;

typedef struct mpath_tokens {
  mpath_token *items;
  uint32_t capacity;
  uint32_t stride; /* sizeof(mpath_token) of the host's headers */
  uint32_t count;  /* out: written */
  uint32_t left;   /* out: 1 if there is more to drain now */
} mpath_tokens;

#ifdef __cplusplus
}
#endif
#endif
