"""Pseudo-random content that both ends can make by themselves from a seed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

_CHUNK = 1 << 18


def chunks(seed: int, size: int) -> Iterator[bytes]:
    """The content of (seed, size) in pieces. A shorter size of a seed is a prefix of a longer."""
    for index in range(0, -(-size // _CHUNK)):
        block = random.Random(f"{seed}:{index}").randbytes(_CHUNK)
        yield block[:size - index * _CHUNK]


def sha256(seed: int, size: int) -> str:
    digest = hashlib.sha256()
    for chunk in chunks(seed, size):
        digest.update(chunk)
    return digest.hexdigest()
