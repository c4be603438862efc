"""How long anything may take. The proxy's own timeouts are set from the same numbers."""

from __future__ import annotations

from dataclasses import dataclass

# What the proxy is told (seconds): a stream waits so long for a tunnel, and again for the exit.
STREAM_TIMEOUT_S = 10
# A silent exit, and a cell that others overtook.
STALL_TIMEOUT_S = 6
REORDER_STALL_S = 5
HANDSHAKE_TIMEOUT_S = 5
# A tunnel without streams.
IDLE_TIMEOUT_S = 3

_MARGIN_S = 6.0


@dataclass(frozen=True)
class Limits:
    """Beyond any of them something hangs, which is never allowed."""

    # Until the SOCKS reply.
    connect_s: float = 2 * STREAM_TIMEOUT_S + _MARGIN_S
    # Between two pieces of data: a pause that a fault makes, then one stall timer or the other.
    quiet_s: float = STALL_TIMEOUT_S + REORDER_STALL_S + _MARGIN_S
    # One transfer from start to end.
    transfer_s: float = 75.0
    # Until a small download succeeds after all faults of a round are undone.
    recovery_s: float = 60.0
    # Until tunnels, streams and descriptors are back where they were.
    settle_s: float = 30.0
    # A process that ends politely; leak detection included.
    exit_s: float = 30.0
