"""Runs the rounds and judges them: intact or an error in time, and nothing left behind."""

from __future__ import annotations

import queue
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from traffic import socks5, transfer

from . import resources
from .jobs import CORRUPT, Runner, Strike
from .limits import Limits
from .plan import Round, plan_round
from .report import Report

_PROOF_BYTES = 20_000
_RETRY_S = 0.2
_POLL_S = 0.1


class Proxy(Protocol):
    """What is put to the test: an OnionProxy, or a double of it."""

    port: int

    @property
    def pid(self) -> int: ...
    def is_running(self) -> bool: ...
    def stats(self) -> dict: ...
    def stop(self, timeout_s: float) -> int: ...
    def log_tail(self) -> str: ...


class Stop(Exception):
    """Going on would show nothing more: the proxy hangs or is gone."""


@dataclass(frozen=True)
class Setup:
    proxy: Proxy
    server_port: int
    faults: object  # NetworkFaults or NoNetwork
    kinds: dict[str, int]
    seed: int
    relay_ports: frozenset[int] = frozenset()
    limits: Limits = Limits()
    say: Callable[[str], None] = lambda _: None


class Chaos:
    def __init__(self, setup: Setup):
        self._setup = setup
        self.report = Report(setup.seed)
        self._events: queue.Queue[Strike | None] = queue.Queue()
        self._base_descriptors = 0

    def run(self, rounds: int, first: int = 1) -> Report:
        start = time.monotonic()
        try:
            self._recover("before the first round")
            self._base_descriptors = self._settled_descriptors("before the first round")
            for number in range(first, first + rounds):
                self._run_round(plan_round(self._setup.seed, number, self._setup.kinds))
            self._settle()
        except Stop:
            pass
        finally:
            self._setup.faults.undo(everything=True)
        self._judge_memory()
        self._judge_exit()
        self.report.seconds = time.monotonic() - start
        return self.report

    def _violation(self, text: str) -> None:
        self.report.violations.append(text)
        self._setup.say(f"VIOLATION: {text}")

    # One round.

    def _run_round(self, plan: Round) -> None:
        self._setup.say(f"round {plan.number}: " + "; ".join(str(job) for job in plan.jobs))
        self._setup.faults.begin_round()
        ports = (self._setup.proxy.port, self._setup.server_port)
        runners = [Runner(job, ports, self._setup.limits, self._events) for job in plan.jobs]
        for runner in runners:
            runner.start()
        self._attend(runners)
        self._setup.faults.undo(everything=True)
        self.report.rounds += 1
        where = f"round {plan.number}"
        for number, runner in enumerate(runners, 1):
            self._judge(f"{where}, transfer {number}", runner)
        self._check_running(where)
        self._recover(where)
        self.report.memory_kb.append(resources.rss_kb(self._setup.proxy.pid))

    def _attend(self, runners: list[Runner]) -> None:
        """Until all have ended or may take no longer: faults strike and are repaired."""
        deadline = time.monotonic() + self._setup.limits.transfer_s
        while any(runner.outcome is None for runner in runners):
            until = min(deadline, self._setup.faults.next_undo() or deadline)
            try:
                event = self._events.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                event = None
            if event is not None:
                self._strike(event)
            self._setup.faults.undo()
            if time.monotonic() > deadline:
                return

    def _strike(self, strike: Strike) -> None:
        fault = strike.fault
        if fault.is_clients:
            struck = "the application"
        else:
            struck = self._setup.faults.strike(fault, strike.moved)
        (self.report.faults if struck else self.report.missed)[fault.kind] += 1
        self._setup.say(f"  {fault.kind} after {strike.moved} bytes: {struck or 'nobody'}")
        strike.done.set()

    def _judge(self, where: str, runner: Runner) -> None:
        if runner.outcome is None:
            self._violation(f"{where} ({runner.job}) has not ended after "
                            f"{self._setup.limits.transfer_s:.0f} s")
            raise Stop
        self.report.add(runner.outcome)
        self._setup.say(f"  {runner.outcome.kind} {runner.outcome.detail} after "
                        f"{runner.outcome.moved} bytes, {runner.outcome.seconds:.1f} s")
        if runner.outcome.is_violation:
            self._violation(f"{where} ({runner.job}) {runner.outcome.kind}: "
                            f"{runner.outcome.detail} after {runner.outcome.moved} bytes")

    def _check_running(self, where: str) -> None:
        if not self._setup.proxy.is_running():
            self._violation(f"{where}: the proxy is gone\n{self._setup.proxy.log_tail()}")
            raise Stop

    def _recover(self, where: str) -> None:
        """With all repaired, streams are served again."""
        start = time.monotonic()
        while True:
            problem = self._try_small_download()
            if problem is None:
                self.report.recoveries_s.append(time.monotonic() - start)
                return
            self._check_running(where)
            if problem == CORRUPT or time.monotonic() - start > self._setup.limits.recovery_s:
                self._violation(f"{where}: no download afterwards: {problem}\n"
                                f"{self._setup.proxy.log_tail()}")
                raise Stop
            time.sleep(_RETRY_S)

    def _try_small_download(self) -> str | None:
        request = transfer.Transfer(self._setup.proxy.port, self._setup.server_port, 1,
                                    _PROOF_BYTES, timeout_s=self._setup.limits.connect_s)
        try:
            return None if transfer.download(request).intact else CORRUPT
        except (OSError, socks5.SocksError, transfer.Truncated) as error:
            return repr(error)

    # Afterwards.

    def _settle(self) -> None:
        deadline = time.monotonic() + self._setup.limits.settle_s
        own = self._settled_descriptors("after the last round")
        # A stream that is closed gives its descriptor back a moment later.
        while own > self._base_descriptors and time.monotonic() < deadline:
            time.sleep(_POLL_S)
            own = self._settled_descriptors("after the last round")
        if own > self._base_descriptors:
            self._violation(f"{own} descriptors are open, {self._base_descriptors} at the start")

    def _settled_descriptors(self, when: str) -> int:
        """Waits until nothing is in use; the descriptors that are left beside those to relays."""
        deadline = time.monotonic() + self._setup.limits.settle_s
        while self._in_use():
            self._check_running(when)
            if time.monotonic() > deadline:
                self._violation(f"{when}: still in use: {self._in_use()}")
                raise Stop
            time.sleep(_POLL_S)
        relay_ports = self._setup.relay_ports
        own, relays = resources.count_descriptors(self._setup.proxy.pid, relay_ports)
        self.report.descriptors[when] = own
        self.report.descriptors[f"{when}, to relays"] = relays
        if relays > len(relay_ports):
            self._violation(f"{when}: {relays} connections to {len(relay_ports)} relays")
        return own

    def _in_use(self) -> str:
        """What the proxy says is open, in words; empty when nothing is."""
        stats = self._setup.proxy.stats()
        streams = stats.get("streams", {}).get("open", 0)
        tunnels = sum(tunnel["open"] for tunnel in stats.get("tunnels", []))
        clients = self._clients()
        parts = {"streams": streams, "tunnels": tunnels, "connections of applications": clients}
        return ", ".join(f"{count} {name}" for name, count in parts.items() if count)

    def _clients(self) -> int:
        proxy = self._setup.proxy
        return sum(c.local_port == proxy.port for c in resources.connections.established(proxy.pid))

    def _judge_memory(self) -> None:
        growth = resources.memory_growth(self.report.memory_kb)
        if growth and not resources.is_flat(*growth):
            self._violation(f"memory grew from {growth[0]:.0f} to {growth[1]:.0f} kB")

    def _judge_exit(self) -> None:
        """A polite end has status 0; a sanitizer that found a leak makes it another."""
        proxy = self._setup.proxy
        stats = proxy.stats()
        self.report.tunnels_built = stats.get("tunnels_built", 0)
        self.report.tunnel_closes = stats.get("tunnel_closes", {})
        if not proxy.is_running():
            return
        try:
            status = proxy.stop(self._setup.limits.exit_s)
        except subprocess.TimeoutExpired:
            self._violation(f"the proxy did not end within {self._setup.limits.exit_s:.0f} s")
            return
        if status != 0:
            self._violation(f"the proxy ended with status {status}\n{proxy.log_tail()}")
