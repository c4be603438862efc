"""Which relays a proxy is connected to, seen from outside it."""

from __future__ import annotations

import os
from pathlib import Path

_ESTABLISHED = "01"


def guards_in_use(pid: int, network) -> list[str]:
    """Nicknames of the relays to whose ORPort the process has an open connection."""
    ports = _remote_ports(pid)
    return [n.nickname for n in network.nodes if n.orport and n.orport in ports]


def _remote_ports(pid: int) -> set[int]:
    inodes = {os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}
    ports = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _ESTABLISHED and f"socket:[{fields[9]}]" in inodes:
            ports.add(int(fields[2].split(":")[1], 16))
    return ports
