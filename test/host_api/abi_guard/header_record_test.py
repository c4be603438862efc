"""Headers, version and changelog agree; and if they did not, it would be told what to do."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

import header_record
from header_record import Tree


class TheTree(unittest.TestCase):
    def test_has_the_headers_that_were_recorded(self):
        problems = header_record.check(Tree())
        self.assertEqual(problems, [], "\n" + "\n".join(problems))

    def test_keeps_the_headers_of_version_1_0_as_they_were_released(self):
        pinned = header_record.ROOT / "test/host_api/v1_0/include/mpath"
        first = json.loads(Tree().record.read_text())[0]
        self.assertEqual(first["version"], "1.0")
        self.assertEqual(header_record.digest(pinned), first["digest"])


class TheScript(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.tree = Tree(*(Path(work.name) / name for name in ("mpath", "CHANGELOG.md", "r.json")))
        # From the pinned copies, so that these tests do not change with the contract.
        shutil.copytree(header_record.ROOT / "test/host_api/v1_0/include/mpath", self.tree.headers)
        self.tree.changelog.write_text("# Changelog\n\n- mpath ABI 1.0: the contract\n")
        self.tree.record.write_text("[]")
        header_record.record(self.tree)

    def edit(self, header: str, old: str, new: str):
        path = self.tree.headers / header
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def add_field(self):
        self.edit("events.h", "} mpath_activity;", "  uint64_t appended;\n} mpath_activity;")

    def raise_minor(self):
        self.edit("base.h", "MPATH_ABI_MINOR 0u", "MPATH_ABI_MINOR 1u")

    def announce(self):
        with self.tree.changelog.open("a") as changelog:
            changelog.write("- mpath ABI 1.1: activity has one field more\n")

    def only_problem(self) -> str:
        problems = header_record.check(self.tree)
        self.assertEqual(len(problems), 1, problems)
        return problems[0]

    def test_accepts_headers_as_recorded(self):
        self.assertEqual(header_record.check(self.tree), [])

    def test_refuses_a_change_without_a_new_version_and_says_what_to_do(self):
        self.add_field()
        problem = self.only_problem()
        self.assertIn("still say ABI 1.0", problem)
        for step in ("MPATH_ABI_MINOR + 1", '"mpath ABI 1.1: ..."', "golden_layout.h", "--record",
                     "--update-baseline"):
            self.assertIn(step, problem)

    def test_refuses_a_new_version_that_the_changelog_does_not_tell(self):
        self.add_field()
        self.raise_minor()
        problems = header_record.check(self.tree)
        self.assertTrue(any('no line that says "mpath ABI 1.1"' in it for it in problems), problems)
        with self.assertRaisesRegex(ValueError, "CHANGELOG.md has no line"):
            header_record.record(self.tree)

    def test_refuses_a_new_version_that_is_not_recorded(self):
        self.add_field()
        self.raise_minor()
        self.announce()
        self.assertIn("Run header_record.py --record", self.only_problem())

    def test_accepts_a_new_version_that_is_announced_and_recorded(self):
        self.add_field()
        self.raise_minor()
        self.announce()
        self.assertEqual(header_record.record(self.tree), "1.1")
        self.assertEqual(header_record.check(self.tree), [])

    def test_refuses_another_change_of_a_version_that_is_recorded(self):
        self.test_accepts_a_new_version_that_is_announced_and_recorded()
        self.edit("events.h", "uint64_t appended;", "uint64_t appended, again;")
        self.assertIn("still say ABI 1.1", self.only_problem())
        with self.assertRaisesRegex(ValueError, "recorded already"):
            header_record.record(self.tree)

    def test_refuses_a_version_that_goes_back(self):
        self.test_accepts_a_new_version_that_is_announced_and_recorded()
        self.edit("base.h", "MPATH_ABI_MINOR 1u", "MPATH_ABI_MINOR 0u")
        self.assertIn("versions do not go back", self.only_problem())

    def test_does_not_take_1_10_for_1_1(self):
        self.tree.changelog.write_text("- mpath ABI 1.0: x\n- mpath ABI 1.10: y\n")
        self.assertFalse(header_record.has_changelog_line(self.tree.changelog, "mpath ABI 1.1"))

    def test_sees_neither_comments_nor_layout(self):
        before = header_record.digest(self.tree.headers)
        self.edit("events.h", "  uint32_t kind;\n  uint64_t value;\n} mpath_activity;",
                  "  uint32_t kind;   // words\n\n  /* more */ uint64_t   value;\n}  mpath_activity ;")
        self.assertEqual(header_record.digest(self.tree.headers), before)

    def test_sees_an_order_a_type_a_number_and_a_text(self):
        seen = {header_record.digest(self.tree.headers)}
        for header, old, new in [
                ("tunnel.h", "uint64_t relay_tag;\n  uint32_t kind;",
                 "uint32_t kind;\n  uint64_t relay_tag;"),
                ("cells.h", "uint8_t hop;", "uint16_t hop;"),
                ("base.h", "MPATH_E_STALE (-102)", "MPATH_E_STALE (-112)"),
                ("reasons.h", '"no reason"', '"no  reason"')]:
            self.edit(header, old, new)
            seen.add(header_record.digest(self.tree.headers))
        self.assertEqual(len(seen), 5)


if __name__ == "__main__":
    unittest.main()
