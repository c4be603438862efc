"""One transfer through a SOCKS port, and all that is measured of it."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from traffic import socks5

from .origin import Arrivals, Origin, pieces

_READ = 1 << 16
_HOST = "127.0.0.1"
_TIMEOUT_S = 60.0
_tokens = itertools.count()


class Broken(Exception):
    """A transfer that did not end, or ended with other bytes."""


@dataclass(frozen=True)
class Door:
    """Where transfers go in (a SOCKS port, with a user whose streams share a tunnel) and out."""

    socks_port: int
    user: str
    origin: Origin
    # Called when the stream is connected and nothing has moved; its time is not counted.
    on_connected: Callable[[], None] = lambda: None

    def connect(self):
        return socks5.connect(self.socks_port, _HOST, self.origin.port, timeout_s=_TIMEOUT_S,
                              user=self.user)


@dataclass(frozen=True)
class Sample:
    """Seconds count from asking the proxy for the stream."""

    arrivals: Arrivals
    zero: float

    def seconds_to(self, byte: int) -> float:
        return self.arrivals.time_of(byte) - self.zero

    @property
    def size(self) -> int:
        return self.arrivals.total

    @property
    def seconds(self) -> float:
        return self.seconds_to(self.size)


def download(door: Door, size: int) -> Sample:
    """When bytes came here."""
    connection, zero = _open(door)
    with connection:
        connection.sendall(f"GET {size}\n".encode())
        arrivals = Arrivals()
        while arrivals.total < size and (data := connection.recv(_READ)):
            arrivals.note(data)
    return _checked(Sample(arrivals, zero), size)


def upload(door: Door, size: int) -> Sample:
    """When bytes came to the sink behind the exit."""
    token = f"t{next(_tokens)}"
    connection, zero = _open(door)
    with connection:
        connection.sendall(f"PUT {size} {token}\n".encode())
        for piece in pieces(size):
            connection.sendall(piece)
        if not connection.recv(64):
            raise Broken(f"the connection ended before {size} bytes were acknowledged")
    return _checked(Sample(door.origin.take_upload(token), zero), size)


def move(direction: str, door: Door, size: int) -> Sample:
    return download(door, size) if direction == "download" else upload(door, size)


def page(door: Door, sizes: list[int], parallel: int) -> tuple[float, float]:
    """Fetches files on connections of their own, up to `parallel` at a time. Seconds to the first
    and to the last byte, from when the first connection stands."""
    first_connection, _ = _open(door)
    start = time.monotonic()
    left: queue.SimpleQueue[int] = queue.SimpleQueue()
    for size in sizes:
        left.put(size)
    worker = _PageWorker(door, left)
    threads = [threading.Thread(target=worker.run, args=(connection,), daemon=True)
               for connection in (first_connection, *[None] * (parallel - 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if worker.errors:
        raise Broken(f"{len(worker.errors)} of {len(sizes)} files failed: {worker.errors[0]}")
    return worker.first - start, worker.last - start


class _PageWorker:
    def __init__(self, door: Door, left: queue.SimpleQueue[int]):
        self._door, self._left = door, left
        self._lock = threading.Lock()
        self.first = float("inf")
        self.last = 0.0
        self.errors: list[Exception] = []

    def run(self, connection) -> None:
        while True:
            try:
                size = self._left.get_nowait()
            except queue.Empty:
                return
            try:
                self._fetch(connection or self._door.connect(), size)
            except (OSError, Broken, socks5.SocksError) as error:
                self.errors.append(error)
            connection = None

    def _fetch(self, connection, size: int) -> None:
        with connection:
            connection.sendall(f"GET {size}\n".encode())
            arrivals = Arrivals()
            while arrivals.total < size and (data := connection.recv(_READ)):
                arrivals.note(data)
        _checked(Sample(arrivals, 0.0), size)
        with self._lock:
            self.first = min(self.first, arrivals.times[0])
            self.last = max(self.last, arrivals.times[-1])


def _open(door: Door):
    """The connection, and when the clock began."""
    start = time.monotonic()
    connection = door.connect()
    connected = time.monotonic()
    try:
        door.on_connected()
    except BaseException:
        connection.close()
        raise
    return connection, time.monotonic() - (connected - start)


def _checked(sample: Sample, size: int) -> Sample:
    if sample.size != size:
        raise Broken(f"ended after {sample.size} of {size} bytes")
    if not sample.arrivals.intact:
        raise Broken("bytes came that were not sent")
    return sample
