"""From rows to verdicts, tables and pictures."""

import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

from e2ebench import claims, conditions, records, report, svg
from e2ebench.eta import Eta
from e2ebench.records import Records
from e2ebench.stats import Interval


def named(name):
    (condition,) = conditions.select([name])
    return condition


def row(condition, number, arm, item="bulk", **values):
    kind = records.RIDE if arm.client == "stock" else records.OURS
    return replace(records.blank(named(condition), number, arm, item, ""),
                   **{"kind": kind, "bytes": 10**7, **values})


def versus(condition, rounds, ours, stock, arm=conditions.OURS_2, field="goodput_mbps"):
    rows = []
    for number in range(rounds):
        wobble = 1 + 0.01 * (number % 3)
        rows += [row(condition, number, arm, **{field: ours * wobble}),
                 row(condition, number, conditions.STOCK, **{field: stock})]
    return rows


def verdicts(rows):
    return {(c.topic, c.what): c.verdict for c in claims.all_claims(rows)}


class AgainstStock(unittest.TestCase):
    KEY = ("goodput against stock", "2 legs, fast")

    def test_an_upload_is_good_when_the_low_end_is_beyond_the_wanted(self):
        self.assertEqual(verdicts(versus("eq_rtt0_up", 20, 3.0, 2.0))[self.KEY], claims.YES)

    def test_a_gain_whose_low_end_falls_short_is_no(self):
        self.assertEqual(verdicts(versus("eq_rtt0_up", 20, 2.28, 2.0))[self.KEY], claims.NO)

    def test_the_same_gain_is_enough_for_a_download(self):
        self.assertEqual(verdicts(versus("eq_rtt0_down", 20, 2.28, 2.0))[self.KEY], claims.YES)

    def test_nineteen_pairs_are_too_few(self):
        self.assertEqual(verdicts(versus("eq_rtt0_up", 19, 3.0, 2.0))[self.KEY], claims.FEW)

    def test_a_transfer_that_rode_no_set_is_no_half_of_a_pair(self):
        rows = versus("eq_rtt0_up", 20, 3.0, 2.0)
        rows[1] = replace(rows[1], kind="single")
        (claim,) = [c for c in claims.all_claims(rows) if c.what == self.KEY[1]]
        self.assertEqual((claim.value.n, claim.verdict), (19, claims.FEW))

    def test_of_a_round_that_was_run_again_the_newest_rows_count(self):
        rows = versus("eq_rtt0_up", 20, 0.1, 2.0) + versus("eq_rtt0_up", 20, 3.0, 2.0)
        self.assertEqual(verdicts(rows)[self.KEY], claims.YES)


class NotWorse(unittest.TestCase):
    def test_less_is_good_more_is_not_and_unsure_is_said(self):
        for value, low, expected in ((0.9, 0.8, claims.YES), (1.1, 1.05, claims.NO),
                                     (1.1, 0.95, claims.NOISE)):
            self.assertEqual(claims.not_more(Interval(value, low, 1.3, 20), 1.0), expected)

    def test_the_time_to_a_mebibyte_is_compared_by_its_p95(self):
        rows = versus("eq_rtt50_down", 20, 0.5, 1.0, field="to_1mib_s")
        key = ("p95 of the time to 1 MiB", "first MiB of a bulk transfer, 2 legs, fast")
        self.assertEqual(verdicts(rows)[key], claims.YES)


class Sums(unittest.TestCase):
    def legs(self, *rates):
        arms = (conditions.OURS_1, conditions.OURS_2, conditions.OURS_3, conditions.OURS_4)
        return [row("legs_up", number, arm, goodput_mbps=rate)
                for number in range(3) for arm, rate in zip(arms, rates)]

    def test_n_legs_are_held_against_n_times_one(self):
        found = verdicts(self.legs(1.0, 1.96, 2.8, 3.81))
        topic = "N legs at equal rates"
        self.assertEqual([found[topic, f"{n} legs, {profile}, against {n} times one"]
                          for n, profile in ((2, "fast"), (3, "lab"), (4, "lab"))],
                         [claims.YES, claims.NO, claims.YES])

    def test_unequal_legs_are_held_against_the_sum_of_each_alone(self):
        rows = [row("uneq_plus50_up", number, arm, goodput_mbps=rate) for number in range(3)
                for arm, rate in ((conditions.OURS_2, 1.9), (conditions.OURS_1, 1.6),
                                  (conditions.SECOND_LEG, 0.4))]
        (claim,) = claims.all_claims(rows)
        self.assertAlmostEqual(claim.value.value, 0.95)
        self.assertEqual(claim.verdict, claims.YES)

    def test_of_legs_of_unlike_delay_only_uploads_are_ours_to_schedule(self):
        rows = [row(name, number, arm, goodput_mbps=rate) for number in range(3)
                for name in ("far_down", "far_up")
                for arm, rate in ((conditions.OURS_2, 3.0), (conditions.OURS_2_AT_ONCE, 2.0),
                                  (conditions.OURS_1, 1.6), (conditions.SECOND_LEG, 1.4))]
        self.assertEqual([(claim.condition, claim.verdict) for claim in claims.all_claims(rows)],
                         [("far_down", ""), ("far_down", ""),
                          ("far_up", claims.YES), ("far_up", "")])

    def test_files_over_legs_of_unlike_delay_are_compared_and_not_judged(self):
        rows = [row("far_files_down", number, arm, "1 MiB", last_byte_s=seconds)
                for number in range(3)
                for arm, seconds in ((conditions.OURS_2, 1.0), (conditions.OURS_2_AT_ONCE, 0.8),
                                     (conditions.OURS_1, 2.0))]
        self.assertEqual([(claim.what, round(claim.value.value, 2), claim.verdict)
                          for claim in claims.all_claims(rows)],
                         [("1 MiB, 2 legs, fast, against far leg at once", 1.25, ""),
                          ("1 MiB, 2 legs, fast, against the near leg alone", 0.5, "")])

    def test_cpu_is_compared_per_byte(self):
        rows = [row("cpu_up", number, arm, cpu_s=cpu, bytes=size) for number in range(3)
                for arm, cpu, size in ((conditions.OURS_2, 1.0, 10**8),
                                       (conditions.STOCK, 1.0, 5 * 10**7))]
        (claim,) = claims.all_claims(rows)
        self.assertAlmostEqual(claim.value.value, 0.5)

    def test_a_page_is_compared_with_the_better_leg(self):
        rows = [row("page_unequal", number, arm, "page", last_byte_s=seconds)
                for number in range(3)
                for arm, seconds in ((conditions.OURS_2, 1.5), (conditions.OURS_2_LATENCY, 0.9),
                                     (conditions.OURS_2_AT_ONCE, 1.6), (conditions.OURS_1, 1.0),
                                     (conditions.SECOND_LEG, 4.0))]
        self.assertEqual(
            [(claim.what, claim.verdict) for claim in claims.all_claims(rows)],
            [("2 legs, fast, against ours1", claims.NO),
             ("2 legs, fast, far leg at once (for comparison), against ours1", ""),
             ("2 legs, fast, min_latency, against ours1", claims.YES)])


class Report(unittest.TestCase):
    def test_a_folder_gets_tables_and_well_formed_pictures(self):
        out = Path(self.enterContext(tempfile.TemporaryDirectory()))
        rows = versus("eq_rtt0_up", 20, 3.0, 2.0) + versus("cpu_up", 2, 3.0, 2.0, field="cpu_s")
        Records(out / "raw.csv").append([*rows, replace(rows[1], kind="single")])
        text = report.write(out)
        self.assertIn("1.51 (1.51 to 1.52) | 20 | low end 1.15 or more | yes", text)
        self.assertIn("| eq_rtt0_up | one circuit | 1 |", text)
        self.assertIn("goodput against stock,eq_rtt0_up", (out / "summary.csv").read_text())
        pictures = sorted(path.name for path in out.glob("*.svg"))
        self.assertEqual(pictures, ["against-stock.svg", "cpu.svg", "goodput-upload.svg"])
        for name in pictures:
            self.assertIn("svg", ElementTree.parse(out / name).getroot().tag)


class Pictures(unittest.TestCase):
    def test_ticks_are_round_and_reach_the_top(self):
        self.assertEqual(svg.nice_ticks(7.1), [0, 2, 4, 6, 8])
        self.assertAlmostEqual(svg.nice_ticks(0.3)[-1], 0.3)

    def test_a_bar_has_its_error_bar_and_a_missing_value_no_bar(self):
        chart = svg.BarChart("t", "y", "x", ["a", "b"],
                             [svg.Series("s", [Interval(1, 0.5, 1.5, 3), None])])
        text = svg.bar_chart(chart)
        self.assertEqual(text.count("<title>"), 1)
        self.assertEqual(text.count('stroke-width="1.5"'), 3)

    def test_names_cannot_break_the_document(self):
        chart = svg.IntervalChart("<&>", "x", [("a<b", Interval(1, 0.9, 1.1, 5), 1.15)])
        ElementTree.fromstring(svg.interval_chart(chart))


class TimeLeft(unittest.TestCase):
    def test_it_follows_what_rounds_took(self):
        eta = Eta([("a", 3), ("b", 2)])
        eta.note("a", 10)
        self.assertAlmostEqual(eta.seconds(), 2 * 10 + 2 * 10)
        eta.note("b", 40)
        self.assertAlmostEqual(eta.seconds(), 2 * 10 + 1 * 40)


if __name__ == "__main__":
    unittest.main()
