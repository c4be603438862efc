"""Files through conflux.so and stock tor: every byte arrives, on the legs it should."""

import unittest
from concurrent.futures import ThreadPoolExecutor

from support.e2e_test_case import MEGABYTE, E2eTestCase, disjoint_paths
from traffic import transfer

# A leg that carries less than this in an unlimited network is not being used.
LEAST_SHARE = 0.10


class TwoLegs(E2eTestCase):
    def run_through(self, action, seed):
        proxy = self.start_proxy(legs=2, paths=disjoint_paths(2))
        self.assert_intact(action(self.transfer(proxy, seed, 100 * MEGABYTE)))
        self.assertEqual(proxy.stop(), 0)
        (tunnel,) = proxy.tunnels()
        return tunnel

    def test_100_mb_download_arrives_intact_over_both(self):
        tunnel = self.run_through(transfer.download, seed=1)
        self.assertGreater(min(leg["share_in"] for leg in tunnel["legs"]), LEAST_SHARE)
        self.assertGreater(tunnel["switches_in"], 0)

    def test_100_mb_upload_arrives_intact_over_both(self):
        tunnel = self.run_through(transfer.upload, seed=2)
        self.assertGreater(min(leg["share_out"] for leg in tunnel["legs"]), LEAST_SHARE)
        self.assertGreater(tunnel["switches_out"], 0)


class OneLeg(E2eTestCase):
    def test_a_plain_circuit_moves_files_both_ways_without_the_plugin(self):
        proxy = self.start_proxy(legs=1)
        self.assert_intact(transfer.download(self.transfer(proxy, 3, 10 * MEGABYTE)))
        self.assert_intact(transfer.upload(self.transfer(proxy, 4, 10 * MEGABYTE)))
        self.assertFalse(proxy.stats()["multipath"])


class Streams(E2eTestCase):
    SIZES = (0, 1, 497, 498, 499, 10_000, 65_536, 250_000, 1_000_000, 3_000_000)

    def test_20_parallel_streams_of_mixed_sizes_are_intact_on_one_tunnel(self):
        proxy = self.start_proxy(legs=2, paths=disjoint_paths(2))
        jobs = [(action, self.transfer(proxy, seed, size))
                for action in (transfer.download, transfer.upload)
                for seed, size in enumerate(self.SIZES, start=100)]
        with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
            results = list(pool.map(lambda job: job[0](job[1]), jobs))
        self.assertEqual(len(results), 20)
        for result in results:
            self.assert_intact(result)
        self.assertEqual(proxy.stop(), 0)
        self.assertEqual(len(proxy.tunnels()), 1)

    def test_streams_one_after_the_other_use_the_same_tunnel(self):
        proxy = self.start_proxy(legs=2, paths=disjoint_paths(2))
        for seed in range(20):
            self.assert_intact(transfer.download(self.transfer(proxy, seed, 5_000)))
        self.assertEqual(proxy.stop(), 0)
        self.assertEqual(len(proxy.tunnels()), 1)


class Canary(E2eTestCase):
    def test_one_wrong_bit_in_ten_megabytes_is_noticed(self):
        proxy = self.start_proxy(legs=2, paths=disjoint_paths(2))
        size = 10 * MEGABYTE
        result = transfer.download(self.transfer(proxy, 5, size, query=f"?flip={size - 1}"))
        self.assertEqual(result.size, size)
        self.assertFalse(result.intact)


if __name__ == "__main__":
    unittest.main()
