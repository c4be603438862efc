"""Measures stock tor's own client, and only when it really uses several legs.

The client builds its conflux sets ahead of time, and a stream rides one only if one is free just
then. In a small network it also builds sets whose legs share relays, which adds up to nothing. A
comparison must therefore ask the client's control port which circuits a stream is on.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from privnet import PrivateNetwork

from .transfer import Result, Transfer

_ATTEMPTS = 30
_PAUSE_S = 3.0  # sets are built again some seconds after one was taken


class NoRide(Exception):
    """No attempt found a linked set of disjoint legs."""


class _NotComparable(Exception):
    """This attempt is on one circuit or on legs that share relays; it is not counted."""


class ConfluxRide:
    """Runs transfers through a stock client until one is on a linked set of disjoint legs."""

    def __init__(self, network: PrivateNetwork, nickname: str, server_port: int):
        self._network, self._nickname, self._server_port = network, nickname, server_port
        self._attempt = 0

    def run(self, action: Callable[[Transfer], Result], seed: int, size: int,
            on_progress: Callable[[int], None]) -> Result:
        for _ in range(_ATTEMPTS):
            self._attempt += 1
            check = _RideCheck(self._rides_disjoint_legs, on_progress)
            # Streams of different SOCKS users never share a circuit: each attempt is fresh.
            request = Transfer(self._network.node(self._nickname).socksport, self._server_port,
                               seed, size, socks_user=f"{action.__name__}{self._attempt}",
                               on_progress=check)
            try:
                return action(request)
            except _NotComparable:
                time.sleep(_PAUSE_S)
        raise NoRide("the stock client gave no stream a linked set of disjoint legs in "
                     f"{_ATTEMPTS} attempts")

    def _rides_disjoint_legs(self) -> bool:
        with self._network.control(self._nickname) as control:
            streams = control.getinfo("stream-status")
            circuits = control.getinfo("circuit-status")
        return rides_disjoint_legs(streams, circuits, self._server_port)


def rides_disjoint_legs(streams: str, circuits: str, port: int) -> bool:
    """Judges the replies to `GETINFO stream-status` and `GETINFO circuit-status`: whether the
    stream to this port is on a linked set whose legs have nothing in common but the exit."""
    on = [circuit for _, state, circuit, target, *_ in map(str.split, streams.splitlines())
          if state == "SUCCEEDED" and target.endswith(f":{port}")]
    sets: dict[str, list[set[str]]] = {}
    set_of: dict[str, str] = {}
    for circuit, _, path, *words in map(str.split, circuits.splitlines()):
        fields = dict(word.split("=", 1) for word in words if "=" in word)
        if fields.get("PURPOSE") == "CONFLUX_LINKED":
            name = set_of[circuit] = fields["CONFLUX_ID"]
            sets.setdefault(name, []).append(set(path.split(",")[:-1]))
    return len(on) == 1 and on[0] in set_of and _are_disjoint(sets[set_of[on[0]]])


def _are_disjoint(legs: list[set[str]]) -> bool:
    return len(legs) > 1 and len(set().union(*legs)) == sum(len(leg) for leg in legs)


class _RideCheck:
    """Looks once, when the first bytes move."""

    def __init__(self, rides: Callable[[], bool], on_progress: Callable[[int], None]):
        self._rides, self._on_progress = rides, on_progress
        self._checked = False

    def __call__(self, moved: int) -> None:
        if not self._checked:
            self._checked = True
            if not self._rides():
                raise _NotComparable
        self._on_progress(moved)
