"""The TCP connections of a process, seen and broken from outside it."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_ESTABLISHED = "01"
_SYS_PIDFD_GETFD = 438  # not in Python's os


@dataclass(frozen=True)
class Connection:
    fd: int
    local_port: int
    remote_port: int


def established(pid: int) -> list[Connection]:
    """Open TCP connections over IPv4; what comes or goes meanwhile may be missing."""
    fds = _sockets(pid)
    out = []
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _ESTABLISHED and fields[9] in fds:
            out.append(Connection(fds[fields[9]], _port(fields[1]), _port(fields[2])))
    return out


def guards_in_use(pid: int, network) -> list[str]:
    """Nicknames of the relays to whose ORPort the process has an open connection."""
    ports = {connection.remote_port for connection in established(pid)}
    return [n.nickname for n in network.nodes if n.orport and n.orport in ports]


def reset(pid: int, fd: int) -> None:
    """Makes the kernel send a TCP reset on a socket of another process.

    Both ends find the connection broken, as when a router on the way forges the reset.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    try:
        copy = libc.syscall(_SYS_PIDFD_GETFD, pidfd, fd, 0)
        if copy < 0:
            error = ctypes.get_errno()
            raise OSError(error, f"cannot take over a socket of process {pid}: "
                                 f"{os.strerror(error)}")
        try:
            # Connecting to no address disconnects, and with a reset.
            nowhere = struct.pack("=H14x", socket.AF_UNSPEC)
            libc.connect(copy, nowhere, len(nowhere))
        finally:
            os.close(copy)
    finally:
        os.close(pidfd)


def _sockets(pid: int) -> dict[str, int]:
    """Inode -> descriptor."""
    out = {}
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(link)
        except OSError:
            continue  # closed since it was listed
        if target.startswith("socket:["):
            out[target[8:-1]] = int(link.name)
    return out


def _port(address: str) -> int:
    return int(address.split(":")[1], 16)
