"""Metrics of real transfers through stock tor, by way of region, sidecar and Prometheus."""

import base64
import json
import threading
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from support.e2e_test_case import MEGABYTE, E2eTestCase, disjoint_paths
from support.prometheus import Prometheus, free_port
from traffic import transfer
from traffic.sidecar import Sidecar, SidecarPrograms, metrics_lines

# Of the counters of cells (plugin/region/catalogue.cc).
BIN = 1024
RESTARTS = 100


class MetricsTestCase(E2eTestCase):
    def start_sidecar(self, *lines: str) -> Sidecar:
        sidecar = Sidecar(SidecarPrograms.from_environment(), lines, profile="lab")
        self.addCleanup(lambda: print(sidecar.last_words, flush=True))
        return self.enterContext(sidecar)

    def start_measured_proxy(self, sidecar: Sidecar):
        return self.start_proxy(
            legs=2, paths=disjoint_paths(2), profile="lab",
            conflux_lines=metrics_lines(sidecar.regions, "unsafe_fine_grained: true"))


def cells(proxy, side: str) -> int:
    return sum(leg[f"cells_{side}"] for tunnel in proxy.tunnels() for leg in tunnel["legs"])


class Figures(MetricsTestCase):
    def test_prometheus_and_the_proxy_itself_count_the_same_cells_within_a_bin(self):
        port = free_port()
        sidecar = self.start_sidecar(f"  prometheus: {{listen: 127.0.0.1:{port}}}")
        with Prometheus(port) as prometheus:
            proxy = self.start_measured_proxy(sidecar)
            self.assert_intact(transfer.download(self.transfer(proxy, 1, 30 * MEGABYTE)))
            self.assert_intact(transfer.upload(self.transfer(proxy, 2, 10 * MEGABYTE)))
            for metric, side in (("conflux_cells_received_total", "in"),
                                 ("conflux_cells_sent_total", "out")):
                total = prometheus.wait_for(
                    f"sum({metric})", lambda v, s=side: abs(v - cells(proxy, s)) <= BIN, 20)
                self.assertIsNotNone(total, metric)
                self.assertAlmostEqual(total, cells(proxy, side), delta=BIN, msg=metric)
            self.assertGreater(cells(proxy, "in"), 30 * MEGABYTE / 498)

    def test_confluxctl_tells_of_both_legs_and_that_it_helps(self):
        sidecar = self.start_sidecar()
        proxy = self.start_measured_proxy(sidecar)
        self.assert_intact(transfer.download(self.transfer(proxy, 3, 20 * MEGABYTE)))
        (tunnel,) = json.loads(sidecar.ask("tunnels", "--json"))["tunnels"]
        self.assertEqual(len(tunnel["legs"]), 2)
        snapshot = json.loads(sidecar.ask("metrics", "--json"))
        (region,) = snapshot["regions"]
        self.assertGreater(region["aggregation_ratio_received"], 1.1)


class Faults(MetricsTestCase):
    def test_a_transfer_stays_intact_while_the_sidecar_is_killed_a_hundred_times(self):
        sidecar = self.start_sidecar()
        proxy = self.start_measured_proxy(sidecar)
        done = threading.Event()

        def move_files():
            results = []
            while not results or not done.is_set():
                results.append(transfer.download(self.transfer(proxy, len(results),
                                                               10 * MEGABYTE)))
            return results

        with ThreadPoolExecutor(1) as pool:
            moving = pool.submit(move_files)
            for _ in range(RESTARTS):
                sidecar.kill()
                sidecar.start()
            done.set()
            for result in moving.result(120):
                self.assert_intact(result)
        (region,) = json.loads(sidecar.ask("metrics", "--json"))["regions"]
        self.assertEqual(region["health"], "live")


class Privacy(MetricsTestCase):
    """What identifies people or relays is in no region, log or reply, in any spelling."""

    def spellings(self) -> list[bytes]:
        secrets = []
        for node in self.network.nodes:
            identity = bytes.fromhex(node.fingerprint)
            secrets += [identity, identity.hex().encode(), identity.hex().upper().encode(),
                        base64.b64encode(identity).rstrip(b"="), node.nickname.encode()]
        for port in (self.server.port, *(n.orport for n in self.network.nodes if n.orport)):
            secrets.append(f"127.0.0.1:{port}".encode())
        return secrets

    def test_no_relay_and_no_address_is_in_region_log_or_reply(self):
        port = free_port()
        sidecar = self.start_sidecar(f"  prometheus: {{listen: 127.0.0.1:{port}}}")
        proxy = self.start_measured_proxy(sidecar)
        self.assert_intact(transfer.download(self.transfer(proxy, 4, 5 * MEGABYTE)))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as reply:
            exported = reply.read()
        self.assertIn(b"conflux_cells_received_total", exported)
        places = {
            "region": b"".join(f.read_bytes() for f in sidecar.regions.iterdir()),
            "sidecar's log": sidecar.log_path.read_bytes(),
            "Prometheus text": exported,
            "tunnels": sidecar.ask("tunnels", "--json").encode(),
            "metrics": sidecar.ask("metrics", "--json").encode(),
            "descriptions": sidecar.ask("metrics", "--describe", "--json").encode(),
        }
        for place, text in places.items():
            self.assertTrue(text, place)
            for secret in self.spellings():
                self.assertNotIn(secret, text, place)


if __name__ == "__main__":
    unittest.main()
