"""Stock tor's own client: which circuit a stream is on is asked, never assumed.

The client builds linked sets ahead of time, and a stream rides one only if an unused one is there.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from privnet import ControlError, PrivateNetwork

from .site import STOCK_CLIENT, Site
from .transfers import Door

RIDE = "ride"  # on a linked set whose legs have nothing in common but the exit
SHARED = "shared"  # on a linked set whose legs share a relay
SINGLE = "single"  # on one circuit
_POLL_S = 0.1


@dataclass
class Circuit:
    """A line of `GETINFO circuit-status`."""

    ordinal: str
    state: str
    relays: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def set_id(self) -> str | None:
        """Of the conflux set that it is a linked leg of."""
        linked = self.fields.get("PURPOSE") == "CONFLUX_LINKED"
        return self.fields.get("CONFLUX_ID") if linked and self.state == "BUILT" else None


def parse_circuits(text: str) -> list[Circuit]:
    circuits = []
    for line in text.splitlines():
        ordinal, state, *words = line.split()
        relays = words[0].split(",") if words and words[0].startswith("$") else []
        fields = dict(word.split("=", 1) for word in words if "=" in word and not
                      word.startswith("$"))
        circuits.append(Circuit(ordinal, state, relays, fields))
    return circuits


def linked_sets(circuits: list[Circuit]) -> dict[str, list[Circuit]]:
    sets: dict[str, list[Circuit]] = {}
    for circuit in circuits:
        if circuit.set_id is not None:
            sets.setdefault(circuit.set_id, []).append(circuit)
    return sets


def are_disjoint(legs: list[Circuit]) -> bool:
    """At least two legs, and only the exit in common."""
    before_exit = [set(leg.relays[:-1]) for leg in legs]
    return len(legs) > 1 and len(set().union(*before_exit)) == sum(map(len, before_exit))


def free_sets(circuits: list[Circuit], used: set[str]) -> list[str]:
    return [name for name, legs in linked_sets(circuits).items()
            if name not in used and are_disjoint(legs)]


def kind_of_ride(streams: str, circuits: list[Circuit], port: int) -> tuple[str, str | None]:
    """What the streams to this port are on, by `GETINFO stream-status`; and the set, if one."""
    on = {circuit for _, state, circuit, target, *_ in map(str.split, streams.splitlines())
          if state == "SUCCEEDED" and target.endswith(f":{port}")}
    for name, legs in linked_sets(circuits).items():
        if on and on <= {leg.ordinal for leg in legs}:
            return (RIDE if are_disjoint(legs) else SHARED), name
    return SINGLE, None


class StockClient:
    """The stock client of the site's network."""

    _users = itertools.count()

    def __init__(self, site: Site):
        self._site = site
        self._used: set[str] = set()
        self.kind = SINGLE  # of the latest transfer
        with self._network.control(STOCK_CLIENT) as control:
            # A timeout that was learnt without delay would end the circuits built with delay.
            control.command("SETCONF LearnCircuitBuildTimeout=0")

    @property
    def _network(self) -> PrivateNetwork:
        return self._site.network

    @property
    def pid(self) -> int:
        pid = self._network.pid(STOCK_CLIENT)
        assert pid is not None
        return pid

    def forget_circuits(self) -> None:
        """All circuits are built anew: round trips of those that stand were measured under other
        delays."""
        with self._network.control(STOCK_CLIENT) as control:
            for circuit in parse_circuits(control.getinfo("circuit-status")):
                try:
                    control.command(f"CLOSECIRCUIT {circuit.ordinal}")
                except ControlError:
                    pass  # gone by itself

    def wait_for_free_set(self, timeout_s: float) -> bool:
        """Whether an unused linked set stands in time."""
        deadline = time.monotonic() + timeout_s
        with self._network.control(STOCK_CLIENT) as control:
            while not free_sets(parse_circuits(control.getinfo("circuit-status")), self._used):
                if time.monotonic() > deadline:
                    return False
                time.sleep(_POLL_S)
        return True

    def door(self) -> Door:
        """A way in for one transfer: new credentials, so no circuit that was used before."""
        self.kind = SINGLE
        port = self._network.node(STOCK_CLIENT).socksport
        return Door(port, f"stock{next(self._users)}", self._site.origin, self._note_ride)

    def finish(self) -> None:
        """The legs that the latest transfer used are given up."""
        with self._network.control(STOCK_CLIENT) as control:
            for circuit in self._legs_of_used(control.getinfo("circuit-status")):
                try:
                    control.command(f"CLOSECIRCUIT {circuit.ordinal}")
                except ControlError:
                    pass

    def _legs_of_used(self, text: str) -> Iterator[Circuit]:
        return (c for c in parse_circuits(text) if c.set_id in self._used)

    def _note_ride(self) -> None:
        with self._network.control(STOCK_CLIENT) as control:
            streams = control.getinfo("stream-status")
            circuits = parse_circuits(control.getinfo("circuit-status"))
        self.kind, name = kind_of_ride(streams, circuits, self._site.origin.port)
        if name:
            self._used.add(name)
