"""A leg much farther than the other one, through relays of stock tor: it waits, and joins a set on
which a stream has moved much."""

import os
import tempfile
import unittest
from pathlib import Path

from support.e2e_test_case import MEGABYTE, E2eTestCase, disjoint_paths
from privnet import NetworkOptions, PrivateNetwork
from traffic import transfer
from traffic.forwarder import Forwarder

FAR_GUARD = "relay2"  # of the second of disjoint_paths
ONE_WAY_MS = 150


class FarLeg(E2eTestCase):
    def open_network(self):
        program = Path(os.environ["CONFLUX_DELAY_FORWARDER"])
        directory = Path(self.enterContext(tempfile.TemporaryDirectory())) / "net"
        forwarders = []

        def stand_before(nodes):
            forwarders.append(self.enterContext(Forwarder(program, nodes)))
        network = PrivateNetwork.start(NetworkOptions(exits=1, fronted=(FAR_GUARD,)), directory,
                                       owner_pid=os.getpid(), before_nodes=stand_before)
        self.addCleanup(network.stop)
        network.wait(90)
        forwarders[0].set_delay(network.node(FAR_GUARD), ONE_WAY_MS)
        return network

    def test_waits_under_fast_and_carries_a_long_download_from_its_middle_on(self):
        proxy = self.start_proxy(legs=2, profile="fast", paths=disjoint_paths(2),
                                 conflux_lines=["  legs: {far: auto}"])
        self.assert_intact(transfer.download(self.transfer(proxy, 3, 100_000)))
        proxy.wait_for_legs(["linked", "waiting"], 30)
        self.assert_intact(transfer.download(self.transfer(proxy, 4, 40 * MEGABYTE)))
        proxy.wait_for_legs(["linked", "linked"], 10)
        self.assert_intact(transfer.upload(self.transfer(proxy, 5, 40 * MEGABYTE)))
        self.assertEqual(proxy.stop(), 0)
        (tunnel,) = proxy.tunnels()
        for leg in tunnel["legs"]:
            self.assertGreater(leg["cells_in"], 0)
            self.assertGreater(leg["cells_out"], 0)
        self.assertGreater(tunnel["switches_in"], 0)


if __name__ == "__main__":
    unittest.main()
