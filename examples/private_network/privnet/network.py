"""The private network itself: start, wait until usable, signal, restart, stop."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from . import process
from .control import ControlClient, ControlError
from .errors import NetworkError
from .keys import make_all_keys
from .layout import Node, choose_base_port, plan_nodes
from .options import MIN_RATE_KB, NetworkOptions
from .progress import Progress
from .readiness import Prober
from .signals import signals_blocked, signals_ignored
from .state import (AUTHORITIES_FILE, STATE_FILE, State, locked, prepare_directory,
                    remove_files)
from .torrc import authorities_file, resolv_conf_path, torrc_text

_LISTEN_TIMEOUT_S = 20.0
_LOG_LINES = 12


class PrivateNetwork:
    """One network in one directory. Not for use from several threads at once.

    `start` and `open` make one; `running` is the context manager that always stops.
    """

    def __init__(self, state: State, progress: Progress | None = None):
        self._state = state
        self._progress = progress or Progress(quiet=True)

    @staticmethod
    def start(options: NetworkOptions, directory: Path, progress: Progress | None = None,
              owner_pid: int | None = None,
              before_nodes: Callable[[list[Node]], None] | None = None) -> PrivateNetwork:
        """Starts every node and returns once all of them listen; on any failure all are stopped.

        With owner_pid each tor also ends by itself soon after that process is gone, which covers
        a caller that is killed and cannot clean up. before_nodes is called when ports are known and
        nothing runs yet: what stands in front of relays must stand before authorities look for them.
        """
        options.check()
        check_programs()
        directory = directory.absolute()
        created = prepare_directory(directory)
        with locked(directory):
            created |= _left_over_directory(directory)
            network = PrivateNetwork(
                State(directory, created_directory=created, owner_pid=owner_pid), progress)
            try:
                network._start(options, before_nodes)
            except BaseException:
                with signals_ignored():
                    network._stop(keep=False)
                raise
        return network

    @staticmethod
    def open(directory: Path, progress: Progress | None = None) -> PrivateNetwork:
        """The network that an earlier call started in this directory."""
        return PrivateNetwork(State.load(directory.absolute()), progress)

    @staticmethod
    @contextlib.contextmanager
    def running(options: NetworkOptions, directory: Path, progress: Progress | None = None,
                timeout_s: float = 120.0) -> Iterator[PrivateNetwork]:
        """Start, wait until usable, and stop on the way out, whatever happens."""
        network = PrivateNetwork.start(options, directory, progress, owner_pid=os.getpid())
        try:
            network.wait(timeout_s)
            yield network
        finally:
            with signals_ignored():
                network.stop()

    # What a caller may ask.

    @property
    def directory(self) -> Path:
        return self._state.directory

    @property
    def authorities_path(self) -> Path:
        return self._state.directory / AUTHORITIES_FILE

    @property
    def nodes(self) -> list[Node]:
        return list(self._state.nodes)

    def nicknames(self, role: str) -> list[str]:
        return [n.nickname for n in self._state.nodes if n.role == role]

    def node(self, nickname: str) -> Node:
        for node in self._state.nodes:
            if node.nickname == nickname:
                return node
        names = ", ".join(n.nickname for n in self._state.nodes)
        raise NetworkError(f"there is no node '{nickname}'; nodes are {names}")

    def pid(self, nickname: str) -> int | None:
        found = self._state.processes.get(self.node(nickname).nickname)
        return found.pid if found else None

    def node_state(self, nickname: str) -> str:
        """`running`, `stopped` (by a STOP signal) or `gone`."""
        found = self._state.processes.get(self.node(nickname).nickname)
        return process.state(found) if found else "gone"

    def log_tail(self, nickname: str, lines: int = _LOG_LINES) -> str:
        return _log_tail(self.node(nickname), lines)

    def control(self, nickname: str) -> ControlClient:
        return ControlClient(self.node(nickname))

    # What a caller may do.

    def wait(self, timeout_s: float = 120.0) -> None:
        """Returns once every relay is in a consensus that all know, and the exits are open."""
        prober = Prober(self._state.nodes)
        deadline = time.monotonic() + timeout_s
        while True:
            self._check_alive(self._state.nodes)
            readiness = prober.probe()
            if readiness.ready:
                self._progress.done(f"network usable: {readiness}")
                return
            if time.monotonic() > deadline:
                raise NetworkError(f"not usable after {timeout_s:.0f} s: {readiness}"
                                   f"{self._stopped_hint()}. Logs are under "
                                   f"{self.directory}/nodes\n" + self._tail_of_first("authority"))
            self._progress.update(str(readiness))
            time.sleep(0.5)

    def send_signal(self, nickname: str, signum: int) -> None:
        found = self._state.processes.get(self.node(nickname).nickname)
        if found is None or not process.send_signal(found, signum):
            raise NetworkError(f"{nickname} is not running")

    def restart(self, nickname: str) -> None:
        """Ends the node if it runs and starts it again with the same identity and ports."""
        node = self.node(nickname)
        with locked(self.directory):
            found = self._state.processes.get(nickname)
            if found:
                process.terminate([found])
            self._spawn(node)
            self._await_listening([node])

    def set_rate(self, nickname: str, rate_kb: int) -> None:
        """Changes a relay's rate while it runs; 0 means unlimited."""
        if rate_kb != 0 and rate_kb < MIN_RATE_KB:
            raise NetworkError(f"a rate is 0 (unlimited) or at least {MIN_RATE_KB} KB/s")
        with self.control(nickname) as control:
            if rate_kb:
                control.command(f'SETCONF RelayBandwidthRate="{rate_kb} KBytes" '
                                f'RelayBandwidthBurst="{rate_kb} KBytes" CountPrivateBandwidth=1')
            else:
                control.command(
                    "RESETCONF RelayBandwidthRate RelayBandwidthBurst CountPrivateBandwidth")

    def stop(self, keep: bool = False) -> None:
        """Ends every node and removes the files, or keeps those for a look at the logs."""
        if not self.directory.is_dir():
            return
        with locked(self.directory):
            self._stop(keep)

    # How it is done.

    def _start(self, options: NetworkOptions,
               before_nodes: Callable[[list[Node]], None] | None) -> None:
        shutil.rmtree(self.directory / "nodes", ignore_errors=True)
        self._state.base_port = choose_base_port(options)
        self._state.nodes = plan_nodes(options, self.directory, self._state.base_port)
        self._state.save()
        self._progress.update(f"making keys for {len(self._state.nodes)} nodes")
        make_all_keys(self._state.nodes)
        for node in self._state.nodes:
            node.torrc.write_text(torrc_text(node, self._state.nodes, options))
            if node.role == "exit" and options.exit_nameserver:
                resolv_conf_path(node).write_text(f"nameserver {options.exit_nameserver}\n")
        self.authorities_path.write_text(authorities_file(self._state.nodes))
        if before_nodes:
            before_nodes(self._state.nodes)
        self._progress.update("starting")
        for node in self._state.nodes:
            self._spawn(node)
        self._await_listening(self._state.nodes)
        self._progress.done(f"{len(self._state.nodes)} nodes run, "
                            f"ports from {self._state.base_port}, files in {self.directory}")

    def _spawn(self, node: Node) -> None:
        argv = ["tor", "-f", str(node.torrc), "--defaults-torrc", os.devnull]
        if self._state.owner_pid is not None:
            argv += ["__OwningControllerProcess", str(self._state.owner_pid)]
        # A process that runs but is not written down could never be stopped again.
        with signals_blocked():
            self._state.processes[node.nickname] = process.spawn(argv, node.log)
            self._state.save()

    def _await_listening(self, nodes: list[Node]) -> None:
        deadline = time.monotonic() + _LISTEN_TIMEOUT_S
        for node in nodes:
            while not _answers(node):
                # Others may be gone on purpose while one is restarted.
                self._check_alive(nodes)
                if time.monotonic() > deadline:
                    raise NetworkError(f"{node.nickname} does not answer on its control port "
                                       f"after {_LISTEN_TIMEOUT_S:.0f} s\n{_log_tail(node)}")
                time.sleep(0.05)

    def _check_alive(self, nodes: list[Node]) -> None:
        for node in nodes:
            found = self._state.processes.get(node.nickname)
            if found and process.state(found) == "gone":
                raise NetworkError(f"{node.nickname} is gone; its last lines:\n{_log_tail(node)}")

    def _stopped_hint(self) -> str:
        names = [n.nickname for n in self._state.nodes if self.node_state(n.nickname) == "stopped"]
        return f"; stopped by a signal: {', '.join(names)}" if names else ""

    def _tail_of_first(self, role: str) -> str:
        node = self.node(self.nicknames(role)[0])
        return f"{node.nickname} last said:\n{_log_tail(node)}"

    def _stop(self, keep: bool) -> None:
        left = process.terminate(list(self._state.processes.values()))
        if left:
            raise NetworkError(f"{len(left)} processes could not be ended (pid "
                               f"{', '.join(str(p.pid) for p in left)})")
        self._state.processes.clear()
        if keep:
            self._state.save()
        else:
            remove_files(self._state)


def check_programs() -> None:
    missing = [name for name in ("tor", "tor-gencert") if shutil.which(name) is None]
    if missing:
        raise NetworkError(f"{' and '.join(missing)} not found; install with: apt-get install tor")


def _left_over_directory(directory: Path) -> bool:
    """Refuses a directory whose network runs; True when a finished one made the directory."""
    if not (directory / STATE_FILE).exists():
        return False
    state = State.load(directory)
    alive = [p for p in state.processes.values() if process.state(p) != "gone"]
    if alive:
        raise NetworkError(f"a private network with {len(alive)} processes runs in {directory}; "
                           f"stop it first: private_network.py stop --dir {directory}")
    return state.created_directory


def _answers(node: Node) -> bool:
    try:
        with ControlClient(node):
            return True
    except ControlError:
        return False


def _log_tail(node: Node, lines: int = _LOG_LINES) -> str:
    try:
        text = node.log.read_text(errors="replace").splitlines()
    except OSError as error:
        return f"  (no log: {error.strerror})"
    return "\n".join(f"  {line}" for line in text[-lines:])
