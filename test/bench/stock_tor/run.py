#!/usr/bin/env python3
"""What a cell costs here and in stock tor, in turn on one core; run.py --help tells how."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUITES = ("bookworm", "bookworm-updates"), ("bookworm-security",)
ARCHIVES = "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What a row is called: in stock_tor_cells.c, in bench_cells, cells in one of its iterations.
ROWS = [("route/2", "Route/legs:2/want:1", 1), ("receive/2", "ReceiveInOrder/legs:2", 1),
        *[(f"hold_and_drain/{n}", f"HoldAndDrain/held:{n}", n) for n in (32, 256, 2048, 8192)],
        ("receive_at_random/100000", "ReceiveAtRandomTunnels/tunnels:100000", 1),
        ("route_at_random/100000", "RouteAtRandomTunnels/tunnels:100000", 1)]
# With tor's own Makefile, which knows what its programs are linked with.
MAKEFILE = """include Makefile
flags = $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
stock_tor_cells: {source} libtor.a
\t$(CC) $(flags) -o $@ {source} $(src_app_tor_LDADD)
"""


class Failure(Exception):
    """Said to the user as it is."""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Fetches the sources of Debian's tor and builds its library (four minutes, once),"
               "\nthen runs its Conflux functions in turn with bench_cells, and prints medians and"
               "\nratios. Wants a C compiler, make, and libevent-dev, libssl-dev, zlib1g-dev."
               "\n\nexamples:\n"
               "  test/bench/stock_tor/run.py --build build/release\n"
               "  test/bench/stock_tor/run.py --build build/release --core 1 --rounds 9")
    parser.add_argument("--build", type=Path, required=True, help="where bench_cells was built")
    parser.add_argument("--sources", type=Path,
                        help="tor's sources, unpacked (default: fetched to BUILD/stock-tor)")
    parser.add_argument("--rounds", type=int, default=5, help="of both (default: 5)")
    parser.add_argument("--core", type=int, default=0, help="that both run on (default: 0)")
    return parser.parse_args(arguments)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(command: list[str | Path], **options) -> None:
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"failed: {' '.join(map(str, command))}\n{error}") from error


def fetch_sources(folder: Path) -> Path:
    """The newest sources of tor that this Debian has, through apt, which checks signatures."""
    found = sorted(folder.glob("tor-*/configure"))
    if found:
        return found[-1].parent
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    lines = [f"deb-src [signed-by={KEYRING}] {archive} {suite} main"
             for archive, suites in zip(ARCHIVES, SUITES) for suite in suites]
    (folder / "parts" / "sources.list").write_text("\n".join(lines) + "\n")
    options = ["-o", "Dir::Etc::sourcelist=/dev/null",
               "-o", f"Dir::Etc::sourceparts={folder}/parts",
               "-o", f"Dir::State::lists={folder}/lists", "-o", "APT::Sandbox::User="]
    say("fetching tor's sources")
    run(["apt-get", *options, "-qq", "update"])
    run(["apt-get", *options, "-qq", "source", "--download-only", "tor"], cwd=folder)
    run(["tar", "xf", max(folder.glob("tor_*.orig.tar.gz"))], cwd=folder)
    return fetch_sources(folder)


def build_peer(sources: Path) -> Path:
    if not (sources / "Makefile").exists():
        say("configuring tor")
        run(["./configure", "--disable-asciidoc", "--disable-unittests"], cwd=sources)
    (sources / "stock_tor_cells.mk").write_text(
        MAKEFILE.format(source=HERE / "stock_tor_cells.c"))
    say("building tor's library: some minutes, if it is not there yet")
    run(["make", "-f", "stock_tor_cells.mk", "-j", str(os.cpu_count()), "stock_tor_cells"],
        cwd=sources)
    return sources / "stock_tor_cells"


def run_peer(program: Path, core: int) -> dict[str, float]:
    lines = pinned([program], core).splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines)}


def run_ours(program: Path, core: int) -> dict[str, float]:
    names = "|".join(f"^{ours}$" for _, ours, _ in ROWS)
    report = json.loads(pinned([program, f"--benchmark_filter={names}",
                                "--benchmark_format=json"], core))
    times = {row["name"]: row["cpu_time"] for row in report["benchmarks"]}
    return {peer: times[ours] / cells for peer, ours, cells in ROWS}


def pinned(command: list[str | Path], core: int) -> str:
    try:
        return subprocess.run(["taskset", "-c", str(core), *command], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"{command[0]} failed: {error}") from error


def table(ours: list[dict[str, float]], peers: list[dict[str, float]]) -> str:
    lines = ["| ns per cell | ours | stock tor | ratio |", "|---|---|---|---|"]
    for name, _, _ in ROWS:
        own, peer = ([row[name] for row in rows] for rows in (ours, peers))
        ratio = statistics.median(a / b for a, b in zip(own, peer))
        lines.append(f"| {name} | {spread(own)} | {spread(peer)} | {ratio:.2f} |")
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments)
    program = options.build / "bin" / "bench_cells"
    try:
        if not program.exists():
            raise Failure(f"{program} is missing: build the target bench_cells first")
        sources = options.sources or fetch_sources(options.build.resolve() / "stock-tor")
        peer = build_peer(sources.resolve())
        ours, peers = [], []
        for number in range(1, options.rounds + 1):
            say(f"round {number} of {options.rounds}")
            peers.append(run_peer(peer, options.core))
            ours.append(run_ours(program, options.core))
        print(f"{sources.name}\n\n{table(ours, peers)}")
    except Failure as failure:
        say(f"run.py: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
