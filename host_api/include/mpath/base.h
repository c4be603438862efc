/* mpath/base.h - conventions, versions, statuses and ids of the multipath plugin ABI, version 1.
 *
 * The contract between a proxy (the host) and a multipath plugin that it loads at run time.
 * ABI.md beside this directory numbers every requirement; these are the conventions:
 *
 *  1. One exported function, mpath_plugin_negotiate, hands back one function table. Nothing else is
 *     looked up by name and the plugin calls nothing of the host's.
 *  2. Structs that may grow begin with `struct_size`, or travel in an array with a `stride`. They
 *     grow at the end only. A larger struct is accepted and its tail is neither read nor written.
 *  3. Reserved fields must be zero; they are checked.
 *  4. Pointers are borrowed until the call returns. Neither side frees the other's memory.
 *  5. Every number names its unit. Time is a u64 of microseconds on the host's monotonic clock, from
 *     0 to MPATH_TIME_MAX; MPATH_NEVER means "no such time". A clock that steps back is clamped and
 *     counted.
 *  6. Ids are minted by the plugin and carry a generation: a stale id is a status, never a crash.
 *  7. Negative statuses are errors and fall into families (below). After host misuse nothing has
 *     changed. No function aborts, blocks, throws or calls back.
 *  8. Thread tags: [any-thread]; [owner]: one thread at a time per tunnel, chosen by the host.
 *     State tags: [open], [single-path], [multi-path], [any state]; see ABI.md for the diagram.
 *  9. The single-mutation rule: after a call that can produce results, drain() until nothing is
 *     left and poll() until it tells nothing that the host has not done, before the host sleeps.
 */
#ifndef MPATH_BASE_H
#define MPATH_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPATH_ABI_MAJOR 1u
#define MPATH_ABI_MINOR 3u

/* True if a struct of `size` bytes reaches past `field`: is that field known to the peer? */
#define MPATH_SIZE_UPTO(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))
#define MPATH_HAS(pointer, type, field) ((pointer)->struct_size >= MPATH_SIZE_UPTO(type, field))

/* No such time: no deadline, never expires, never used. */
#define MPATH_NEVER UINT64_MAX
/* The latest time that a host may pass: 146,000 years from the epoch of its clock. */
#define MPATH_TIME_MAX (UINT64_MAX >> 2)
/* No such hop. Hops count from 0, the hop nearest to the host. */
#define MPATH_HOP_NONE 0xFFu

#define MPATH_LEGS_MAX 16u /* legs of one tunnel, whatever the configuration says */
#define MPATH_HOPS_MAX 16u /* hops of one leg */
#define MPATH_BODY_MAX 64u /* bytes of a cell that the plugin asks to be sent */
#define MPATH_SEED_LEN 32u /* random bytes at tunnel creation */

typedef int32_t mpath_status;

/* Done, or done with information. */
#define MPATH_OK 0
#define MPATH_BLOCKED 1  /* route: nothing granted, nothing changed; mpath_grant.reason says why */
#define MPATH_HELD 2     /* receive: the plugin keeps the token until drain() returns it */
#define MPATH_CONSUMED 3 /* receive: a signalling cell, handled; the host drops it */
#define MPATH_PASS 4     /* receive: not sequenced; the host handles it at once */
#define MPATH_IGNORED 5  /* the leg is gone; nothing to do */

/* The host misused the API. Nothing has changed; it is a bug in the host. */
#define MPATH_E_ARGUMENT (-100)    /* a null pointer, a value out of range, a reserved field set */
#define MPATH_E_SIZE (-101)        /* a struct or stride smaller than version 1 of it */
#define MPATH_E_STALE (-102)       /* an id that names nothing alive */
#define MPATH_E_STATE (-103)       /* not allowed in this state */
#define MPATH_E_BUFFER (-104)      /* buffer too short; `count` says how much is needed */
#define MPATH_E_VIEWS (-105)       /* a leg of the tunnel has no view, or has two */
#define MPATH_E_NOT_SINGLE (-106)  /* asked for the only leg, but there is none or more than one */
#define MPATH_E_LEG_INVALID (-107) /* a leg cannot join; mpath_detail says which and why */
#define MPATH_E_UNSUPPORTED (-108) /* unknown role, or not built in */
#define MPATH_E_CONFIG (-109)      /* configuration refused; the text says where and why */
#define MPATH_E_TOKENS_HELD (-110) /* destroy: close and drain first */
#define MPATH_E_VERSION (-111)     /* negotiate: no common version */

/* The peer violated the protocol. The tunnel is closed: drain it and destroy its circuits. */
#define MPATH_E_PROTOCOL (-200)
/* The tunnel was closed before (by violation, loss, limit or request): drain it, destroy it. */
#define MPATH_E_CLOSED (-201)

/* A resource is short. Nothing has changed. */
#define MPATH_E_NO_MEMORY (-300)
#define MPATH_E_LIMIT (-301)
#define MPATH_E_RANDOM (-302)

/* A bug in the plugin. That one tunnel is poisoned: only poll, drain and destroy still work. From a
 * call on the instance: the call did nothing. */
#define MPATH_E_POISONED (-400)

/* Ids. Zero names nothing. Valid within one instance (legs: within one tunnel). */
typedef uint64_t mpath_tunnel_id;
typedef uint64_t mpath_leg_id;

/* What the plugin has open per host; opaque. */
typedef struct mpath_instance mpath_instance;

/* Text that a call writes: up to `capacity` bytes, always NUL-terminated if capacity > 0. `length`
 * is set to the full length without the NUL, even if it did not fit. */
typedef struct mpath_text {
  char *data;
  uint32_t capacity;
  uint32_t length;
} mpath_text;

#ifdef __cplusplus
}
#endif
#endif
