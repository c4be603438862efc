"""The raw data: what is written is read, and what counts."""

import math
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from e2ebench import conditions, records
from e2ebench.conditions import OURS_2, STOCK
from e2ebench.records import Records

(CONDITION,) = conditions.select(["eq_rtt0_up"])
OURS_ROW = replace(records.blank(CONDITION, 0, OURS_2, "bulk", ""), goodput_mbps=3.25, bytes=10)
RIDE_ROW = replace(records.blank(CONDITION, 0, STOCK, "bulk", ""), kind=records.RIDE)


class RawData(unittest.TestCase):
    def setUp(self):
        self.path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "raw.csv"

    def test_what_was_written_is_read(self):
        Records(self.path).append([OURS_ROW, RIDE_ROW])
        first, second = Records(self.path).rows
        self.assertEqual((first.goodput_mbps, first.bytes, first.scheduler), (3.25, 10, "auto"))
        self.assertTrue(math.isnan(second.goodput_mbps))

    def test_a_round_is_complete_when_every_arm_counts(self):
        kept = Records(self.path)
        kept.append([OURS_ROW])
        self.assertFalse(kept.complete(CONDITION, 0, (OURS_2, STOCK)))
        kept.append([RIDE_ROW])
        self.assertTrue(Records(self.path).complete(CONDITION, 0, (OURS_2, STOCK)))
        self.assertFalse(kept.complete(CONDITION, 1, (OURS_2, STOCK)))

    def test_a_stock_transfer_without_a_ride_does_not_complete_a_round(self):
        for kind in ("single", "shared", records.FAILED):
            self.assertFalse(replace(RIDE_ROW, kind=kind).counts)

    def test_two_runs_may_write_into_one_folder(self):
        first, second = Records(self.path), Records(self.path)
        first.append([OURS_ROW])
        second.append([RIDE_ROW])
        self.assertEqual(len(Records(self.path).rows), 2)

    def test_times_keep_their_precision(self):
        Records(self.path).append([replace(OURS_ROW, unix_time=1795398192.9, first_byte_s=0.0123456)])
        (row,) = Records(self.path).rows
        self.assertEqual((row.unix_time, row.first_byte_s), (1795398192.9, 0.0123456))


if __name__ == "__main__":
    unittest.main()
