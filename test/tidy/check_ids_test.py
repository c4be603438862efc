"""check_ids.py must be able to fail."""

import unittest

import check_ids

ROWS = "\n".join(
    ["| S1 | a | b | `Seed.S1_A` |", "| S2 | a | b | `Seed.S2_B` |", "| D1 | a | b | `Dev.D1_C` |"]
    + [f"| R{n} | x | not here: y |" for n in range(1, 63)]
    + [f"| A{n} | x | not here: y |" for n in range(1, 36)])
RESULTS = {"Seed.S1_A": True, "Seed.S2_B": True, "Dev.D1_C": True}


class CheckIds(unittest.TestCase):
    def test_complete_tables_pass(self):
        self.assertEqual(check_ids.check(ROWS, RESULTS), [])

    def test_a_test_that_did_not_run_is_found(self):
        results = {name: True for name in RESULTS if name != "Seed.S2_B"}
        self.assertEqual(check_ids.check(ROWS, results), ["README.md:2: Seed.S2_B did not run"])

    def test_a_test_that_failed_is_found(self):
        self.assertEqual(check_ids.check(ROWS, RESULTS | {"Seed.S1_A": False}),
                         ["README.md:1: Seed.S1_A did not pass"])

    def test_a_test_that_is_named_outside_of_the_tables_is_looked_for_too(self):
        self.assertEqual(check_ids.check("as `Arti.Replay` does\n" + ROWS, RESULTS),
                         ["README.md:1: Arti.Replay did not run"])

    def test_a_gap_in_a_series_is_found(self):
        text = ROWS.replace("| A17 | x | not here: y |\n", "")
        self.assertEqual(check_ids.check(text, RESULTS), ["A17: 0 rows, expected one"])

    def test_every_regression_and_attack_has_a_row(self):
        for missing in ("R1", "R35", "R36", "R47", "R62", "A1", "A35"):
            text = ROWS.replace(f"| {missing} | x | not here: y |", "")
            self.assertEqual(check_ids.check(text, RESULTS), [f"{missing}: 0 rows, expected one"])

    def test_a_test_of_the_host_may_carry_ids_too(self):
        text = ROWS.replace("| R31 | x | not here: y |", "| R31 | x | `TwoLegsTest.R31_F` |")
        ran = RESULTS | {"TwoLegsTest.R31_F": True}
        self.assertEqual(check_ids.check(text, ran), [])
        self.assertEqual(check_ids.check(text, RESULTS | {"TwoLegsTest.R31_F": False})[0][-12:],
                         "did not pass")
        self.assertEqual(check_ids.check(ROWS, ran),
                         ["R31: TwoLegsTest.R31_F ran but its row does not name it"])

    def test_an_id_that_comes_twice_is_found(self):
        text = ROWS + "\n| S1 | a | b | `Seed.S1_A` |"
        self.assertIn("S1: 2 rows, expected one", check_ids.check(text, RESULTS))

    def test_a_row_without_test_or_reason_is_found(self):
        text = ROWS.replace("| A3 | x | not here: y |", "| A3 | x | |")
        self.assertEqual(len(check_ids.check(text, RESULTS)), 1)

    def test_a_numbered_test_without_a_row_is_found(self):
        self.assertEqual(check_ids.check(ROWS, RESULTS | {"Attack.A5_A6_Z": True}),
                         ["A5: Attack.A5_A6_Z ran but its row does not name it",
                          "A6: Attack.A5_A6_Z ran but its row does not name it"])

    def test_parameters_do_not_hide_a_test(self):
        self.assertEqual(check_ids.plain_name("Every/Close.AllOfIt/KILLED"), "Close.AllOfIt")


if __name__ == "__main__":
    unittest.main()
