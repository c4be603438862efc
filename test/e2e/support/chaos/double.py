"""A SOCKS5 proxy that connects directly and breaks one rule: what the harness must notice.

usage: python -m support.chaos.double {honest,corrupt,hang,die,leak} CONNECTION

The rule is broken on the CONNECTION-th connection (from 0), `leak` on each from then on.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

FAULTS = ("honest", "corrupt", "hang", "die", "leak")
_AFTER_BYTES = 5000


class DoubleProxy:
    """Runs it as a process with the interface of OnionProxy."""

    def __init__(self, fault: str, connection: int = 2):
        self._argv = [sys.executable, "-B", "-m", "support.chaos.double", fault, str(connection)]
        self._process: subprocess.Popen | None = None
        self.port = 0

    def __enter__(self) -> DoubleProxy:
        self._process = subprocess.Popen(self._argv, stdout=subprocess.PIPE, text=True,
                                         cwd=Path(__file__).resolve().parents[2])
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def stats(self) -> dict:
        return {}

    def stop(self, timeout_s: float) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout_s)

    def log_tail(self) -> str:
        return ""


class _Double:
    def __init__(self, fault: str, connection: int):
        self._fault = fault
        self._connection = connection
        self._kept: list[int] = []

    def serve(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        print(listener.getsockname()[1], flush=True)
        number = 0
        while True:
            client, _ = listener.accept()
            wrong = self._fault if number >= self._connection else "honest"
            if number > self._connection and wrong != "leak":
                wrong = "honest"
            threading.Thread(target=self._handle, args=(client, wrong), daemon=True).start()
            number += 1

    def _handle(self, client: socket.socket, wrong: str) -> None:
        if wrong == "leak":
            self._kept.append(os.open(os.devnull, os.O_RDONLY))
        with client:
            try:
                with socket.create_connection(("127.0.0.1", _negotiate(client))) as target:
                    up = threading.Thread(target=_pipe, args=(client, target, wrong), daemon=True)
                    up.start()
                    _pipe(target, client, wrong)
                    up.join()
            except OSError:
                pass


def _negotiate(client: socket.socket) -> int:
    method = 2 if client.recv(3)[2:] == b"\x02" else 0
    client.sendall(bytes([5, method]))
    if method == 2:
        client.recv(512)
        client.sendall(b"\x01\x00")
    request = client.recv(10)
    client.sendall(b"\x05\x00\x00\x01" + bytes(6))
    return struct.unpack("!H", request[8:])[0]


def _pipe(source: socket.socket, sink: socket.socket, wrong: str) -> None:
    moved = 0
    try:
        while data := source.recv(4096):
            moved += len(data)
            if wrong in ("corrupt", "hang", "die") and moved > _AFTER_BYTES:
                data = _break_rule(wrong, data)
                wrong = "honest"
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # As a proxy should: whoever is left hears of the broken half at once.
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def _break_rule(wrong: str, data: bytes) -> bytes:
    if wrong == "hang":
        threading.Event().wait()
    if wrong == "die":
        os._exit(9)
    return bytes([data[0] ^ 1]) + data[1:]


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    _Double(sys.argv[1], int(sys.argv[2])).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
