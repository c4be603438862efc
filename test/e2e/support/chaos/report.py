"""What has happened so far, for a person and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from . import resources
from .jobs import Outcome


@dataclass
class Report:
    seed: int
    rounds: int = 0
    seconds: float = 0.0
    faults: Counter = field(default_factory=Counter)
    missed: Counter = field(default_factory=Counter)  # nobody had the role at that moment
    outcomes: Counter = field(default_factory=Counter)
    errors: Counter = field(default_factory=Counter)
    moved: int = 0
    slowest_s: float = 0.0
    recoveries_s: list[float] = field(default_factory=list)
    memory_kb: list[int] = field(default_factory=list)
    descriptors: dict[str, int] = field(default_factory=dict)
    tunnel_closes: dict[str, int] = field(default_factory=dict)
    tunnels_built: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.outcomes[outcome.kind] += 1
        if outcome.kind == "error":
            self.errors[outcome.detail] += 1
        self.moved += outcome.moved
        self.slowest_s = max(self.slowest_s, outcome.seconds)

    def to_json(self) -> str:
        growth = resources.memory_growth(self.memory_kb)
        return json.dumps({
            "seed": self.seed, "rounds": self.rounds, "seconds": round(self.seconds, 1),
            "faults": dict(self.faults), "faults_that_found_nobody": dict(self.missed),
            "transfers": dict(self.outcomes), "errors": dict(self.errors),
            "bytes_moved": self.moved, "slowest_transfer_s": round(self.slowest_s, 1),
            "recovery_s": _spread(self.recoveries_s),
            "memory_kb": {"medians_of_20_rounds": _medians(self.memory_kb, 20),
                          "medians_early_and_late": growth},
            "descriptors": self.descriptors,
            "tunnels_built": self.tunnels_built, "tunnel_closes": self.tunnel_closes,
            "violations": self.violations,
        }, indent=1) + "\n"


def _spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    return {"median": round(median(values), 2), "most": round(max(values), 2)}


def _medians(values: list[int], stretch: int) -> list[float]:
    return [median(values[at:at + stretch]) for at in range(0, len(values), stretch)]
