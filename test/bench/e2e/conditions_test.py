"""Conditions and the plan of a transfer."""

import collections
import unittest

from e2ebench import conditions, site
from e2ebench.conditions import OURS_1, OURS_2, OURS_4, SECOND_LEG, STOCK


def named(name):
    (condition,) = conditions.select([name])
    return condition


class Catalogue(unittest.TestCase):
    def test_names_are_unique(self):
        names = [c.name for c in conditions.all_conditions()]
        self.assertEqual(len(names), len(set(names)))

    def test_claims_against_stock_have_twenty_pairs_in_every_condition(self):
        claims = conditions.select(["claims"])
        self.assertEqual(len(claims), 8)
        for condition in claims:
            self.assertGreaterEqual(condition.pairs, 20)
            self.assertIn(STOCK, condition.arms)

    def test_claims_come_before_all_else(self):
        names = [c.name for c in conditions.select(["all"])]
        self.assertTrue(all(name.startswith("eq_") for name in names[:8]))

    def test_every_condition_covers_every_path(self):
        for condition in conditions.all_conditions():
            self.assertEqual((len(condition.rates_kb), len(condition.added_rtt_ms)), (4, 4))
            for arm in condition.arms:
                self.assertLessEqual(max(arm.paths), 3)

    def test_a_page_has_fifty_files_of_a_few_kib_to_100(self):
        sizes = conditions.page_sizes()
        self.assertEqual(len(sizes), 50)
        self.assertTrue(all(4 * 1024 <= size <= 100 * 1024 for size in sizes))


class Selection(unittest.TestCase):
    def test_patterns_choose_in_order_of_importance(self):
        names = [c.name for c in conditions.select(["cpu_*", "eq_rtt0_up", "eq_rtt0_up"])]
        self.assertEqual(names, ["eq_rtt0_up", "cpu_down", "cpu_up"])

    def test_an_unknown_name_is_answered_with_the_known_ones(self):
        with self.assertRaisesRegex(conditions.UnknownName, "eq_rtt0_down"):
            conditions.select(["eq_rtt7"])

    def test_arms_are_chosen_by_name_or_client(self):
        condition = named("eq_rtt0_up")
        self.assertEqual(conditions.select_arms(condition, ["ours"]), (OURS_2, OURS_4))
        self.assertEqual(conditions.select_arms(condition, ["stock", "ours2"]), (STOCK, OURS_2))
        self.assertEqual(conditions.select_arms(condition, []), condition.arms)

    def test_an_unknown_arm_is_refused(self):
        with self.assertRaisesRegex(conditions.UnknownName, "ours2"):
            conditions.select_arms(named("eq_rtt0_up"), ["ours9"])


class Plan(unittest.TestCase):
    def test_the_rate_is_taken_behind_the_burst_and_before_the_tail(self):
        plan = conditions.plan_bulk(named("eq_rtt0_up"), OURS_2, seconds=2)
        second = 2 * 2000 * 1024 * conditions.GOODPUT_SHARE
        self.assertGreater(plan.low, 4 * site.BURST_S * second)
        self.assertAlmostEqual(plan.high - plan.low, 2 * second, delta=2)
        self.assertLess(plan.high, plan.size)

    def test_a_transfer_takes_as_long_with_four_legs_as_with_one(self):
        condition = named("legs_down")
        one = conditions.plan_bulk(condition, OURS_1, 2)
        four = conditions.plan_bulk(condition, OURS_4, 2)
        self.assertAlmostEqual(four.size / one.size, 4, 4)

    def test_a_leg_alone_is_measured_at_its_own_rate(self):
        condition = named("uneq_plus0_up")
        fast = conditions.plan_bulk(condition, OURS_1, 2)
        slow = conditions.plan_bulk(condition, SECOND_LEG, 2)
        self.assertAlmostEqual(fast.size / slow.size, 4, 4)

    def test_unlimited_transfers_have_a_size_of_their_own(self):
        plan = conditions.plan_bulk(named("cpu_up"), OURS_2, 2, scale=0.5)
        self.assertEqual(plan.size, conditions.UNLIMITED_BYTES // 2)


class Rotation(unittest.TestCase):
    def test_every_arm_takes_every_place_equally_often(self):
        for name in ("eq_rtt0_up", "cpu_up", "legs_down"):
            arms = named(name).arms
            for place in range(len(arms)):
                count = collections.Counter(conditions.rotated(arms, r)[place].name
                                            for r in range(2 * len(arms)))
                self.assertEqual(set(count.values()), {2}, name)

    def test_both_orders_of_a_pair_occur(self):
        orders = [[a.name for a in conditions.rotated((STOCK, OURS_2), r)] for r in range(4)]
        self.assertEqual(sorted(o[0] for o in orders), ["ours2", "ours2", "stock", "stock"])


if __name__ == "__main__":
    unittest.main()
