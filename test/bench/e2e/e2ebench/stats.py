"""The statistics of the tables: percentiles and paired comparisons. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_BOOTSTRAP_ROUNDS = 4000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % confidence interval; the bounds are NaN when n is below 2."""

    value: float
    low: float
    high: float
    n: int


def percentile(values: Sequence[float], share: float) -> float:
    """Linear between the two nearest ranks (type 7 of Hyndman and Fan). NaN without values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    rank = (len(ordered) - 1) * share
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def mean_interval(values: Sequence[float]) -> Interval:
    """The mean with Student's interval."""
    n = len(values)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    mean = math.fsum(values) / n
    if n == 1:
        return Interval(mean, math.nan, math.nan, 1)
    deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
    half = student_quantile(n - 1) * deviation / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def ratio_interval(pairs: Sequence[tuple[float, float]]) -> Interval:
    """How many times the second of each pair the first is: the geometric mean of the ratios, with
    Student's interval on their logarithms."""
    logs = mean_interval([math.log(a / b) for a, b in pairs])
    return Interval(math.exp(logs.value), math.exp(logs.low), math.exp(logs.high), logs.n)


def percentile_ratio_interval(pairs: Sequence[tuple[float, float]], share: float,
                              seed: int = 1) -> Interval:
    """The ratio of a percentile of the first to that of the second of the pairs, with the bootstrap
    percentile interval over pairs drawn with replacement. The same seed gives the same bounds."""
    def ratio(sample: Sequence[tuple[float, float]]) -> float:
        return (percentile([a for a, _ in sample], share)
                / percentile([b for _, b in sample], share))
    return bootstrap(pairs, ratio, seed)


def bootstrap(sample: Sequence, statistic: Callable[[Sequence], float], seed: int = 1) -> Interval:
    """The bootstrap percentile interval of any statistic of a sample."""
    n = len(sample)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    if n == 1:
        return Interval(statistic(sample), math.nan, math.nan, 1)
    draw = random.Random(seed)
    values = [statistic(draw.choices(sample, k=n)) for _ in range(_BOOTSTRAP_ROUNDS)]
    tail = (1 - CONFIDENCE) / 2
    return Interval(statistic(sample), percentile(values, tail), percentile(values, 1 - tail), n)


def student_quantile(degrees: int, confidence: float = CONFIDENCE) -> float:
    """The bound t with P(|T| <= t) = confidence."""
    low, high = 0.0, 1.0
    while _student_within(high, degrees) < confidence:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if _student_within(middle, degrees) < confidence:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _student_within(t: float, degrees: int) -> float:
    """P(|T| <= t), by the closed forms for whole degrees of freedom (Abramowitz and Stegun
    26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = 0.0 if degrees == 1 else term
    for k in range(3 if odd else 2, degrees - 1, 2):
        term *= (k - 1) / k * cosine * cosine
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
