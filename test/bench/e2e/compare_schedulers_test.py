"""The picture that compares schedulers shows what all folders have, and nothing else."""

import dataclasses
import unittest

import compare_schedulers
from e2ebench import records
from e2ebench.conditions import OURS_1, OURS_2, Arm, select


def row(condition: str, scheduler: str, goodput: float, arm: Arm = OURS_2) -> records.Row:
    (found,) = select([condition])
    blank = records.blank(found, 0, arm, "bulk", scheduler)
    return dataclasses.replace(blank, goodput_mbps=goodput, kind=records.OURS)


class TheChart(unittest.TestCase):
    def test_has_a_bar_for_each_scheduler_and_the_mean_of_its_rounds(self):
        chart = compare_schedulers.chart([
            [row("eq_rtt50_up", "min_rtt", 1.0), row("eq_rtt50_up", "min_rtt", 3.0)],
            [row("eq_rtt50_up", "ecf", 4.0)]])
        self.assertEqual(list(chart.groups), ["eq_rtt50_up"])
        self.assertEqual([(it.name, it.values[0].value) for it in chart.series],
                         [("min_rtt", 2.0), ("ecf", 4.0)])

    def test_is_of_two_legs_whatever_else_was_measured(self):
        chart = compare_schedulers.chart([
            [row("uneq_plus0_up", "ecf", 2.0), row("uneq_plus0_up", "ecf", 1.0, OURS_1)]])
        self.assertEqual(chart.series[0].values[0].value, 2.0)

    def test_leaves_out_what_one_folder_lacks(self):
        chart = compare_schedulers.chart([
            [row("eq_rtt50_up", "min_rtt", 1.0), row("uneq_plus100_up", "min_rtt", 1.0)],
            [row("uneq_plus100_up", "ecf", 1.0)]])
        self.assertEqual(list(chart.groups), ["uneq_plus100_up"])

    def test_is_none_of_folders_that_have_nothing_in_common(self):
        self.assertIsNone(compare_schedulers.chart([
            [row("eq_rtt50_up", "min_rtt", 1.0)], [row("eq_rtt0_up", "ecf", 1.0)]]))


if __name__ == "__main__":
    unittest.main()
