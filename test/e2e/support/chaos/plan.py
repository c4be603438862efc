"""What happens in a round: transfers and faults, all from one seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

# kind -> weight. `stop` lasts until the transfers have ended by themselves, `pause` and `slow` for
# a moment; the killed are started again after one.
NETWORK_FAULTS = {
    "kill guard": 3, "kill middle": 3, "kill exit": 2,
    "pause guard": 3, "pause middle": 3, "pause exit": 3,
    "stop guard": 1, "stop exit": 1,
    "slow guard": 2, "slow middle": 2,
    "reset guard": 3, "reset exit": 2,
}
# The application is at fault: it leaves, politely or with a reset.
CLIENT_FAULTS = {"leave": 3, "abort": 3}
ALL_FAULTS = {**NETWORK_FAULTS, **CLIENT_FAULTS}

_SIZES = (100_000, 3_000_000)
_JOBS = (2, 4)
_FAULTS = (1, 2)
_HOLD_S = (0.1, 1.5)
# Each has a tunnel of its own.
_USERS = ("", "anna", "bert")


@dataclass(frozen=True)
class Fault:
    kind: str
    at_bytes: int  # of the transfer that it waits for
    hold_s: float
    choice: float  # in [0, 1): which one, where there are several

    @property
    def action(self) -> str:
        return self.kind.split()[0]

    @property
    def role(self) -> str:
        return self.kind.split()[-1]

    @property
    def is_clients(self) -> bool:
        return self.kind in CLIENT_FAULTS


@dataclass(frozen=True)
class Job:
    """One transfer and the faults that strike when it has moved so many bytes."""

    upload: bool
    seed: int
    size: int
    user: str
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        way = "upload" if self.upload else "download"
        faults = ", ".join(f"{f.kind} at {f.at_bytes}" for f in self.faults)
        return f"{way} of {self.size} for '{self.user}'" + (f" ({faults})" if faults else "")


@dataclass(frozen=True)
class Round:
    number: int
    jobs: tuple[Job, ...]


def plan_round(seed: int, number: int, kinds: dict[str, int]) -> Round:
    """Equal seeds give equal rounds, whatever became of the rounds before. No kinds: no faults."""
    rng = random.Random(f"{seed}:{number}")
    sizes = [rng.randint(*_SIZES) for _ in range(rng.randint(*_JOBS))]
    faults: list[list[Fault]] = [[] for _ in sizes]
    for _ in range(rng.randint(*_FAULTS) if kinds else 0):
        index = rng.randrange(len(sizes))
        faults[index].append(_plan_fault(rng, sizes[index], kinds))
    return Round(number, tuple(
        Job(rng.random() < 0.5, rng.getrandbits(32), size, rng.choice(_USERS), _in_order(own))
        for size, own in zip(sizes, faults)))


def _plan_fault(rng: random.Random, size: int, kinds: dict[str, int]) -> Fault:
    (kind,) = rng.choices(list(kinds), weights=kinds.values())
    return Fault(kind, rng.randint(size // 20, size * 9 // 10), rng.uniform(*_HOLD_S),
                 rng.random())


def _in_order(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.at_bytes))
