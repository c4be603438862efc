"""More than two legs (profile lab): all of them link, and all of them carry."""

import unittest

from support.e2e_test_case import MEGABYTE, E2eTestCase, disjoint_paths
from traffic import transfer


class ManyLegs(E2eTestCase):
    def all_carry(self, count):
        proxy = self.start_proxy(legs=count, profile="lab", paths=disjoint_paths(count))
        # The tunnel serves from its first leg on; the claim is about the time when all stand.
        self.assert_intact(transfer.download(self.transfer(proxy, count, 10_000)))
        proxy.wait_for_legs(["linked"] * count, 30)
        self.assert_intact(transfer.download(self.transfer(proxy, 10 + count, 40 * MEGABYTE)))
        self.assert_intact(transfer.upload(self.transfer(proxy, 20 + count, 40 * MEGABYTE)))
        self.assertEqual(proxy.stop(), 0)
        (tunnel,) = proxy.tunnels()
        for leg in tunnel["legs"]:
            self.assertGreater(leg["cells_in"], 0)
            self.assertGreater(leg["cells_out"], 0)

    def test_3_legs_link_and_carry_both_ways(self):
        self.all_carry(3)

    def test_4_legs_link_and_carry_both_ways(self):
        self.all_carry(4)

    def test_8_legs_link_and_carry_both_ways(self):
        self.all_carry(8)


if __name__ == "__main__":
    unittest.main()
