"""What the consensus says of legs, on networks of stock tor that say it."""

import os
import tempfile
from pathlib import Path
from unittest import main

from support.e2e_test_case import E2eTestCase  # first: it makes the others importable
from privnet import NetworkOptions, PrivateNetwork
from traffic import transfer


class Consensus(E2eTestCase):
    """The proxy has a profile, and no number of legs."""

    def open_network(self):
        """None yet: each test starts its own."""

    def serve(self, **params):
        # Three disjoint legs take six relays, authorities among them.
        options = NetworkOptions(consensus_params=params, exits=1)
        directory = Path(self.enterContext(tempfile.TemporaryDirectory())) / "net"
        self.network = PrivateNetwork.start(options, directory, owner_pid=os.getpid())
        self.addCleanup(self.network.stop)
        self.network.wait(90)
        proxy = self.start_proxy(legs=None, profile="stock")
        self.assert_intact(transfer.download(self.transfer(proxy, 3, 1_000_000)))
        return proxy

    def test_says_how_many_legs_a_tunnel_of_profile_stock_has(self):
        proxy = self.serve(cfx_num_legs_set=3)
        proxy.wait_for_legs(["linked"] * 3, 30)

    def test_that_switches_conflux_off_gets_plain_circuits(self):
        proxy = self.serve(cfx_enabled=0)
        self.assertEqual(proxy.stop(), 0)
        (tunnel,) = proxy.tunnels()
        self.assertEqual(len(tunnel["legs"]), 1)
        self.assertEqual(tunnel["switches_out"] + tunnel["switches_in"], 0)


if __name__ == "__main__":
    main()
