"""What stands behind the exit: a source and a sink of checkable bytes that cost next to nothing.

One line asks: `GET SIZE` is answered with that many bytes; `PUT SIZE TOKEN` is followed by that many
bytes and answered with `SIZE ok` or `SIZE bad`. When the bytes of an upload came is kept under
its token. Both ends live in one process, so that all times are of one clock.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from bisect import bisect_left

_PERIOD = 1048573  # prime: no run of whole cells fits, so that no reordering goes unseen
_PIECE = 1 << 16
_BLOCK = random.Random(_PERIOD).randbytes(_PERIOD)
_PATTERN = _BLOCK + _BLOCK[:_PIECE]


def pieces(size: int):
    """The content of every transfer of that size."""
    for offset in range(0, size, _PIECE):
        at = offset % _PERIOD
        yield _PATTERN[at:at + min(_PIECE, size - offset)]


class Arrivals:
    """When which bytes came, and whether they were the right ones."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.totals: list[int] = []
        self.intact = True

    @property
    def total(self) -> int:
        return self.totals[-1] if self.totals else 0

    def note(self, data: bytes) -> None:
        self.times.append(time.monotonic())
        at = self.total
        for start in range(0, len(data), _PIECE):
            part = data[start:start + _PIECE]
            offset = (at + start) % _PERIOD
            self.intact &= part == _PATTERN[offset:offset + len(part)]
        self.totals.append(at + len(data))

    def time_of(self, byte: int) -> float:
        """When the first `byte` bytes were complete. NaN when they never were."""
        index = bisect_left(self.totals, byte)
        return self.times[index] if index < len(self.times) else float("nan")

    def rate(self, low: int, high: int) -> float:
        """Bytes per second between two byte positions, as they came."""
        first, last = bisect_left(self.totals, low), bisect_left(self.totals, high)
        if last >= len(self.totals) or self.times[last] <= self.times[first]:
            return float("nan")
        return (self.totals[last] - self.totals[first]) / (self.times[last] - self.times[first])


class Origin:
    """Runs in threads of this process. Use as a context manager."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._uploads: dict[str, Arrivals] = {}
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def __enter__(self) -> Origin:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def take_upload(self, token: str) -> Arrivals:
        return self._uploads.pop(token)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A connection that breaks is the other end's to report.
        try:
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                verb, size, *token = _read_line(connection).split()
                if verb == "GET":
                    for piece in pieces(int(size)):
                        connection.sendall(piece)
                elif verb == "PUT":
                    self._take(connection, int(size), token[0])
        except (OSError, ValueError):
            pass

    def _take(self, connection: socket.socket, size: int, token: str) -> None:
        arrivals = self._uploads[token] = Arrivals()
        while arrivals.total < size and (data := connection.recv(_PIECE)):
            arrivals.note(data)
        verdict = "ok" if arrivals.intact and arrivals.total == size else "bad"
        connection.sendall(f"{arrivals.total} {verdict}\n".encode())


def _read_line(connection: socket.socket) -> str:
    """Byte by byte: what follows the line belongs to the upload."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte or len(line) > 200:
            raise ValueError("no request line")
        line += byte
    return line.decode()
