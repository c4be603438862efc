"""How long it will still take, from what the rounds so far took. Pure."""

from __future__ import annotations

# Before anything was measured: a round of three transfers, roughly.
_FIRST_GUESS_S = 12.0


class Eta:
    """Conditions with the number of rounds that each still has to run."""

    def __init__(self, rounds: list[tuple[str, int]]):
        self._left = dict(rounds)
        self._seconds: dict[str, list[float]] = {}

    def note(self, condition: str, seconds: float) -> None:
        self._left[condition] -= 1
        self._seconds.setdefault(condition, []).append(seconds)

    def seconds(self) -> float:
        known = [s for samples in self._seconds.values() for s in samples]
        overall = sum(known) / len(known) if known else _FIRST_GUESS_S
        return sum(left * self._of(name, overall) for name, left in self._left.items())

    def _of(self, name: str, overall: float) -> float:
        samples = self._seconds.get(name)
        return sum(samples) / len(samples) if samples else overall

    def __str__(self) -> str:
        seconds = round(self.seconds())
        return f"about {seconds // 60} min {seconds % 60:02} s left"
