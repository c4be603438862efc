"""What can happen to relays, done to those that carry the traffic of the moment."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable

from privnet import NetworkError, PrivateNetwork
from support import connections

from .plan import Fault

_SLOW_KB = 300
# A relay whose traffic since the round began is less is not on the path of the transfer.
_SHARE = 0.15


class NoNetwork:
    """For proxies without relays."""

    def begin_round(self) -> None:
        pass

    def strike(self, fault: Fault, moved: int) -> str | None:
        raise AssertionError(f"{fault.kind} without a network")

    def next_undo(self) -> float | None:
        return None

    def undo(self, everything: bool = False) -> None:
        pass


class NetworkFaults:
    """Not for several threads."""

    def __init__(self, network: PrivateNetwork, proxy_pid: int):
        self._network = network
        self._proxy_pid = proxy_pid
        self._before: dict[str, int] = {}
        self._broken: set[str] = set()
        self._undo: list[tuple[float, str, Callable[[], None]]] = []
        for node in self._relays():
            self._count_traffic(node.nickname)

    def begin_round(self) -> None:
        self._before = {n.nickname: self._traffic(n.nickname) for n in self._relays()}

    def strike(self, fault: Fault, moved: int) -> str | None:
        """Does it; the nickname of whom it struck, None if nobody has that role just now."""
        victims = sorted(set(self._having(fault.role, moved)) - self._broken)
        if not victims:
            return None
        victim = victims[int(fault.choice * len(victims))]
        doer = {"kill": self._kill, "pause": self._pause, "stop": self._stop, "slow": self._slow,
                "reset": self._reset}[fault.action]
        return victim if doer(victim, fault) else None

    def next_undo(self) -> float | None:
        """When (monotonic) `undo` has something to do."""
        return min((due for due, _, _ in self._undo), default=None)

    def undo(self, everything: bool = False) -> None:
        """Repairs what is due."""
        now = time.monotonic()
        due = [item for item in self._undo if everything or item[0] <= now]
        self._undo = [item for item in self._undo if item not in due]
        for _, nickname, repair in sorted(due, key=lambda item: item[0]):
            repair()
            self._broken.discard(nickname)

    # Who is on the path.

    def _relays(self):
        return [n for n in self._network.nodes if n.is_relay]

    def _count_traffic(self, nickname: str) -> None:
        """Without it tor leaves loopback out of its counters."""
        with self._network.control(nickname) as control:
            control.command("SETCONF CountPrivateBandwidth=1")

    def _traffic(self, nickname: str) -> int:
        if self._network.node_state(nickname) != "running":
            return 0
        try:
            with self._network.control(nickname) as control:
                return int(control.getinfo("traffic/read"))
        except NetworkError:
            return 0  # on its way up or down

    def _having(self, role: str, moved: int) -> list[str]:
        guards = connections.guards_in_use(self._proxy_pid, self._network)
        busy = [n for n in self._relays() if n.nickname not in self._broken
                and self._traffic(n.nickname) - self._before.get(n.nickname, 0) > _SHARE * moved]
        if role == "guard":
            return [n.nickname for n in busy if n.nickname in guards]
        if role == "exit":
            return [n.nickname for n in busy if n.role == "exit"]
        return [n.nickname for n in busy if n.nickname not in guards and n.role != "exit"]

    # What is done to it. True if it could be.

    def _later(self, nickname: str, delay_s: float, repair: Callable[[], None]) -> None:
        self._broken.add(nickname)
        self._undo.append((time.monotonic() + delay_s, nickname, repair))

    def _kill(self, nickname: str, fault: Fault) -> bool:
        self._network.send_signal(nickname, signal.SIGKILL)
        self._later(nickname, fault.hold_s, lambda: self._restart(nickname))
        return True

    def _pause(self, nickname: str, fault: Fault) -> bool:
        return self._freeze(nickname, fault.hold_s)

    def _stop(self, nickname: str, _: Fault) -> bool:
        return self._freeze(nickname, float("inf"))

    def _freeze(self, nickname: str, delay_s: float) -> bool:
        self._network.send_signal(nickname, signal.SIGSTOP)
        self._later(nickname, delay_s,
                    lambda: self._network.send_signal(nickname, signal.SIGCONT))
        return True

    def _slow(self, nickname: str, fault: Fault) -> bool:
        self._network.set_rate(nickname, _SLOW_KB)
        self._later(nickname, fault.hold_s, lambda: self._unslow(nickname))
        return True

    def _restart(self, nickname: str) -> None:
        self._network.restart(nickname)
        self._count_traffic(nickname)

    def _unslow(self, nickname: str) -> None:
        self._network.set_rate(nickname, 0)
        self._count_traffic(nickname)

    def _reset(self, nickname: str, fault: Fault) -> bool:
        """One connection of this relay with the proxy, or of an exit with another relay."""
        pid = self._network.pid(nickname)
        own = connections.established(pid)
        ports = {c.local_port for c in connections.established(self._proxy_pid)}
        if fault.role == "exit":
            ports = {n.orport for n in self._relays()}
        links = sorted((c for c in own if c.remote_port in ports), key=lambda c: c.fd)
        if not links:
            return False
        with contextlib.suppress(ProcessLookupError):
            connections.reset(pid, links[int(fault.choice * len(links))].fd)
        return True
