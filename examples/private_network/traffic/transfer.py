"""Downloads and uploads through a SOCKS port, with every byte accounted for."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import content, socks5
from .pause import LongestPause

_READ = 1 << 16
HOST = "127.0.0.1"


@dataclass
class Transfer:
    """What to move: `size` bytes of `seed` from or to the file server behind the proxy."""

    proxy_port: int
    server_port: int
    seed: int
    size: int
    host: str = HOST
    socks_user: str = ""  # keeps streams of different users apart at proxies that isolate them
    query: str = ""
    timeout_s: float = 60.0  # of connecting, and between two pieces of data
    on_progress: Callable[[int], None] = field(default=lambda _: None)

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self.host, self.server_port)
        connection.sock = socks5.connect(self.proxy_port, self.host, self.server_port,
                                         timeout_s=self.timeout_s, user=self.socks_user)
        return connection


@dataclass(frozen=True)
class Result:
    size: int
    sha256: str
    expected_sha256: str
    seconds: float
    longest_pause_s: float  # in which the receiver got nothing

    @property
    def intact(self) -> bool:
        return self.sha256 == self.expected_sha256

    @property
    def megabytes_per_s(self) -> float:
        return self.size / self.seconds / 1e6


class Truncated(Exception):
    """The connection ended before all bytes had come."""

    def __init__(self, got: int, wanted: int):
        super().__init__(f"ended after {got} of {wanted} bytes")
        self.got = got


def download(transfer: Transfer) -> Result:
    """Raises Truncated, SocksError or OSError; bytes that differ are reported in the result."""
    start = time.monotonic()
    connection = transfer.connect()
    try:
        path = f"/{transfer.seed}/{transfer.size}{transfer.query}"
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        if response.status != 200:
            raise ConnectionError(f"the file server answered {response.status}")
        return _read_all(transfer, response, start)
    finally:
        connection.close()


def _read_all(transfer: Transfer, response: http.client.HTTPResponse, start: float) -> Result:
    digest, got, pause = hashlib.sha256(), 0, LongestPause()
    while data := response.read1(_READ):
        pause.note()
        digest.update(data)
        got += len(data)
        transfer.on_progress(got)
    if got < transfer.size:
        raise Truncated(got, transfer.size)
    return Result(got, digest.hexdigest(), content.sha256(transfer.seed, transfer.size),
                  time.monotonic() - start, pause.seconds)


def upload(transfer: Transfer) -> Result:
    """SHA-256 and pause of the result are what the server saw."""
    start = time.monotonic()
    connection = transfer.connect()
    try:
        connection.putrequest("PUT", "/upload")
        connection.putheader("Content-Length", str(transfer.size))
        connection.putheader("Connection", "close")
        connection.endheaders()
        _send_all(transfer, connection)
        received = json.loads(connection.getresponse().read())
        return Result(received["size"], received["sha256"],
                      content.sha256(transfer.seed, transfer.size),
                      time.monotonic() - start, received["longest_pause_s"])
    finally:
        connection.close()


def _send_all(transfer: Transfer, connection: http.client.HTTPConnection) -> None:
    sent = 0
    for chunk in content.chunks(transfer.seed, transfer.size):
        for offset in range(0, len(chunk), _READ):
            connection.send(chunk[offset:offset + _READ])
            sent += min(_READ, len(chunk) - offset)
            transfer.on_progress(sent)
