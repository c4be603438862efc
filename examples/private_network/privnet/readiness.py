"""Is the network usable yet? Asked of the authorities (DirPort) and of every node (ControlPort)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from . import directory
from .control import ControlClient, ControlError
from .layout import Node

# A node that asked in vain before the first consensus waits longer and longer (up to a minute);
# a reload makes tor forget its failures and ask again.
_RELOAD_INTERVAL_S = 3.0


@dataclass(frozen=True)
class Readiness:
    """How far each condition is; ready when every count has reached its goal."""

    relays: int
    authorities: int
    clients: int
    listed: int  # relays in the consensus of the authority that lags most
    served: int  # authorities that serve that consensus with all microdescriptors and open exits
    informed: int  # relays that know every other relay, so that they extend circuits to them
    bootstrapped: int  # stock clients at 100 %

    @property
    def ready(self) -> bool:
        return (self.served == self.authorities and self.informed == self.relays
                and self.bootstrapped == self.clients)

    def __str__(self) -> str:
        parts = [f"consensus lists {self.listed}/{self.relays} relays",
                 f"served by {self.served}/{self.authorities}",
                 f"known to {self.informed}/{self.relays}"]
        if self.clients:
            parts.append(f"clients {self.bootstrapped}/{self.clients}")
        return ", ".join(parts)


class Prober:
    """Asks again only where the last answer was no: a network does not become less ready."""

    def __init__(self, nodes: list[Node]):
        self._nodes = nodes
        self._fingerprints = {n.fingerprint for n in nodes if n.is_relay}
        self._served: set[str] = set()
        self._informed: set[str] = set()
        self._bootstrapped: set[str] = set()
        self._reloaded_at: dict[str, float] = {}

    def probe(self) -> Readiness:
        authorities = [n for n in self._nodes if n.role == "authority"]
        relays = [n for n in self._nodes if n.is_relay]
        clients = [n for n in self._nodes if n.role == "client"]
        listed = [self._probe_authority(n) for n in authorities]
        # Relays learn from the authorities; asking them before is only load.
        if len(self._served) == len(authorities):
            self._probe_each(relays, self._informed, self._knows_all)
            self._probe_each(clients, self._bootstrapped, _is_bootstrapped)
        return Readiness(
            relays=len(relays), authorities=len(authorities), clients=len(clients),
            listed=min(listed, default=0), served=len(self._served),
            informed=len(self._informed), bootstrapped=len(self._bootstrapped))

    def _probe_authority(self, node: Node) -> int:
        if node.nickname in self._served:
            return len(self._fingerprints)
        entries = [e for e in directory.fetch_consensus(node.dirport)
                   if e.fingerprint in self._fingerprints]
        if len(entries) == len(self._fingerprints) and self._usable(node, entries):
            self._served.add(node.nickname)
        return len(entries)

    def _usable(self, node: Node, entries: list[directory.ConsensusEntry]) -> bool:
        if not all({"Running", "Valid"} <= e.flags for e in entries):
            return False
        policies = directory.fetch_exit_policies(node.dirport, [e.microdescriptor for e in entries])
        exits = sum(1 for n in self._nodes if n.role == "exit")
        open_exits = sum(1 for policy in policies if policy != "reject 1-65535")
        return len(policies) == len(entries) and open_exits == exits

    def _probe_each(self, nodes: list[Node], done: set[str],
                    question: Callable[[ControlClient], bool]) -> None:
        for node in nodes:
            if node.nickname in done:
                continue
            try:
                with ControlClient(node) as control:
                    if question(control):
                        done.add(node.nickname)
                    else:
                        self._maybe_reload(node, control)
            except ControlError:
                pass  # a node that is gone is reported by the liveness check

    def _maybe_reload(self, node: Node, control: ControlClient) -> None:
        now = time.monotonic()
        if now - self._reloaded_at.get(node.nickname, float("-inf")) >= _RELOAD_INTERVAL_S:
            control.command("SIGNAL RELOAD")
            self._reloaded_at[node.nickname] = now

    def _knows_all(self, control: ControlClient) -> bool:
        known = {line.split()[2] for line in control.getinfo("ns/all").splitlines()
                 if line.startswith("r ")}
        return {directory.identity_of(f) for f in self._fingerprints} <= known


def _is_bootstrapped(control: ControlClient) -> bool:
    return "PROGRESS=100" in control.getinfo("status/bootstrap-phase")
