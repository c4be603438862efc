"""A name server for the exits of the private network: *.test is 127.0.0.1, all else is unknown."""

from __future__ import annotations

import socket
import threading

_HEADER = 12
_TYPE_A = b"\x00\x01"


class NameServer:
    """Runs in a thread of this process. Use as a context manager."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.settimeout(0.05)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                query, address = self._socket.recvfrom(1500)
                self._socket.sendto(answer(query), address)
            except TimeoutError:
                continue


def answer(query: bytes) -> bytes:
    """The reply to a query with one question."""
    end, labels = _HEADER, []
    while query[end]:
        labels.append(query[end + 1:end + 1 + query[end]].lower())
        end += query[end] + 1
    question = query[_HEADER:end + 5]
    if labels[-1:] != [b"test"]:
        return _reply(query, code=3, answers=0) + question
    if question[-4:-2] != _TYPE_A:
        return _reply(query, code=0, answers=0) + question
    record = b"\xc0\x0c" + _TYPE_A + b"\x00\x01" + b"\x00\x00\x00\x3c" + b"\x00\x04\x7f\x00\x00\x01"
    return _reply(query, code=0, answers=1) + question + record


def _reply(query: bytes, code: int, answers: int) -> bytes:
    return query[:2] + bytes([0x81, 0x80 | code]) + b"\x00\x01" + bytes([0, answers]) + bytes(4)
