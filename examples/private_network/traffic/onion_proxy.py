"""Runs the built onion-proxy against a private network and reads its counters."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_LOG_LINES = 25


@dataclass(frozen=True)
class Programs:
    """Where the build put what is tested."""

    onion_proxy: Path
    plugin: Path

    @staticmethod
    def from_environment() -> Programs:
        return Programs(Path(os.environ["CONFLUX_ONION_PROXY"]), Path(os.environ["CONFLUX_PLUGIN"]))


@dataclass(frozen=True)
class ProxyOptions:
    authorities: Path
    work_dir: Path  # log, counters and configuration go there
    legs: int | None = 2  # None: not said
    profile: str = "fast"
    paths: Sequence[str] = ()  # GUARD,MIDDLE,EXIT; the n-th binds leg n
    # Lines below `conflux:` of the configuration file, indented by two blanks.
    conflux_lines: Sequence[str] = ()
    arguments: Sequence[str] = ()

    def configuration(self) -> str:
        lines = ["version: 1", "conflux:", f"  profile: {self.profile}", *self.conflux_lines]
        return "\n".join(lines) + "\n"


class ProxyFailed(Exception):
    """The proxy ended or never listened; the text holds its last log lines."""


def is_whole(states: Sequence[str], legs: int) -> bool:
    """Of a tunnel whose legs are in these states: as many as it is to have are joined, or far and
    waiting beside one that serves. Those that were given up do not count."""
    joined = ("built", "linked") if legs == 1 else ("linked",)
    alive = [state for state in states if state != "closed"]
    return (len(alive) == legs and any(state in joined for state in alive)
            and all(state in (*joined, "waiting") for state in alive))


class OnionProxy:
    """One running proxy. Use as a context manager; leaving it ends the process."""

    def __init__(self, programs: Programs, options: ProxyOptions):
        self.options = options
        self.port = _free_port()
        self.log_path = options.work_dir / "onion-proxy.log"
        self.stats_path = options.work_dir / "stats.json"
        self._argv = _arguments(programs, options, self.port, self.stats_path)
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> OnionProxy:
        self.stats_path.unlink(missing_ok=True)
        with open(self.log_path, "wb") as log:
            self._process = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=subprocess.STDOUT)
        try:
            self._await_listening(30.0)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, timeout_s: float = 10.0) -> int:
        """Ends it politely; the exit status. The last counters are on disk then."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout_s)

    def reload(self, conflux_lines: Sequence[str]) -> None:
        """Writes these lines into its configuration and lets it read that again."""
        assert self._process is not None
        self.options = replace(self.options, conflux_lines=conflux_lines)
        _config_path(self.options).write_text(self.options.configuration())
        self._process.send_signal(signal.SIGHUP)

    def wait_for_log(self, text: str, timeout_s: float) -> None:
        """Returns once the log holds `text`; else ProxyFailed."""
        deadline = time.monotonic() + timeout_s
        while text not in self.log_path.read_text(errors="replace"):
            self._check_running()
            if time.monotonic() > deadline:
                raise ProxyFailed(f"not within {timeout_s:.0f} s: {text}\n{self.log_tail()}")
            time.sleep(0.05)

    def stats(self) -> dict:
        """The newest counters; empty before the first are written."""
        try:
            return json.loads(self.stats_path.read_text())
        except FileNotFoundError:
            return {}

    def tunnels(self) -> list[dict]:
        return self.stats().get("tunnels", [])

    def wait_for_legs(self, states: list[str], timeout_s: float) -> None:
        """Returns once the legs of the newest tunnel are in these states; else ProxyFailed."""
        deadline = time.monotonic() + timeout_s
        while self._newest_legs() != states:
            self._check_running()
            if time.monotonic() > deadline:
                raise ProxyFailed(f"not within {timeout_s:.0f} s: legs {', '.join(states)}\n"
                                  f"{json.dumps(self.tunnels(), indent=1)}\n{self.log_tail()}")
            time.sleep(0.05)

    def wait_for_tunnel(self, legs: int, timeout_s: float) -> None:
        """Returns once the newest tunnel is whole: all its legs are linked, or far ones wait until
        much moves. Else ProxyFailed."""
        deadline = time.monotonic() + timeout_s
        while not is_whole(self._newest_legs(), legs):
            self._check_running()
            if time.monotonic() > deadline:
                raise ProxyFailed(f"not within {timeout_s:.0f} s: a tunnel of {legs} legs\n"
                                  f"{json.dumps(self.tunnels(), indent=1)}\n{self.log_tail()}")
            time.sleep(0.05)

    def _newest_legs(self) -> list[str]:
        tunnels = self.tunnels()
        return [leg["state"] for leg in tunnels[-1]["legs"]] if tunnels else []

    def log_tail(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "\n".join(f"  {line}" for line in lines)

    def _check_running(self) -> None:
        assert self._process is not None
        status = self._process.poll()
        if status is not None:
            raise ProxyFailed(f"onion-proxy ended with status {status}:\n{self.log_tail()}")

    def _await_listening(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            self._check_running()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise ProxyFailed(f"no SOCKS port after {timeout_s:.0f} s:\n{self.log_tail()}")

    def _end(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None


def _arguments(programs: Programs, options: ProxyOptions, port: int, stats: Path) -> list[str]:
    config = _config_path(options)
    config.write_text(options.configuration())
    argv = [str(programs.onion_proxy), "--authorities", str(options.authorities),
            "--socks", f"127.0.0.1:{port}", "--config", str(config),
            "--stats-json", str(stats)]
    if options.legs is not None:
        argv += ["--legs", str(options.legs)]
    if options.legs != 1:
        argv += ["--plugin", str(programs.plugin)]
    for path in options.paths:
        argv += ["--path", path]
    return argv + list(options.arguments)


def _config_path(options: ProxyOptions) -> Path:
    return options.work_dir / "conflux.yaml"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
