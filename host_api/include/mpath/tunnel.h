/* mpath/tunnel.h - tunnels, their legs and paths: what the host tells, what it may ask. */
#ifndef MPATH_TUNNEL_H
#define MPATH_TUNNEL_H

#include "mpath/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* mpath_tunnel_params.role */
#define MPATH_ROLE_CLIENT 1u
#define MPATH_ROLE_EXIT 2u /* reserved; version 1.0 answers MPATH_E_UNSUPPORTED */

/* mpath_hop.kind */
#define MPATH_HOP_RELAY 1u
#define MPATH_HOP_VIRTUAL 2u /* not a relay, e.g. an onion service's end; never a join point */

/* mpath_hop.congestion_control */
#define MPATH_CC_FIXED_WINDOW 0u /* the hop uses stream SENDMEs and cannot be a join point */
#define MPATH_CC_VEGAS 1u        /* window-based congestion control was negotiated */

/* One hop of a leg. Never the relay itself: `relay_tag` is a number that the host chose, equal for
 * equal relays and different for different ones within this tunnel, and means nothing else. */
typedef struct mpath_hop {
  uint64_t relay_tag;
  uint32_t kind;
  uint32_t congestion_control;
} mpath_hop;

/* A path, nearest hop first. `count` <= MPATH_HOPS_MAX. */
typedef struct mpath_path {
  const mpath_hop *hops;
  uint32_t count;
  uint32_t stride;    /* sizeof(mpath_hop) of the host's headers */
  uint32_t cwnd_init; /* initial congestion window at the last hop, cells; 0 only with no hops */
  uint32_t sendme_inc; /* cells per circuit SENDME at the last hop; 0 only with no hops */
} mpath_path;

/* mpath_leg_params.flags */
#define MPATH_LEG_EVER_STREAM 1u /* a stream is, or ever was, attached to the circuit */
#define MPATH_LEG_EVER_JOINED 2u /* the circuit is, or ever was, part of a multi-path tunnel */
#define MPATH_LEG_FOUNDS_SET 4u  /* since 1.3, in tunnel_create(): the tunnel is multi-path from the
                                    start. link() may begin with this leg alone, and legs_add() brings
                                    the others as they are built. It must be one that may join. */

/* A circuit that becomes a leg. */
typedef struct mpath_leg_params {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t cookie; /* the host's own; echoed in events and answers */
  mpath_path path;
} mpath_leg_params;

/* A new tunnel, with its first circuit (which may have no hops yet). */
typedef struct mpath_tunnel_params {
  uint32_t struct_size;
  uint32_t role;
  uint64_t cookie;     /* the host's own */
  const uint8_t *seed; /* MPATH_SEED_LEN random bytes, borrowed; NULL: the plugin draws them from
                          OpenSSL's CSPRNG, which may be a system call */
  const mpath_leg_params *first_leg; /* borrowed */
} mpath_tunnel_params;

/* mpath_tunnel_info.state */
#define MPATH_TUNNEL_SINGLE_PATH 1u /* one circuit; nothing is counted or reordered */
#define MPATH_TUNNEL_LINKING 2u     /* multi-path, but no leg is linked yet */
#define MPATH_TUNNEL_READY 3u       /* at least one leg is linked and acknowledged */
#define MPATH_TUNNEL_CLOSED 4u      /* drain and destroy; reason is close_reason */
#define MPATH_TUNNEL_POISONED 5u    /* a bug in the plugin; drain and destroy */

typedef struct mpath_tunnel_info {
  uint32_t struct_size; /* in: sizeof; fields past it are not written */
  uint32_t state;
  uint32_t close_reason;
  uint32_t leg_count;
  uint32_t unlinked_count; /* legs that have not begun the handshake, or are not multi-path */
  uint32_t linked_count;
  uint32_t join_hop;       /* MPATH_HOP_NONE unless multi-path */
  uint32_t held_cells;     /* out-of-order cells held now */
  uint32_t peak_held_cells;
  uint32_t reserved;
  mpath_leg_id primary;    /* the sending leg */
  uint64_t cookie;
  uint64_t ordinal;        /* counts tunnels from 1; the only name that logs use */
  uint64_t held_bytes;     /* sum of mpath_cell.cost over the held cells */
  uint64_t peak_held_bytes;
  uint64_t cells_sent;     /* sequenced cells routed and received since it became multi-path */
  uint64_t cells_received;
  uint64_t cells_delivered;
  uint64_t switches_sent;
  uint64_t switches_received;
  uint64_t next_deadline_us;
} mpath_tunnel_info;

/* mpath_leg_info.state */
#define MPATH_LEG_PLAIN 1u           /* the only leg of a single-path tunnel */
#define MPATH_LEG_UNLINKED 2u        /* joined; link() has not been called */
#define MPATH_LEG_LINK_QUEUED 3u     /* LINK waits to be drained */
#define MPATH_LEG_AWAITING_LINKED 4u /* LINK was sent */
#define MPATH_LEG_ACK_QUEUED 5u      /* LINKED arrived; LINKED_ACK waits to be drained */
#define MPATH_LEG_LINKED 6u
#define MPATH_LEG_TIMED_OUT 7u       /* to be removed by the host */

typedef struct mpath_leg_info {
  uint32_t struct_size; /* in: sizeof; fields past it are not written */
  uint32_t state;
  uint32_t ordinal; /* counts the tunnel's legs from 1; the only name that logs use */
  uint32_t hop_count;
  uint32_t is_primary;
  uint32_t joined;  /* 1 once multi-path: such a circuit is good for nothing but DESTROY */
  mpath_leg_id leg;
  uint64_t cookie;
  uint64_t last_hop_tag;
  uint64_t handshake_rtt_us; /* LINK to LINKED; MPATH_NEVER if not measured */
  uint64_t last_seq_sent;    /* absolute */
  uint64_t last_seq_received;
  uint64_t cells_sent; /* sequenced cells that this leg itself carried */
  uint64_t cells_received;
} mpath_leg_info;

/* What any thread may read: the legs as they stood after the last change of the set or of a state.
 * `stride` bytes apart; `count` is what there is, even if more than `capacity`. */
typedef struct mpath_leg_summary {
  mpath_leg_id leg;
  uint64_t cookie;
  uint64_t last_hop_tag;
  uint32_t state;
  uint32_t ordinal;
  uint32_t hop_count;
  uint32_t is_primary;
} mpath_leg_summary;

typedef struct mpath_leg_summaries {
  mpath_leg_summary *items;
  uint32_t capacity;
  uint32_t stride;
  uint32_t count;
  uint32_t reserved;
} mpath_leg_summaries;

/* Why the last call on this tunnel that was refused was refused, where a status says too little.
 * Calls that succeed leave it as it is. */
typedef struct mpath_detail {
  uint32_t struct_size;
  mpath_status status;
  uint32_t reason; /* enum mpath_reason */
  uint32_t index;  /* legs_add: which of the legs; NOT_SINGLE: how many legs there are */
} mpath_detail;

#ifdef __cplusplus
}
#endif
#endif
