"""What a caller may choose about a network, checked before anything is started."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from .errors import NetworkError

# A stock relay refuses to start below 75 KBytes/s.
MIN_RATE_KB = 75
MAX_RATE_KB = 2_000_000
# Two disjoint legs need four relays beside the exit, and authorities relay too; seven leave a
# spare pair when one of the four dies.
DEFAULT_RELAYS = 4
DEFAULT_EXITS = 2
DEFAULT_AUTHORITIES = 3

UX_NAMES = ("throughput", "latency", "throughput_lowmem", "latency_lowmem")

DEFAULT_CONSENSUS_PARAMS = {
    "cc_alg": 2,
    "cfx_enabled": 1,
    "cfx_low_exit_threshold": 0,
    "cfx_max_linked_set": 128,
    "cfx_max_prebuilt_set": 3,
    "cfx_num_legs_set": 2,
    "cfx_max_unlinked_leg_retry": 3,
}


@dataclass(frozen=True)
class ClientOptions:
    """One stock client: conflux as in `ConfluxEnabled`, ux as in `ConfluxClientUX`."""

    conflux: bool = True
    ux: str = "throughput"
    # Nicknames of the only relays to use in each place; empty: any.
    guards: tuple[str, ...] = ()
    middles: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()

    @staticmethod
    def parse(text: str) -> ClientOptions:
        """Reads `conflux=0|1,ux=NAME`; either part may be missing."""
        values = {"conflux": "1", "ux": "throughput"}
        for part in filter(None, text.split(",")):
            key, sep, value = part.partition("=")
            if key not in values or not sep:
                raise NetworkError(
                    f"client '{text}': '{part}' is not understood; expected conflux=0|1,ux=NAME")
            values[key] = value
        if values["conflux"] not in ("0", "1"):
            raise NetworkError(f"client '{text}': conflux is 0 or 1, not '{values['conflux']}'")
        if values["ux"] not in UX_NAMES:
            raise NetworkError(f"client '{text}': ux is one of {', '.join(UX_NAMES)}")
        return ClientOptions(conflux=values["conflux"] == "1", ux=values["ux"])


@dataclass(frozen=True)
class NetworkOptions:
    """All choices. Rates are in units of 1024 bytes per second; 0 means unlimited."""

    authorities: int = DEFAULT_AUTHORITIES
    relays: int = DEFAULT_RELAYS
    exits: int = DEFAULT_EXITS
    relay_rate_kb: int = 0
    # Nickname -> rate, for single nodes that differ from relay_rate_kb.
    node_rates_kb: dict[str, int] = field(default_factory=dict)
    base_port: int | None = None  # None: a free range is looked for
    consensus_params: dict[str, int] = field(default_factory=dict)
    # Address patterns that exits refuse, in the syntax of ExitPolicy.
    exit_reject: tuple[str, ...] = ()
    # ADDRESS:PORT of the name server that exits ask; "" leaves the system's, which they cannot
    # reach, as they are bound to loopback.
    exit_nameserver: str = ""
    clients: tuple[ClientOptions, ...] = ()
    # Relays that listen on `innerport` and advertise `orport`, where the caller's forwarder stands.
    fronted: tuple[str, ...] = ()

    def all_consensus_params(self) -> dict[str, int]:
        return {**DEFAULT_CONSENSUS_PARAMS, **self.consensus_params}

    def check(self) -> None:
        """Raises NetworkError for the first choice that stock tor would not run with."""
        _check_counts(self)
        _check_rate("--relay-rate", self.relay_rate_kb)
        for nickname, rate in self.node_rates_kb.items():
            _check_rate(f"--rate {nickname}", rate)
        if self.base_port is not None and not 1024 <= self.base_port <= 65000:
            raise NetworkError(f"--base-port {self.base_port}: expected 1024 to 65000, or auto")
        for key in self.consensus_params:
            if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
                raise NetworkError(f"--param {key}: a consensus parameter is named [A-Za-z0-9_-]+")
        for pattern in self.exit_reject:
            _check_exit_pattern(pattern)
        if self.exit_nameserver:
            _check_nameserver(self.exit_nameserver)


def _check_counts(options: NetworkOptions) -> None:
    for name, value, low, high in (
            ("--authorities", options.authorities, 1, 9), ("--relays", options.relays, 0, 200),
            ("--exits", options.exits, 1, 50), ("--client", len(options.clients), 0, 50)):
        if not low <= value <= high:
            raise NetworkError(f"{name} {value}: expected {low} to {high}")


def _check_rate(name: str, rate_kb: int) -> None:
    if rate_kb != 0 and not MIN_RATE_KB <= rate_kb <= MAX_RATE_KB:
        raise NetworkError(
            f"{name} {rate_kb}: tor wants at least {MIN_RATE_KB} KB/s; 0 is unlimited")


def _check_exit_pattern(pattern: str) -> None:
    address, _, ports = pattern.rpartition(":")
    try:
        if address != "*":
            ipaddress.IPv4Network(address, strict=False)
    except ValueError:
        raise NetworkError(
            f"--exit-reject {pattern!r}: expected ADDRESS[/BITS]:PORT[-PORT] or *:PORT") from None
    if not re.fullmatch(r"\*|\d{1,5}(-\d{1,5})?", ports):
        raise NetworkError(f"--exit-reject {pattern!r}: '{ports}' is neither a port, a range nor *")


def _check_nameserver(text: str) -> None:
    address, _, port = text.rpartition(":")
    try:
        ipaddress.IPv4Address(address)
        valid = port.isascii() and port.isdigit() and 0 < int(port) < 65536
    except ValueError:
        valid = False
    if not valid:
        raise NetworkError(f"--exit-nameserver {text!r}: expected ADDRESS:PORT")
