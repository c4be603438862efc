#!/usr/bin/env python3
"""Chaos against stock tor: guards, middles and exits of a private network are killed, stopped and
resumed, slowed down and cut off at random moments of transfers whose bytes are known, and
applications leave in mid-transfer. Every transfer must be byte-exact or end with an error in time
(support/chaos/limits.py), the proxy must live, and in the end give everything back.

Exit status: 0 nothing wrong, 1 a violation (named on standard error and in the report),
2 wrong usage, 3 the network itself failed."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import support  # noqa: F401  (makes `privnet` and `traffic` importable)
from privnet import NetworkError, NetworkOptions, PrivateNetwork, Progress
from support.chaos import limits
from support.chaos.faults import NetworkFaults
from support.chaos.plan import ALL_FAULTS
from support.chaos.rounds import Chaos, Setup
from traffic.file_server import FileServer
from traffic.onion_proxy import OnionProxy, Programs, ProxyFailed, ProxyOptions

EXAMPLES = """\
examples:
  chaos.py --proxy build/release/bin/onion-proxy --plugin build/release/lib/conflux.so
  chaos.py ... --rounds 200 --seed 7 --json chaos.json
  chaos.py ... --rounds 1 --first 17 --seed 7 --verbose     round 17 of that seed again
  chaos.py ... --only 'kill exit' --only 'stop exit'"""

_RELAYS = 4
_CONFLUX_LINES = (f"  handshake_timeout: {limits.HANDSHAKE_TIMEOUT_S}s", "  reorder:",
                  f"    stall_timeout: {limits.REORDER_STALL_S}s")
_ARGUMENTS = ("--stream-timeout", str(limits.STREAM_TIMEOUT_S),
              "--stall-timeout", str(limits.STALL_TIMEOUT_S),
              "--idle-timeout", str(limits.IDLE_TIMEOUT_S), "--log", "info")
# Freed memory that AddressSanitizer keeps back would look like growth.
_ASAN_OPTIONS = "quarantine_size_mb=4:detect_leaks=1"


def main() -> int:
    arguments = build_parser().parse_args()
    os.environ.setdefault("ASAN_OPTIONS", _ASAN_OPTIONS)
    try:
        with network_of(arguments) as network, FileServer() as server:
            report = run(arguments, network, server)
            network.wait(60)
    except (NetworkError, ProxyFailed) as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 3
    text = report.to_json()
    if arguments.json:
        arguments.json.write_text(text)
    print(text, end="")
    for violation in report.violations:
        print(f"chaos: {violation}", file=sys.stderr)
    return 1 if report.violations else 0


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chaos.py", description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--proxy", type=Path, default=os.environ.get("CONFLUX_ONION_PROXY"), metavar="PATH",
        help="the onion-proxy to test, best one with AddressSanitizer "
             "(default: CONFLUX_ONION_PROXY)")
    add("--plugin", type=Path, default=os.environ.get("CONFLUX_PLUGIN"), metavar="PATH",
        help="the plugin for it (default: CONFLUX_PLUGIN)")
    add("--rounds", type=int, default=20, metavar="N", help="(default: %(default)s)")
    add("--first", type=int, default=1, metavar="N", help="number of the first round")
    add("--seed", type=int, default=1, metavar="N", help="(default: %(default)s)")
    add("--only", action="append", choices=list(ALL_FAULTS), metavar="FAULT",
        help="no other faults than this; repeatable: " + ", ".join(ALL_FAULTS))
    add("--network", type=Path, metavar="DIR",
        help="a private network that runs already (default: one of its own)")
    add("--dir", type=Path, metavar="DIR", help="where logs go (default: a new directory)")
    add("--json", type=Path, metavar="FILE", help="write the report there as well")
    add("--verbose", action="store_true", help="say what happens in each round")
    return parser


@contextlib.contextmanager
def network_of(arguments: argparse.Namespace) -> Iterator[PrivateNetwork]:
    if arguments.network:
        yield PrivateNetwork.open(arguments.network)
        return
    with tempfile.TemporaryDirectory(prefix="chaos-network-") as directory:
        options = NetworkOptions(relays=_RELAYS)
        with PrivateNetwork.running(options, Path(directory) / "net", Progress()) as network:
            yield network


def run(arguments: argparse.Namespace, network: PrivateNetwork, server: FileServer):
    if not arguments.proxy or not arguments.plugin:
        raise ProxyFailed("no program: name it with --proxy and --plugin")
    work_dir = arguments.dir or Path(tempfile.mkdtemp(prefix="chaos-"))
    work_dir.mkdir(parents=True, exist_ok=True)
    print(f"chaos: logs are in {work_dir}", file=sys.stderr)
    programs = Programs(arguments.proxy.absolute(), arguments.plugin.absolute())
    options = ProxyOptions(network.authorities_path, work_dir, conflux_lines=_CONFLUX_LINES,
                           arguments=_ARGUMENTS)
    with OnionProxy(programs, options) as proxy:
        setup = Setup(
            proxy, server.port, NetworkFaults(network, proxy.pid), kinds_of(arguments),
            arguments.seed, relay_ports_of(network), say=sayer(arguments))
        return Chaos(setup).run(arguments.rounds, arguments.first)


def relay_ports_of(network: PrivateNetwork) -> frozenset[int]:
    return frozenset(port for n in network.nodes if n.is_relay for port in (n.orport, n.dirport)
                     if port)


def kinds_of(arguments: argparse.Namespace) -> dict[str, int]:
    return {kind: weight for kind, weight in ALL_FAULTS.items()
            if not arguments.only or kind in arguments.only}


def sayer(arguments: argparse.Namespace):
    """Everything if --verbose; else what is wrong at once, and every tenth round."""
    def say(text: str) -> None:
        head = text.split(":")[0]
        number = head.removeprefix("round ")
        tenth = number.isdigit() and int(number) % 10 == 0
        if arguments.verbose or tenth or text.startswith("VIOLATION"):
            print(text if arguments.verbose or not tenth else head, file=sys.stderr, flush=True)
    return say


if __name__ == "__main__":
    sys.exit(main())
