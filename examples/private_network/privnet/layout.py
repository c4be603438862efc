"""Which nodes a network has, and where they live: nicknames, roles, ports, directories."""

from __future__ import annotations

import errno
import random
import socket
from dataclasses import dataclass
from pathlib import Path

from .errors import NetworkError
from .options import NetworkOptions

LOOPBACK = "127.0.0.1"
# One block per node: ORPort, DirPort, ControlPort, SocksPort.
PORTS_PER_NODE = 4
_AUTO_LOW = 10000
_AUTO_TRIES = 200


@dataclass
class Node:
    """A node as planned. A port of 0 means that the node has none of that kind."""

    nickname: str
    role: str  # authority | relay | exit | client
    orport: int
    dirport: int
    controlport: int
    socksport: int
    datadir: str
    rate_kb: int = 0
    fingerprint: str = ""
    v3ident: str = ""
    conflux: bool = True
    ux: str = ""
    innerport: int = 0  # where a fronted relay listens; its orport is somebody else's to serve

    @property
    def torrc(self) -> Path:
        return Path(self.datadir) / "torrc"

    @property
    def log(self) -> Path:
        return Path(self.datadir) / "notice.log"

    @property
    def is_relay(self) -> bool:
        return self.role != "client"

    def ports(self) -> list[int]:
        return [p for p in (self.orport, self.dirport, self.controlport, self.socksport,
                            self.innerport) if p]


def plan_nicknames(options: NetworkOptions) -> list[tuple[str, str]]:
    """(nickname, role) of every node, in starting order."""
    plan = [(f"auth{i}", "authority") for i in range(options.authorities)]
    plan += [(f"relay{i}", "relay") for i in range(options.relays)]
    plan += [(f"exit{i}", "exit") for i in range(options.exits)]
    plan += [(f"client{i}", "client") for i in range(len(options.clients))]
    return plan


def plan_nodes(options: NetworkOptions, directory: Path, base_port: int) -> list[Node]:
    """Lays the nodes out on consecutive port blocks from base_port."""
    plan = plan_nicknames(options)
    unknown = set(options.node_rates_kb) - {nickname for nickname, _ in plan}
    if unknown:
        raise NetworkError(f"--rate: there is no node {', '.join(sorted(unknown))} in this "
                           f"network; nodes are {', '.join(nickname for nickname, _ in plan)}")
    _check_fronted(options, dict(plan))
    _check_clients(options, dict(plan))
    nodes = []
    for index, (nickname, role) in enumerate(plan):
        port = base_port + index * PORTS_PER_NODE
        client = options.clients[int(nickname.removeprefix("client"))] if role == "client" else None
        nodes.append(Node(
            nickname=nickname, role=role,
            orport=port if role != "client" else 0,
            dirport=port + 1 if role == "authority" else 0,
            controlport=port + 2,
            socksport=port + 3 if role == "client" else 0,
            datadir=str(directory / "nodes" / nickname),
            rate_kb=_rate_of(options, nickname, role),
            conflux=client.conflux if client else True,
            ux=client.ux if client else "",
            # Only authorities have a DirPort.
            innerport=port + 1 if nickname in options.fronted else 0))
    return nodes


def _check_fronted(options: NetworkOptions, roles: dict[str, str]) -> None:
    for nickname in options.fronted:
        if roles.get(nickname) not in ("relay", "exit"):
            raise NetworkError(f"a forwarder cannot stand in front of '{nickname}': expected a "
                               "relay or an exit of this network")


def _check_clients(options: NetworkOptions, roles: dict[str, str]) -> None:
    for client in options.clients:
        for nickname in (*client.guards, *client.middles, *client.exits):
            if roles.get(nickname, "client") == "client":
                raise NetworkError(f"a client cannot use '{nickname}': expected a relay of this "
                                   "network")


def _rate_of(options: NetworkOptions, nickname: str, role: str) -> int:
    # Exits stay unlimited, so that a rate is the rate of a leg and not of the tunnel.
    default = options.relay_rate_kb if role in ("authority", "relay") else 0
    return options.node_rates_kb.get(nickname, default)


def port_span(options: NetworkOptions) -> int:
    return len(plan_nicknames(options)) * PORTS_PER_NODE


def busy_port(ports: list[int]) -> int | None:
    """The first of these loopback ports that something listens on already."""
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As tor does it: connections of an earlier run in TIME_WAIT are no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError as error:
                if error.errno in (errno.EADDRINUSE, errno.EACCES):
                    return port
                raise
    return None


def choose_base_port(options: NetworkOptions) -> int:
    """The wanted base port if its range is free, or the start of a free range."""
    span = port_span(options)
    if options.base_port is not None:
        return _wanted_base_port(options.base_port, span)
    # Above the ephemeral range's start an outgoing connection may take a port at any time.
    high = _ephemeral_low() - span
    if high <= _AUTO_LOW:
        raise NetworkError(f"no room for {span} ports below the ephemeral range; use --base-port N")
    for _ in range(_AUTO_TRIES):
        base = random.randrange(_AUTO_LOW, high)
        if busy_port(list(range(base, base + span))) is None:
            return base
    raise NetworkError(f"no {span} free ports in a row were found; use --base-port N")


def _wanted_base_port(base: int, span: int) -> int:
    if base + span > 65536:
        raise NetworkError(f"--base-port {base}: {span} ports from there do not fit below 65536")
    busy = busy_port(list(range(base, base + span)))
    if busy is not None:
        raise NetworkError(
            f"port {busy} on {LOOPBACK} is in use; this network needs {base} to {base + span - 1}. "
            "Choose another --base-port, or --base-port auto")
    return base


def _ephemeral_low() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32768
