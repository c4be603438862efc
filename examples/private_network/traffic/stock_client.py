"""Measures stock tor's own client, and only when it really uses several legs.

The client builds its conflux sets ahead of time, and a stream rides one only if one is free just
then. A comparison must therefore ask the client's control port which circuit a stream is on.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from privnet import PrivateNetwork

from .transfer import Result, Transfer

_ATTEMPTS = 12
_PAUSE_S = 3.0  # sets are built again some seconds after one was taken


class NoRide(Exception):
    """No attempt found a linked set."""


class _OnPlainCircuit(Exception):
    """This attempt is on one circuit; it is given up and not counted."""


class ConfluxRide:
    """Runs transfers through a stock client of the network until one is on a linked set."""

    def __init__(self, network: PrivateNetwork, nickname: str, server_port: int):
        self._network, self._nickname, self._server_port = network, nickname, server_port
        self._attempt = 0

    def run(self, action: Callable[[Transfer], Result], seed: int, size: int,
            on_progress: Callable[[int], None]) -> Result:
        for _ in range(_ATTEMPTS):
            self._attempt += 1
            check = _RideCheck(self.rides_a_set, on_progress)
            # Streams of different SOCKS users never share a circuit: each attempt is fresh.
            request = Transfer(self._network.node(self._nickname).socksport, self._server_port,
                               seed, size, socks_user=f"{action.__name__}{self._attempt}",
                               on_progress=check)
            try:
                return action(request)
            except _OnPlainCircuit:
                time.sleep(_PAUSE_S)
        raise NoRide(f"the stock client gave no stream a linked set in {_ATTEMPTS} attempts")

    def rides_a_set(self) -> bool:
        with self._network.control(self._nickname) as control:
            streams = control.getinfo("stream-status").splitlines()
            circuits = control.getinfo("circuit-status").splitlines()
        linked = {line.split()[0] for line in circuits if "PURPOSE=CONFLUX_LINKED" in line}
        on = [circuit for _, state, circuit, target, *_ in (line.split() for line in streams)
              if state == "SUCCEEDED" and target.endswith(f":{self._server_port}")]
        return bool(on) and all(circuit in linked for circuit in on)


class _RideCheck:
    """Looks once, when the first bytes move."""

    def __init__(self, rides: Callable[[], bool], on_progress: Callable[[int], None]):
        self._rides, self._on_progress = rides, on_progress
        self._checked = False

    def __call__(self, moved: int) -> None:
        if not self._checked:
            self._checked = True
            if not self._rides():
                raise _OnPlainCircuit
        self._on_progress(moved)
