"""The base of the end-to-end tests: network, file server and a folder for logs."""

from __future__ import annotations

import os
import shutil
import unittest
from pathlib import Path

from traffic.file_server import FileServer
from traffic.onion_proxy import OnionProxy, Programs, ProxyOptions
from traffic.transfer import Transfer

from . import shared_network

MEGABYTE = 1_000_000


class E2eTestCase(unittest.TestCase):
    """Each test gets a folder of its own; what went wrong can be read there afterwards."""

    def setUp(self) -> None:
        self.network = self.open_network()
        self.server = self.enterContext(FileServer())
        name = self.id().removeprefix(f"{type(self).__module__}.")
        self.work_dir = Path(os.environ["CONFLUX_E2E_DIR"]) / "logs" / name
        shutil.rmtree(self.work_dir, ignore_errors=True)
        self.work_dir.mkdir(parents=True)

    def open_network(self):
        return shared_network.open_network()

    def start_proxy(self, **choices) -> OnionProxy:
        """Far legs join at once, unless the test says something of legs itself: how long a relay
        takes to answer while the machine is busy must not decide what is tested."""
        lines = list(choices.pop("conflux_lines", ()))
        if not any(line.lstrip().startswith("legs:") for line in lines):
            lines.append("  legs: {far: at_once}")
        choices["conflux_lines"] = lines
        options = ProxyOptions(self.network.authorities_path, self.work_dir, **choices)
        proxy = OnionProxy(Programs.from_environment(), options)
        # CTest shows it when the test fails. Registered first, so that it runs when all has ended.
        self.addCleanup(lambda: print(f"--- {proxy.log_path}\n{proxy.log_tail()}", flush=True))
        return self.enterContext(proxy)

    def transfer(self, proxy: OnionProxy, seed: int, size: int, **choices) -> Transfer:
        return Transfer(proxy.port, self.server.port, seed, size, **choices)

    def assert_intact(self, result) -> None:
        self.assertTrue(result.intact, f"{result.size} bytes came, but not those that were sent")


def disjoint_paths(count: int, exit_nickname: str = "exit0") -> list[str]:
    """Paths that share nothing but the exit; relay13 and relay14 stay for tests that break some."""
    relays = [f"relay{i}" for i in range(13)] + [f"auth{i}" for i in range(3)]
    return [f"{relays[2 * i]},{relays[2 * i + 1]},{exit_nickname}" for i in range(count)]
