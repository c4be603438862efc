"""The network's directory and the file in it that says what was started there."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .errors import NetworkError
from .layout import Node
from .process import ProcessId

STATE_FILE = "network.json"
AUTHORITIES_FILE = "authorities"
LOCK_FILE = ".lock"
_FORMAT = "conflux-private-network/1"


def default_directory() -> Path:
    return Path(tempfile.gettempdir()) / f"private-network-{os.getuid()}"


@dataclass
class State:
    """Everything that a later call of the tool has to know."""

    directory: Path
    nodes: list[Node] = field(default_factory=list)
    processes: dict[str, ProcessId] = field(default_factory=dict)
    base_port: int = 0
    created_directory: bool = False
    # The nodes end by themselves when this process is gone; None: they stay until `stop`.
    owner_pid: int | None = None

    @property
    def path(self) -> Path:
        return self.directory / STATE_FILE

    def to_json(self) -> str:
        return json.dumps({
            "format": _FORMAT,
            "directory": str(self.directory),
            "authorities_file": str(self.directory / AUTHORITIES_FILE),
            "base_port": self.base_port,
            "created_directory": self.created_directory,
            "owner_pid": self.owner_pid,
            "nodes": [self._node_json(node) for node in self.nodes],
        }, indent=2) + "\n"

    def _node_json(self, node: Node) -> dict[str, object]:
        process = self.processes.get(node.nickname)
        return {
            **dataclasses.asdict(node),
            "pid": process.pid if process else None,
            "start_time": process.start_time if process else None,
            "boot_id": process.boot_id if process else None,
        }

    def save(self) -> None:
        """Replaces the file in one step, so that a reader never sees half of it."""
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(self.to_json())
        temporary.replace(self.path)

    @staticmethod
    def load(directory: Path) -> State:
        path = directory / STATE_FILE
        try:
            return State.from_json(directory, path.read_text())
        except FileNotFoundError:
            raise NetworkError(f"there is no private network in {directory}; "
                               "start one with: private_network.py start") from None
        except OSError as error:
            raise NetworkError(f"cannot read {path}: {error.strerror}") from None

    @staticmethod
    def from_json(directory: Path, text: str) -> State:
        try:
            data = json.loads(text)
            if data["format"] != _FORMAT:
                raise ValueError(f"format is {data['format']!r}, expected {_FORMAT!r}")
            state = State(directory, base_port=data["base_port"],
                          created_directory=data["created_directory"],
                          owner_pid=data["owner_pid"])
            for entry in data["nodes"]:
                _add_node(state, entry)
            return state
        except (ValueError, KeyError, TypeError) as error:
            raise NetworkError(f"{directory / STATE_FILE} is damaged ({error}); "
                               "end its processes by hand, then remove the directory") from None


def _add_node(state: State, entry: dict) -> None:
    names = {f.name for f in dataclasses.fields(Node)}
    node = Node(**{key: value for key, value in entry.items() if key in names})
    state.nodes.append(node)
    if entry["pid"] is not None:
        state.processes[node.nickname] = ProcessId(
            int(entry["pid"]), int(entry["start_time"]), str(entry["boot_id"]))


def prepare_directory(directory: Path) -> bool:
    """Makes the directory (mode 0700) or checks that it may be used; True when it was made here.

    In a shared /tmp somebody else may have put a directory or a link in our way.
    """
    try:
        directory.mkdir(mode=0o700, parents=True)
        return True
    except FileExistsError:
        pass
    except OSError as error:
        raise NetworkError(f"cannot make {directory}: {error.strerror}") from None
    info = directory.lstat()
    if not stat.S_ISDIR(info.st_mode):
        raise NetworkError(f"{directory} is not a directory; choose another with --dir")
    if info.st_uid != os.getuid():
        raise NetworkError(f"{directory} belongs to another user; choose another with --dir")
    if info.st_mode & 0o077:
        raise NetworkError(f"{directory} is open to others (mode {info.st_mode & 0o777:04o}); "
                           f"run chmod 700 {directory}, or choose another with --dir")
    strangers = [e.name for e in directory.iterdir() if e.name not in _own_names()]
    if strangers:
        raise NetworkError(f"{directory} holds other files ({strangers[0]}, ...); "
                           "give --dir an empty directory or one that does not exist")
    return False


def _own_names() -> set[str]:
    return {STATE_FILE, AUTHORITIES_FILE, LOCK_FILE, "nodes", "network.tmp"}


def remove_files(state: State) -> None:
    """Removes what the tool made in the directory, and the directory if it made that too."""
    shutil.rmtree(state.directory / "nodes", ignore_errors=True)
    for name in _own_names() - {"nodes"}:
        (state.directory / name).unlink(missing_ok=True)
    if state.created_directory:
        with contextlib.suppress(OSError):
            state.directory.rmdir()


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keeps two calls from changing one network at the same time."""
    if not directory.is_dir():
        raise NetworkError(f"there is no private network in {directory}")
    with open(directory / LOCK_FILE, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NetworkError(f"another private_network.py is working on {directory}; "
                               "wait for it, or choose another --dir") from None
        yield
