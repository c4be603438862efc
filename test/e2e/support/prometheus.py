"""A real Prometheus server that scrapes one target."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """Use as a context manager; leaving it ends the server."""

    def __init__(self, target_port: int):
        self._port = free_port()
        self._place = Path(tempfile.mkdtemp(prefix="prometheus-"))
        (self._place / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "conflux", "static_configs": [
                {"targets": [f"127.0.0.1:{target_port}"]}]}]}))
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Prometheus:
        with open(self._place / "log", "wb") as log:
            self._process = subprocess.Popen(
                ["prometheus", f"--config.file={self._place}/prometheus.yml",
                 f"--storage.tsdb.path={self._place}/data",
                 f"--web.listen-address=127.0.0.1:{self._port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self._place, ignore_errors=True)

    def query(self, expression: str) -> float | None:
        """The only value of an instant query; None while there is none (or no server yet)."""
        arguments = urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{self._port}/api/v1/query?{arguments}", timeout=5) as reply:
                result = json.load(reply)["data"]["result"]
        except OSError:
            return None
        return float(result[0]["value"][1]) if len(result) == 1 else None

    def wait_for(self, expression: str, good, timeout_s: float) -> float | None:
        """The first value that is good, or the last one when the time is up."""
        deadline = time.monotonic() + timeout_s
        while True:
            value = self.query(expression)
            if (value is not None and good(value)) or time.monotonic() > deadline:
                return value
            time.sleep(0.2)
