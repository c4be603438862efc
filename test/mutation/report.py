"""What came out: tables for people, JSON for programs, diffs of what survived."""

import json
from collections import Counter
from pathlib import Path

from mutants import Mutant

KILLED = ("killed", "timeout")


def read_equivalents(path: Path) -> dict[str, str]:
    """Mutants that change nothing which anybody can see, and why. A key, then indented words."""
    reasons: dict[str, str] = {}
    key = ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if not line[0].isspace():
            key = line.strip()
            reasons[key] = ""
        elif key:
            reasons[key] = f"{reasons[key]} {line.strip()}".strip()
        else:
            raise ValueError(f"{path}:{number}: a reason without a mutant; expected its key first")
    for key, reason in reasons.items():
        if not reason:
            raise ValueError(f"{path}: no reason for {key}; expected an indented sentence below it")
    return reasons


class Report:
    def __init__(self, mutants: list[Mutant], results: dict[str, dict], equivalents: dict[str, str]):
        self.mutants = [it for it in mutants
                        if it.key in results and results[it.key]["status"] != "uncompilable"]
        self.uncompilable = sum(1 for it in results.values() if it["status"] == "uncompilable")
        self.results = results
        self.equivalents = equivalents

    def status(self, mutant: Mutant) -> str:
        status = self.results[mutant.key]["status"]
        return "equivalent" if status == "survived" and mutant.key in self.equivalents else status

    def survivors(self) -> list[Mutant]:
        return [it for it in self.mutants if self.status(it) == "survived"]

    def counts(self, mutants: list[Mutant] | None = None) -> Counter:
        return Counter(self.status(it) for it in (self.mutants if mutants is None else mutants))

    @staticmethod
    def ratio(counts: Counter) -> float:
        killed = sum(counts[status] for status in KILLED)
        judged = killed + counts["survived"]
        return killed / judged if judged else 1.0

    def table(self, heading: str, group) -> str:
        groups: dict[str, list[Mutant]] = {}
        for mutant in self.mutants:
            groups.setdefault(group(mutant), []).append(mutant)
        lines = [f"{heading:40} mutants  killed  timeout  survived  equivalent   ratio"]
        for name in [*sorted(groups), "all"]:
            counts = self.counts(groups.get(name) if name != "all" else None)
            lines.append(f"{name:40} {counts.total():7} {counts['killed']:7} {counts['timeout']:8} "
                         f"{counts['survived']:9} {counts['equivalent']:11} "
                         f"{100 * self.ratio(counts):6.1f}%")
        return "\n".join(lines)

    def text(self) -> str:
        parts = [self.table("file", lambda it: it.file), self.table("kind", lambda it: it.kind)]
        stale = [it.key for it in self.mutants
                 if it.key in self.equivalents and self.status(it) in KILLED]
        if stale:
            parts.append("called equivalent, but killed:\n  " + "\n  ".join(stale))
        equal = [it for it in self.mutants if self.status(it) == "equivalent"]
        if equal:
            parts.append("equivalent:\n" + "\n".join(
                f"  {it.file}:{it.line} {it.key.split(' | ', 4)[4]}\n      {self.equivalents[it.key]}"
                for it in equal))
        counts = self.counts()
        judged = counts.total() - counts["equivalent"]
        killed = counts["killed"] + counts["timeout"]
        parts.append(f"{killed} of {judged} killed ({100 * self.ratio(counts):.1f} %), "
                     f"{counts['survived']} survived, {counts['equivalent']} equivalent, "
                     f"{self.uncompilable} did not compile")
        return "\n\n".join(parts)

    def json(self) -> str:
        counts = self.counts()
        return json.dumps({
            "killed": counts["killed"], "timeout": counts["timeout"],
            "survived": counts["survived"], "equivalent": counts["equivalent"],
            "uncompilable": self.uncompilable, "ratio": round(self.ratio(counts), 4),
            "mutants": [{"key": it.key, "file": it.file, "line": it.line, "kind": it.kind,
                         "function": it.function, **self.results[it.key],
                         "status": self.status(it)} for it in self.mutants]}, indent=1)
