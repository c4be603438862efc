"""SIGHUP: the proxy reads its configuration again, all or nothing, for new tunnels."""

from unittest import main

from support.e2e_test_case import E2eTestCase, disjoint_paths  # first: it finds the others
from traffic import transfer

TWO_LEGS = ["  legs: {count: 2}"]
THREE_LEGS = ["  legs: {count: 3}"]


class Reload(E2eTestCase):
    """Each user has a tunnel of its own, which is begun when its first stream comes."""

    def setUp(self):
        super().setUp()
        # Of paths that no other test breaks: a leg that is replaced would count as one more.
        self.proxy = self.start_proxy(legs=None, profile="lab", conflux_lines=TWO_LEGS,
                                      paths=disjoint_paths(3))
        self.download("first")
        self.proxy.wait_for_legs(["linked"] * 2, 30)

    def download(self, user):
        self.assert_intact(transfer.download(
            self.transfer(self.proxy, 1, 1_000_000, socks_user=user)))

    def legs_of_all(self):
        """Of each tunnel, as the last counters have it."""
        self.assertEqual(self.proxy.stop(), 0)
        return [len(tunnel["legs"]) for tunnel in self.proxy.tunnels()]

    def test_new_tunnels_follow_it_and_old_ones_stay_as_they_are(self):
        # Given a tunnel of two legs, when the file asks for three and another scheduler,
        self.proxy.reload(THREE_LEGS + ["  scheduler: blest"])
        self.proxy.wait_for_log("configuration read again: 3 legs for each new tunnel", 10)
        # then the next tunnel has three legs, all of which link,
        self.download("second")
        self.proxy.wait_for_legs(["linked"] * 3, 30)
        # and the first one goes on with its two.
        self.download("first")
        self.assertEqual(self.legs_of_all(), [2, 3])

    def test_of_a_file_with_an_error_says_where_and_changes_nothing(self):
        self.proxy.reload(THREE_LEGS + ["  schedular: blest"])
        self.proxy.wait_for_log("conflux.yaml:5:3: ", 10)
        self.proxy.wait_for_log("did you mean `conflux.scheduler`?\n", 10)
        self.proxy.wait_for_log("nothing is changed", 10)
        self.download("second")
        self.assertEqual(self.legs_of_all(), [2, 2])

    def test_that_would_need_a_restart_says_so_and_changes_nothing(self):
        # The plugin, and not the proxy, knows what it cannot take over: all of the file is refused.
        self.proxy.reload(THREE_LEGS + ["  metrics: {mode: aggregate}"])
        self.proxy.wait_for_log("conflux.metrics.mode", 10)
        self.proxy.wait_for_log("nothing is changed", 10)
        self.download("second")
        self.assertEqual(self.legs_of_all(), [2, 2])

    def test_without_a_plugin_is_judged_all_the_same(self):
        self.proxy.stop()
        plain = ["  legs: {count: 1}"]
        self.proxy = self.start_proxy(legs=1, profile="lab", conflux_lines=plain)
        self.proxy.reload(plain + ["  metrics: {mode: aggregate}"])
        self.proxy.wait_for_log("conflux.metrics.mode", 10)
        self.proxy.wait_for_log("nothing is changed", 10)
        self.proxy.reload(plain + ["  desired_ux: min_latency"])
        self.proxy.wait_for_log("configuration read again: 1 leg for each new tunnel", 10)


if __name__ == "__main__":
    main()
