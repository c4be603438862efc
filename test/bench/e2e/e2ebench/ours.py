"""onion-proxy with the plugin: one process for each arm of a condition, one tunnel per transfer."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from traffic.onion_proxy import OnionProxy, Programs, ProxyFailed, ProxyOptions, is_whole

from .conditions import Arm
from .site import Site
from .transfers import Door, download

_LEGS_TIMEOUT_S = 30.0
_POLL_S = 0.05
_WARM_UP_BYTES = 400
# A tunnel that carried its transfer is of no more use, but one that was prepared must last until its
# turn comes, which slow transfers of others and their repetition put off.
_IDLE_TIMEOUT_S = 150


@dataclass(frozen=True)
class TunnelReport:
    """What the proxy's counters told of one tunnel after its transfer."""

    out_of_order_bytes_peak: int
    switches_in: int
    switches_out: int
    shares_in: tuple[float, ...]
    shares_out: tuple[float, ...]


class OursClient:
    """Use as a context manager."""

    _users = itertools.count()

    def __init__(self, programs: Programs, site: Site, arm: Arm, scheduler: str, work_dir: Path):
        work_dir.mkdir(parents=True, exist_ok=True)
        self.arm = arm
        self._site = site
        # The profile matters only where the plugin is used.
        profile = arm.profile if arm.legs > 1 else "fast"
        lines = [f"  {key}: {value}" for key, value in
                 (("scheduler", scheduler), ("desired_ux", arm.desired_ux),
                  ("legs", arm.far and f"{{far: {arm.far}}}")) if value]
        self._proxy = OnionProxy(programs, ProxyOptions(
            site.network.authorities_path, work_dir, legs=arm.legs, profile=profile,
            paths=[site.path(index) for index in arm.paths],
            conflux_lines=lines,
            arguments=("--idle-timeout", str(_IDLE_TIMEOUT_S), "--quiet")))
        self._latest = -1  # ordinal; the proxy's first, built ahead, goes to whoever comes first
        self._ready: tuple[int, Door] | None = None  # tunnel and the way into it

    def __enter__(self) -> OursClient:
        self._proxy.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._proxy.__exit__(*exception)

    @property
    def pid(self) -> int:
        return self._proxy.pid

    def prepare(self) -> None:
        """Builds a new tunnel, as the stock client does ahead of its transfers. Some bytes must ask
        for it; its legs start with all they have to learn."""
        door = Door(self._proxy.port, f"ours{next(self._users)}", self._site.origin)
        download(door, _WARM_UP_BYTES)
        self._wait(lambda: self._newest() > self._latest and self._newest_is_whole())
        self._latest = self._newest()
        self._ready = (self._latest, door)

    def door(self) -> tuple[int, Door]:
        """The tunnel that `prepare` made, once."""
        assert self._ready is not None
        ready, self._ready = self._ready, None
        return ready

    def uptime_ms(self) -> int:
        return self._proxy.stats().get("uptime_ms", 0)

    def wait_for_counters(self, after_ms: int) -> None:
        """They are written every second. With the `uptime_ms` of a moment, returns once they tell
        all that came before it."""
        self._wait(lambda: self.uptime_ms() > after_ms)

    def _wait(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _LEGS_TIMEOUT_S
        while not done():
            if time.monotonic() > deadline or not self._proxy.is_running():
                raise ProxyFailed(f"no whole tunnel of {self.arm.legs} legs within "
                                  f"{_LEGS_TIMEOUT_S:.0f} s:\n{self._proxy.log_tail()}")
            time.sleep(_POLL_S)

    def report(self, tunnel: int) -> TunnelReport | None:
        for entry in self._proxy.tunnels():
            if entry["tunnel"] == tunnel:
                legs = entry["legs"]
                return TunnelReport(entry["out_of_order_bytes_peak"], entry["switches_in"],
                                    entry["switches_out"],
                                    tuple(leg["share_in"] for leg in legs),
                                    tuple(leg["share_out"] for leg in legs))
        return None

    def _newest(self) -> int:
        return max((entry["tunnel"] for entry in self._proxy.tunnels()), default=-1)

    def _newest_is_whole(self) -> bool:
        newest = max(self._proxy.tunnels(), key=lambda entry: entry["tunnel"])
        return is_whole([leg["state"] for leg in newest["legs"]], self.arm.legs)
