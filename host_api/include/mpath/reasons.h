/* mpath/reasons.h - why: blocked, refused, gone, closed, violated. Values are never reused.
 *
 * X(name, number, text): hosts may expand the list for their own logs.
 */
#ifndef MPATH_REASONS_H
#define MPATH_REASONS_H

#define MPATH_REASON_LIST(X)                                                              \
  X(NONE, 0, "no reason")                                                                 \
  /* Blocked: route() granted nothing, or streams must not be read now. */                \
  X(NOT_LINKED, 1, "no leg has finished its handshake")                                   \
  X(PRIMARY_FULL, 2, "the congestion window of the sending leg is full")                  \
  X(ALL_FULL, 3, "the congestion windows of all legs are full")                           \
  X(CHANNEL_BLOCKED, 4, "the channel of the leg that would carry it is blocked")          \
  X(PADDING_BLOCKED, 5, "padding blocks the leg that would carry it")                     \
  X(ACK_NOT_SENT, 6, "the LINKED_ACK of this leg has not been drained")                   \
  X(PEER_WINDOW_FULL, 7, "the peer may already hold as much out of order as it should")   \
  /* A leg cannot join. */                                                                \
  X(NO_LEGS, 20, "the list of legs is empty")                                             \
  X(NO_HOPS, 21, "a circuit without hops")                                                \
  X(LENGTH_DIFFERS, 22, "not as many hops as the first leg")                              \
  X(LAST_HOP_DIFFERS, 23, "another last hop than the join point")                         \
  X(VIRTUAL_HOP, 24, "the last hop is virtual")                                           \
  X(HAS_STREAMS, 25, "a stream is or was attached to the circuit")                        \
  X(ALREADY_JOINED, 26, "the circuit already belongs to a multi-path tunnel")             \
  X(NO_CONGESTION_CONTROL, 27, "the last hop did not negotiate congestion control")       \
  X(TOO_MANY_LEGS, 28, "more legs than the configuration allows")                         \
  /* A leg is to be removed, or is gone. */                                               \
  X(HANDSHAKE_TIMEOUT, 40, "LINKED did not arrive in time")                               \
  X(CHANNEL_CLOSED, 41, "the channel of the circuit closed")                              \
  X(CIRCUIT_DESTROYED, 42, "the circuit was destroyed by a relay")                        \
  X(SEND_FAILED, 43, "a cell that had been routed could not be sent")                     \
  X(RETIRED, 44, "the host retired the leg")                                              \
  X(TUNNEL_CLOSED, 45, "the tunnel closed")                                               \
  X(TAKEN, 46, "the host took the leg back")                                              \
  /* The tunnel is closed. */                                                             \
  X(DEPLETED, 60, "the last leg is gone")                                                 \
  X(PRIMARY_LOST, 61, "the sending leg is gone")                                          \
  X(HIGHEST_RECEIVED_LOST, 62, "the leg with the highest received sequence is gone")      \
  X(HIGHEST_SENT_LOST, 63, "the leg with the highest sent sequence is gone")              \
  X(DATA_IN_FLIGHT_LOST, 64, "a leg with unacknowledged data is gone")                    \
  X(HOST_REQUEST, 65, "the host closed the tunnel")                                       \
  X(STALLED, 66, "a cell was held back for too long")                                     \
  X(REORDER_LIMIT, 67, "the tunnel holds back more than its limit")                       \
  X(SHED, 68, "closed to relieve memory pressure in the process")                         \
  X(INTERNAL, 70, "a bug in the plugin; the tunnel is poisoned")                          \
  /* The peer violated the protocol. */                                                   \
  X(WRONG_HOP, 100, "a signalling cell from another hop than the join point")             \
  X(NOT_MULTIPATH, 101, "a signalling cell on a circuit that is not multi-path")          \
  X(LINKED_UNEXPECTED, 102, "LINKED when none was awaited")                               \
  X(LINKED_MALFORMED, 103, "LINKED that does not parse")                                  \
  X(LINKED_NONCE, 104, "LINKED with another nonce")                                       \
  X(LINKED_SEQUENCE, 105, "LINKED claims cells that were never sent")                     \
  X(LINK_TO_CLIENT, 106, "LINK sent to a client")                                         \
  X(LINKED_ACK_TO_CLIENT, 107, "LINKED_ACK sent to a client")                             \
  X(SWITCH_UNLINKED, 108, "SWITCH on a leg that is not linked")                           \
  X(SWITCH_REPEATED, 109, "two SWITCH cells with no sequenced cell between them")         \
  X(SWITCH_ZERO, 110, "SWITCH that skips nothing after cells have arrived")               \
  X(SWITCH_TOO_FAR, 111, "SWITCH further ahead than an honest peer can be")               \
  X(SWITCH_MALFORMED, 112, "SWITCH that does not parse")                                  \
  X(SEQUENCE_REPEATED, 113, "a sequence number that was already received")                \
  X(SEQUENCE_OVERFLOW, 114, "a sequence number past the largest one")                     \
  X(CELL_BEFORE_LINKED, 115, "a sequenced cell on a leg that is not linked")              \
  X(UNEXPECTED_MESSAGE, 116, "a message that is not allowed on a circuit")                \
  X(SWITCH_FLOOD, 117, "more SWITCH cells than sequenced cells")

enum mpath_reason {
#define MPATH_REASON_ENUM(name, number, text) MPATH_REASON_##name = number,
  MPATH_REASON_LIST(MPATH_REASON_ENUM)
#undef MPATH_REASON_ENUM
};

#endif
