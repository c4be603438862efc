"""Processes that outlive the tool, signalled without ever hitting a stranger.

A pid alone proves nothing: it may have been given to another program since. A process is
therefore known by pid, start time and boot, and signalled through a pidfd that was opened before
the start time was compared.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessId:
    pid: int
    start_time: int  # clock ticks since boot, field 22 of /proc/PID/stat
    boot_id: str


def boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _stat(pid: int) -> tuple[str, int] | None:
    """(state letter, start time), or None when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The command name stands in parentheses and may hold spaces and parentheses itself.
    fields = text[text.rindex(")") + 2:].split()
    return fields[0], int(fields[19])


def spawn(argv: list[str], output: Path) -> ProcessId:
    """Starts argv in a session of its own, so that a Ctrl-C at the terminal does not reach it."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    pid = os.posix_spawnp(
        argv[0], argv, os.environ, file_actions=actions, setsid=True, setsigmask=[],
        setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    stat = _stat(pid)  # cannot be gone: even a dead child stays until it is reaped
    assert stat is not None
    return ProcessId(pid, stat[1], boot_id())


def state(process: ProcessId) -> str:
    """`running`, `stopped` (by SIGSTOP) or `gone`."""
    if process.boot_id != boot_id():
        return "gone"
    stat = _stat(process.pid)
    if stat is None or stat[1] != process.start_time:
        return "gone"
    if stat[0] in "ZX" and not _has_other_threads(process.pid):
        _reap(process.pid)
        return "gone"
    return "stopped" if stat[0] in "Tt" else "running"


def _has_other_threads(pid: int) -> bool:
    """Of a killed process the first thread may be gone while others still hold its ports."""
    try:
        return len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def send_signal(process: ProcessId, signum: int) -> bool:
    """True when the signal was given to that very process, False when it is gone."""
    try:
        fd = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        if state(process) == "gone":
            return False
        signal.pidfd_send_signal(fd, signum)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)


def terminate(processes: list[ProcessId], grace_s: float = 5.0) -> list[ProcessId]:
    """Ends all of them; returns those that could not be ended (none, short of a kernel hang)."""
    for process in processes:
        # The order matters: a stopped process sees the SIGINT only when it continues.
        send_signal(process, signal.SIGINT)
        send_signal(process, signal.SIGCONT)
    left = wait_gone(processes, grace_s)
    for process in left:
        send_signal(process, signal.SIGKILL)
    return wait_gone(left, 5.0)


def wait_gone(processes: list[ProcessId], timeout_s: float) -> list[ProcessId]:
    deadline = time.monotonic() + timeout_s
    left = [p for p in processes if state(p) != "gone"]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [p for p in left if state(p) != "gone"]
    return left


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
