#!/usr/bin/env python3
"""Measures uploads through stock tor relays under the conditions that the lab is validated with.

Starts one private network on loopback (examples/private_network), sets each relay's rate and each
guard's delay as the condition says, uploads its file with onion-proxy, and writes a line to
measured.csv. Conditions take turns, so that a busy minute of the machine hits all of them."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "private_network"))

from privnet import NetworkError, NetworkOptions, PrivateNetwork, Progress
from traffic import transfer
from traffic.file_server import FileServer
from traffic.forwarder import Forwarder
from traffic.onion_proxy import OnionProxy, Programs, ProxyFailed, ProxyOptions
from traffic.transfer import Transfer

LEGS_MAX = 4
HEADER = "condition,scheduler,bytes,seconds"
SETTLE_S = 2.0  # buckets fill up again, and relays have read their new rates


@dataclass(frozen=True)
class Condition:
    name: str
    rates_kb: list[int]
    delays_ms: list[int]
    size: int

    @staticmethod
    def load(path: Path) -> Condition:
        document = yaml.safe_load(path.read_text())
        legs = document["legs"]
        return Condition(path.stem, [_number(leg["rate"], "KiB") for leg in legs],
                         [_number(leg["delay"], "ms") for leg in legs],
                         _number(document["traffic"][0]["size"], "B"))


def _number(text: str | int, unit: str) -> int:
    match = re.fullmatch(rf"(\d+){unit}", str(text))
    if not match:
        raise ValueError(f"{text}: expected a whole number of {unit}")
    return int(match.group(1))


@dataclass(frozen=True)
class Bench:
    network: PrivateNetwork
    forwarder: Forwarder
    server: FileServer
    programs: Programs
    scratch: Path
    progress: Progress


def main() -> int:
    arguments = parse_arguments()
    conditions = [Condition.load(path) for path in sorted((HERE / "conditions").glob("*.yaml"))]
    if arguments.conditions:
        conditions = [c for c in conditions if c.name in arguments.conditions]
    if not conditions:
        print("measure.py: no such condition", file=sys.stderr)
        return 2
    try:
        with open_bench(arguments.build) as bench, \
                open(arguments.out, "a" if arguments.append else "w") as out:
            if out.tell() == 0:
                print(HEADER, file=out)
            for turn in range(arguments.rounds):
                for condition in conditions:
                    seconds = measure(bench, condition, arguments.scheduler, turn)
                    print(f"{condition.name},{arguments.scheduler},{condition.size},{seconds:.3f}",
                          file=out, flush=True)
                    bench.progress.done(f"{condition.name}: "
                                        f"{condition.size / seconds / 1e3:.0f} kB/s")
    except (NetworkError, ProxyFailed, transfer.Truncated, OSError) as error:
        print(f"measure.py: {error}", file=sys.stderr)
        return 1
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: measure.py --build build/release --rounds 3 (half a minute per transfer)")
    parser.add_argument("--build", type=Path, default=HERE.parents[2] / "build" / "release",
                        help="with onion-proxy, conflux.so and delay_forwarder")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--scheduler", default="low_rtt", metavar="NAME")
    parser.add_argument("--out", type=Path, default=HERE / "measured.csv", metavar="FILE")
    parser.add_argument("--append", action="store_true",
                        help="to what FILE holds, which should be of the same build")
    parser.add_argument("--conditions", nargs="*", metavar="NAME", help="default: all")
    return parser.parse_args()


@contextlib.contextmanager
def open_bench(build: Path) -> Iterator[Bench]:
    progress = Progress()
    guards = tuple(f"relay{2 * leg}" for leg in range(LEGS_MAX))
    options = NetworkOptions(relays=2 * LEGS_MAX, exits=1, relay_rate_kb=1000, fronted=guards)
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-")))
        network = PrivateNetwork.start(options, scratch / "net", progress, owner_pid=os.getpid())
        stack.callback(network.stop)
        forwarder = stack.enter_context(Forwarder(build / "bin" / "delay_forwarder",
                                                  map(network.node, guards)))
        network.wait()
        server = stack.enter_context(FileServer())
        programs = Programs(build / "bin" / "onion-proxy", build / "lib" / "conflux.so")
        yield Bench(network, forwarder, server, programs, scratch, progress)


def measure(bench: Bench, condition: Condition, scheduler: str, turn: int) -> float:
    """Seconds from the connection to the server's answer."""
    legs = len(condition.rates_kb)
    for leg in range(legs):
        for relay in (f"relay{2 * leg}", f"relay{2 * leg + 1}"):
            bench.network.set_rate(relay, condition.rates_kb[leg])
        bench.forwarder.set_delay(bench.network.node(f"relay{2 * leg}"), condition.delays_ms[leg])
    time.sleep(SETTLE_S)
    work_dir = bench.scratch / f"{condition.name}-{turn}"
    work_dir.mkdir()
    paths = [f"relay{2 * leg},relay{2 * leg + 1},exit0" for leg in range(legs)]
    options = ProxyOptions(bench.network.authorities_path, work_dir, legs=legs, profile="lab",
                           paths=paths, conflux_lines=[f"  scheduler: {scheduler}"])
    with OnionProxy(bench.programs, options) as proxy:
        # The clock is for the file: the tunnel is built by a first small request.
        transfer.download(Transfer(proxy.port, bench.server.port, turn, 1000))
        if legs > 1:
            proxy.wait_for_legs(["linked"] * legs, 30)
        time.sleep(SETTLE_S)
        result = transfer.upload(Transfer(proxy.port, bench.server.port, turn, condition.size))
    if not result.intact:
        raise NetworkError(f"{condition.name}: what arrived is not what was sent")
    return result.seconds


if __name__ == "__main__":
    sys.exit(main())
