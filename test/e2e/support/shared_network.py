"""The one private network that all end-to-end tests of a CTest run share.

CTest's fixtures call `start` before the first test and `stop` after the last. The nodes belong to
the ctest process: should it be killed, they end by themselves.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from privnet import NetworkError, NetworkOptions, PrivateNetwork, Progress

# Eight disjoint legs take sixteen relays; two more are there for the tests that break some.
RELAYS = 15
EXITS = 2
REFUSED_ADDRESS = "127.0.0.66"


def directory() -> Path:
    return Path(os.environ["CONFLUX_E2E_DIR"]) / "network"


def nameserver_port() -> int:
    return int((Path(os.environ["CONFLUX_E2E_DIR"]) / "nameserver").read_text())


def open_network() -> PrivateNetwork:
    return PrivateNetwork.open(directory())


def start() -> None:
    progress = Progress()
    stop()  # left over from a run that was killed
    directory().parent.mkdir(parents=True, exist_ok=True)
    port = _free_udp_port()
    (directory().parent / "nameserver").write_text(f"{port}\n")
    options = NetworkOptions(relays=RELAYS, exits=EXITS, exit_reject=(f"{REFUSED_ADDRESS}:*",),
                             exit_nameserver=f"127.0.0.1:{port}")
    network = PrivateNetwork.start(options, directory(), progress, owner_pid=os.getppid())
    try:
        network.wait(120)
    except BaseException:
        network.stop()
        raise


def stop() -> None:
    if (directory() / "network.json").exists():
        open_network().stop()


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> int:
    try:
        {"start": start, "stop": stop}[sys.argv[1]]()
        return 0
    except NetworkError as error:
        print(f"shared_network: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
