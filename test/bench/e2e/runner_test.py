"""What the runner does about a transfer that does not end."""

import contextlib
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from e2ebench import conditions, runner
from e2ebench.conditions import STOCK
from e2ebench.records import FAILED, RIDE, Records, blank
from e2ebench.stock import SINGLE
from e2ebench.transfers import Broken

(CONDITION,) = conditions.select(["cpu_down"])
ROUNDS = 6


class Stock:
    def __init__(self):
        self.forgotten = 0

    def forget_circuits(self):
        self.forgotten += 1


class Silent:
    def done(self, text):
        pass

    update = done


class StuckRounds(runner.Runner):
    """Its rounds in `stuck` fail in every attempt."""

    def __init__(self, records, stuck, kind):
        plan = runner.Plan(((CONDITION, (STOCK,)),), pairs=ROUNDS)
        super().__init__(None, None, records, plan, Path("."), Silent())
        self.stock = self._stock = Stock()
        self._stuck, self.kind = stuck, kind
        self.attempts = []

    @contextlib.contextmanager
    def _clients(self, condition, arms):
        yield {}

    def _measure(self, this, arm, ours):
        self.attempts.append(this.number)
        if this.number in self._stuck:
            raise Broken("timed out")
        return [replace(blank(this.condition, this.number, arm, "bulk", ""), kind=self.kind)]

    def _show(self, this, row):
        pass


class AStuckTransfer(unittest.TestCase):
    kind = RIDE  # what transfers of the stock client are on

    def setUp(self):
        self.path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "raw.csv"

    def run_with(self, stuck):
        self.records = Records(self.path)
        self.runner = StuckRounds(self.records, stuck, self.kind)
        self.runner._site = self
        return self.runner.run()

    def apply(self, condition):
        """Of the site."""

    def measured(self):
        return sorted(row.round for row in self.records.rows if row.kind == RIDE)

    def test_is_tried_three_times_and_costs_its_round_only(self):
        self.assertTrue(self.run_with({0, 2, 4}))
        self.assertEqual(self.measured(), [1, 3, 5])
        self.assertEqual(self.runner.attempts.count(2), 3)
        self.assertEqual(self.runner.lost, [f"round {n} of cpu_down" for n in (1, 3, 5)])
        self.assertEqual(sum(row.kind == FAILED for row in self.records.rows), 9)

    def test_leaves_no_circuit_behind(self):
        self.run_with({1})
        self.assertEqual(self.runner.stock.forgotten, 3)

    def test_ends_the_run_when_three_rounds_in_a_row_are_lost(self):
        with self.assertRaises(Broken):
            self.run_with({1, 2, 3})
        self.assertEqual(self.measured(), [0])
        self.assertEqual(len(self.runner.lost), 3)

    def test_that_never_rides_a_set_is_a_lost_round_too(self):
        self.kind = SINGLE
        with self.assertRaises(Broken):
            self.run_with(set())
        self.assertEqual(len(self.runner.lost), 3)

    def test_of_a_lost_round_is_tried_again_by_the_next_run(self):
        self.run_with({1})
        self.run_with(set())
        self.assertEqual(self.measured(), list(range(ROUNDS)))


if __name__ == "__main__":
    unittest.main()
