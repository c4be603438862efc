"""A small HTTP server whose every answer can be checked byte for byte.

GET /SEED/SIZE            the content of that seed and size
GET /SEED/SIZE?flip=N     the same with one bit wrong in byte N: what a test must notice
GET /SEED/SIZE?rate=B     the same at about B bytes per second
PUT /anything             takes a body, answers as JSON with its size, its SHA-256 and the longest
                          pause in which nothing of it came
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from . import content
from .pause import LongestPause

_READ = 1 << 16


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        try:
            seed, size = (int(part) for part in url.path.strip("/").split("/"))
        except ValueError:
            self.send_error(404, "expected /SEED/SIZE")
            return
        query = {key: int(values[0]) for key, values in parse_qs(url.query).items()}
        self._start(size, "application/octet-stream")
        self._send_content(seed, size, query)

    def do_PUT(self) -> None:
        left = int(self.headers["Content-Length"])
        size, digest, pause = left, hashlib.sha256(), LongestPause()
        while left and (data := self.rfile.read1(min(left, _READ))):
            pause.note()
            digest.update(data)
            left -= len(data)
        reply = json.dumps({"size": size - left, "sha256": digest.hexdigest(),
                            "longest_pause_s": pause.seconds}).encode()
        self._start(len(reply), "application/json")
        self.wfile.write(reply)

    def _start(self, length: int, kind: str) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()

    def _send_content(self, seed: int, size: int, query: dict[str, int]) -> None:
        sent, start = 0, time.monotonic()
        for chunk in content.chunks(seed, size):
            flip = query.get("flip", -1) - sent
            if 0 <= flip < len(chunk):
                chunk = chunk[:flip] + bytes([chunk[flip] ^ 1]) + chunk[flip + 1:]
            if rate := query.get("rate"):
                time.sleep(max(0.0, start + sent / rate - time.monotonic()))
            self.wfile.write(chunk)
            sent += len(chunk)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A connection that breaks is the client's to report: breaking is what is tested."""


class FileServer:
    """Runs in threads of this process. Use as a context manager."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def __enter__(self) -> FileServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
