#!/usr/bin/env python3
"""The measuring part of quickstart.sh: one leg against two, same relays, same file."""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "private_network"))

from privnet import ClientOptions, NetworkError, NetworkOptions, PrivateNetwork, Progress
from privnet.signals import Interrupted, raise_on_stop_signals
from traffic import transfer
from traffic.file_server import FileServer
from traffic.onion_proxy import OnionProxy, Programs, ProxyFailed, ProxyOptions
from traffic.sidecar import Sidecar, SidecarFailed, SidecarPrograms, metrics_lines
from traffic.stock_client import ConfluxRide, NoRide
from traffic.transfer import Result, Transfer

MEGABYTE = 1_000_000
# Of what the relays of a leg forward, cells and TLS take their part; measured.
GOODPUT_SHARE = 0.84
PATHS = ("relay0,relay1,exit0", "relay2,relay3,exit0")
# Below this the demonstration does not show what it is for.
WANTED_GAIN = 1.7
WANTED_SHARE = 0.25
BAR_COLUMNS = 24


@dataclass(frozen=True)
class Row:
    """One transfer of the table."""

    direction: str
    who: str
    megabytes_per_s: float
    seconds: float
    intact: bool
    shares: tuple[float, ...] = ()
    switches: int | None = None
    peak_out_of_order_bytes: int | None = None
    gain: float = 1.0


@dataclass(frozen=True)
class Bench:
    """What all transfers of one run share."""

    network: PrivateNetwork
    server: FileServer
    sidecar: Sidecar
    programs: Programs
    size: int
    work_dir: Path
    progress: Progress
    snapshots: list[str]  # what the sidecar told of each transfer with several legs


def main() -> int:
    arguments = parse_arguments()
    if arguments.watch and not (sys.stdout.isatty() and sys.stderr.isatty()):
        print("quickstart: --watch wants a terminal; without one: confluxctl top --once",
              file=sys.stderr)
        return 2
    raise_on_stop_signals()
    try:
        rows, snapshots = measure(arguments)
    except (NetworkError, ProxyFailed, SidecarFailed, NoRide, transfer.Truncated,
            OSError) as error:
        print(f"quickstart: {error}", file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        print(f"\nquickstart: interrupted ({interrupted}), all stopped", file=sys.stderr)
        return 128 + interrupted.signum
    print_table(rows, arguments)
    print("What conflux-sidecar told by gRPC right after each transfer with two legs\n")
    print("\n".join(snapshots))
    if arguments.json:
        write_json(rows, arguments)
    return verdict(rows)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, epilog="See quickstart.sh --help.")
    parser.add_argument("--onion-proxy", type=Path, required=True)
    parser.add_argument("--plugin", type=Path, required=True)
    parser.add_argument("--sidecar", type=Path, required=True)
    parser.add_argument("--confluxctl", type=Path, required=True)
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--rate", type=int, default=2000, metavar="KB")
    parser.add_argument("--seconds", type=float, default=24.0, metavar="S")
    parser.add_argument("--stock-client", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--keep", type=Path, metavar="DIR")
    return parser.parse_args()


def measure(arguments: argparse.Namespace) -> tuple[list[Row], list[str]]:
    size = max(1, round(arguments.rate * 1024 * GOODPUT_SHARE * arguments.seconds / MEGABYTE))
    clients = (ClientOptions(conflux=True, ux="throughput"),) if arguments.stock_client else ()
    options = NetworkOptions(relay_rate_kb=arguments.rate, clients=clients)
    say("3/4 private network: stock tor on loopback, "
        f"every relay but the exits limited to {arguments.rate} KB/s")
    progress = Progress()
    with tempfile.TemporaryDirectory(prefix="quickstart-") as scratch, \
            PrivateNetwork.running(options, Path(scratch) / "network", progress) as network, \
            FileServer() as server, \
            Sidecar(SidecarPrograms(arguments.sidecar, arguments.confluxctl)) as sidecar:
        say(f"4/4 transfers: a file of {size} MB each way")
        work_dir = arguments.keep or Path(scratch) / "logs"
        bench = Bench(network, server, sidecar, Programs(arguments.onion_proxy, arguments.plugin),
                      size * MEGABYTE, work_dir, Progress(quiet=arguments.watch), [])
        with top(sidecar) if arguments.watch else contextlib.nullcontext():
            rows = list(run_transfers(bench, arguments.stock_client))
        return rows, bench.snapshots


@contextlib.contextmanager
def top(sidecar: Sidecar) -> Iterator[None]:
    """The live view has the terminal while files move; whoever quits it early only waits."""
    view = subprocess.Popen(sidecar.command("top"))
    try:
        yield
    finally:
        view.terminate()
        view.wait()


def run_transfers(bench: Bench, with_stock_client: bool) -> Iterator[Row]:
    for seed, (direction, action) in enumerate(
            (("download", transfer.download), ("upload", transfer.upload))):
        single = run_onion_proxy(bench, direction, action, legs=1, seed=seed)
        yield single
        double = run_onion_proxy(bench, direction, action, legs=2, seed=seed)
        yield replace(double, gain=double.megabytes_per_s / single.megabytes_per_s)
        if with_stock_client:
            stock = run_stock_client(bench, direction, action, seed)
            yield replace(stock, gain=stock.megabytes_per_s / single.megabytes_per_s)


def run_onion_proxy(bench: Bench, direction: str, action: Callable[[Transfer], Result],
                    legs: int, seed: int) -> Row:
    who = "1 leg" if legs == 1 else f"{legs} legs"
    work_dir = bench.work_dir / f"{direction}-{legs}"
    work_dir.mkdir(parents=True, exist_ok=True)
    options = ProxyOptions(bench.network.authorities_path, work_dir, legs=legs,
                           paths=PATHS[:legs], conflux_lines=metrics_lines(bench.sidecar.regions))
    with OnionProxy(bench.programs, options) as proxy:
        # The clock is for the file: the tunnel is built by a first small request.
        small = Transfer(proxy.port, bench.server.port, seed, 1000)
        transfer.download(small)
        if legs > 1:
            proxy.wait_for_tunnel(legs, 30)
        live = Live(bench, f"{direction}, {who}", lambda: leg_shares(proxy, direction))
        result = action(replace(small, size=bench.size, on_progress=live.show))
        if legs > 1:
            bench.snapshots.append(f"{direction}, {who}\n{bench.sidecar.ask('tunnels')}")
        proxy.stop()
        row = row_of(proxy, direction, who, result)
    bench.progress.done(f"{direction}, {who}: {result.megabytes_per_s:.2f} MB/s, SHA-256 "
                        + ("equal" if result.intact else "DIFFERS"))
    return row


def row_of(proxy: OnionProxy, direction: str, who: str, result: Result) -> Row:
    tunnel = busiest_tunnel(proxy)
    side = "in" if direction == "download" else "out"
    shares = tuple(leg[f"share_{side}"] for leg in tunnel["legs"])
    multipath = len(shares) > 1
    return Row(direction, who, result.megabytes_per_s, result.seconds, result.intact, shares,
               switches=tunnel[f"switches_{side}"] if multipath else None,
               # Uploads are put in order by the exit, which does not tell.
               peak_out_of_order_bytes=tunnel["out_of_order_bytes_peak"]
               if multipath and side == "in" else None)


def busiest_tunnel(proxy: OnionProxy) -> dict:
    return max(proxy.tunnels(),
               key=lambda t: sum(leg["cells_in"] + leg["cells_out"] for leg in t["legs"]))


def leg_shares(proxy: OnionProxy, direction: str) -> str:
    side = "in" if direction == "download" else "out"
    tunnels = proxy.tunnels()
    if not tunnels or len(tunnels[-1]["legs"]) < 2:
        return ""
    return ", legs " + percent([leg[f"share_{side}"] for leg in tunnels[-1]["legs"]])


def run_stock_client(bench: Bench, direction: str, action: Callable[[Transfer], Result],
                     seed: int) -> Row:
    who = "stock tor client, 2 legs"
    bench.progress.update(f"{direction}, {who}: looking for a linked set")
    ride = ConfluxRide(bench.network, "client0", bench.server.port)
    live = Live(bench, f"{direction}, {who}", lambda: "")
    result = ride.run(action, seed, bench.size, live.show)
    bench.progress.done(f"{direction}, {who}: {result.megabytes_per_s:.2f} MB/s, SHA-256 "
                        + ("equal" if result.intact else "DIFFERS"))
    return Row(direction, who, result.megabytes_per_s, result.seconds, result.intact)


class Live:
    """The line that moves while a file moves."""

    _INTERVAL_S = 0.5

    def __init__(self, bench: Bench, title: str, shares: Callable[[], str]):
        self._bench, self._title, self._shares = bench, title, shares
        self._start = self._shown_at = time.monotonic()

    def show(self, moved: int) -> None:
        now = time.monotonic()
        if now - self._shown_at < self._INTERVAL_S:
            return
        self._shown_at = now
        rate = moved / (now - self._start) / MEGABYTE
        self._bench.progress.update(
            f"{self._title}: {moved / MEGABYTE:.0f} of {self._bench.size / MEGABYTE:.0f} MB, "
            f"{rate:.2f} MB/s{self._shares()}")


def say(text: str) -> None:
    print(f"\n== {text}", file=sys.stderr, flush=True)


def percent(shares: list[float] | tuple[float, ...]) -> str:
    return "/".join(f"{100 * share:.0f}" for share in shares) + " %"


def print_table(rows: list[Row], arguments: argparse.Namespace) -> None:
    best = max(row.megabytes_per_s for row in rows)
    print(f"\nGoodput through stock tor, relays limited to {arguments.rate} KB/s, profile fast\n")
    print(f"{'':26}{'MB/s':>6} {'':{BAR_COLUMNS}}  gain  share per leg  switches  "
          "peak out of order  SHA-256")
    direction = ""
    for row in rows:
        if row.direction != direction:
            direction = row.direction
            print(direction)
        print(format_row(row, best))
    print()


def format_row(row: Row, best: float) -> str:
    bar = "█" * max(1, round(BAR_COLUMNS * row.megabytes_per_s / best))
    held = row.peak_out_of_order_bytes
    peak = "-" if held is None else f"{held / 1e3:.0f} kB"
    switches = "-" if row.switches is None else str(row.switches)
    shares = percent(row.shares) if len(row.shares) > 1 else "-"
    return (f"  {row.who:24}{row.megabytes_per_s:6.2f} {bar:{BAR_COLUMNS}} {row.gain:5.2f}  "
            f"{shares:>13}  {switches:>8}  {peak:>17}  {'equal' if row.intact else 'DIFFERS'}")


def write_json(rows: list[Row], arguments: argparse.Namespace) -> None:
    document = {"date": time.strftime("%Y-%m-%d"), "relay_rate_kb": arguments.rate,
                "profile": "fast", "transfers": [asdict(row) for row in rows]}
    arguments.json.write_text(json.dumps(document, indent=2) + "\n")


def verdict(rows: list[Row]) -> int:
    """0 when every byte was right. A gain below what is expected is said, not failed: it may be
    the machine."""
    for row in rows:
        if len(row.shares) > 1 and row.gain < WANTED_GAIN:
            print(f"note: {row.direction} with {row.who} gained {row.gain:.2f}, expected "
                  f"{WANTED_GAIN} or more; is the machine busy with other things?")
        if len(row.shares) > 1 and min(row.shares) < WANTED_SHARE:
            print(f"note: a leg of the {row.direction} carried only {percent(row.shares)}")
    return 0 if all(row.intact for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
