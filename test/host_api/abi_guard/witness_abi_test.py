"""The contract's binary interface is that of the baseline, and a change of it would be seen."""

import re
import shutil
import tempfile
import unittest
from pathlib import Path

import witness_abi


class TheHeaders(unittest.TestCase):
    def test_have_the_interface_of_the_baseline(self):
        changes = witness_abi.differences(witness_abi.BASELINE,
                                          witness_abi.describe(witness_abi.HEADERS))
        self.assertEqual(changes, "", f"\n{changes}\nsee header_record.py --help")

    def test_are_shown_by_the_witness_in_full(self):
        self.assertEqual(witness_abi.missing_from_witness(witness_abi.HEADERS), [])

    def test_of_version_1_0_are_kept_as_they_were(self):
        pinned = witness_abi.HERE.parent / "v1_0/include"
        since = witness_abi.differences(witness_abi.BASELINE, witness_abi.describe(pinned))
        # Seen from the baseline, what was added since looks removed: functions, and reasons.
        self.assertRegex(since, r"^Functions changes summary: \d+ Removed, [01] Changed, 0 Added")
        changed = re.findall(r"\[C\] '([^']*)'", since)
        self.assertLessEqual(set(changed), {"function mpath_reason witness_reason()"})
        for what in ("enumerator insertion", "enumerator change", "size changed", "offset changed",
                     "data member"):
            self.assertNotIn(what, since)
        self.assertRegex(since, r"Variables changes summary: 0 Removed, 0 Changed, 0 Added")


class TheBaseline(unittest.TestCase):
    def test_names_nothing_of_the_machine_that_wrote_it(self):
        text = witness_abi.BASELINE.read_text()
        for word in ("comp-dir", "architecture", "needed", "/", "x86"):
            lines = [line for line in text.split("\n")
                     if word in line.replace("/>", ">").replace("</", "<")]
            self.assertEqual(lines, [], f"{word} in the baseline")


class AChange(unittest.TestCase):
    """Each edit of a copy of the headers must be told, and told as what it is."""

    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.include = Path(work.name) / "include"
        shutil.copytree(witness_abi.HEADERS, self.include)

    def edit(self, header: str, old: str, new: str) -> str:
        path = self.include / "mpath" / header
        text = path.read_text()
        self.assertEqual(text.count(old), 1, f"{old!r} in {header}")
        path.write_text(text.replace(old, new))
        return witness_abi.differences(witness_abi.BASELINE, witness_abi.describe(self.include))

    def test_of_nothing_is_no_difference(self):
        self.assertEqual(self.edit("cells.h", "/* A relay cell that arrived. */", ""), "")

    def test_that_inserts_a_field_is_seen(self):
        told = self.edit("cells.h", "  uint32_t granted;     /* cells",
                         "  uint64_t inserted;\n  uint32_t granted;     /* cells")
        self.assertIn("mpath_grant", told)
        self.assertIn("inserted", told)

    def test_that_appends_a_field_is_seen(self):
        told = self.edit("events.h", "  uint64_t value;\n} mpath_activity;",
                         "  uint64_t value;\n  uint64_t appended;\n} mpath_activity;")
        self.assertIn("appended", told)

    def test_that_swaps_two_fields_is_seen(self):
        told = self.edit("tunnel.h", "  uint64_t relay_tag;\n  uint32_t kind;",
                         "  uint32_t kind;\n  uint64_t relay_tag;")
        self.assertIn("mpath_hop", told)

    def test_that_widens_a_type_is_seen(self):
        told = self.edit("cells.h", "  uint8_t hop;          /* that it came from */",
                         "  uint16_t hop;          /* that it came from */")
        self.assertIn("mpath_cell", told)

    def test_of_a_signature_is_seen(self):
        told = self.edit("plugin.h", "mpath_status (*instance_close)(mpath_instance *instance);",
                         "mpath_status (*instance_close)(mpath_instance *instance, uint32_t how);")
        self.assertIn("instance_close", told)

    def test_of_a_number_is_seen(self):
        told = self.edit("base.h", "#define MPATH_E_STALE (-102)", "#define MPATH_E_STALE (-112)")
        self.assertIn("WITNESS_MPATH_E_STALE", told)

    def test_of_a_reason_is_seen(self):
        told = self.edit("reasons.h", "X(SHED, 68,", "X(SHED, 69,")
        self.assertIn("MPATH_REASON_SHED", told)

    def test_of_a_wide_number_is_seen(self):
        told = self.edit("base.h", "(UINT64_MAX >> 2)", "(UINT64_MAX >> 3)")
        self.assertIn("time_max", told)

    def test_that_the_witness_does_not_show_is_reported(self):
        self.edit("events.h", "#define MPATH_WATER_LOW 2u",
                  "#define MPATH_WATER_NEW 3u\n#define MPATH_WATER_LOW 2u")
        self.assertEqual(witness_abi.missing_from_witness(self.include),
                         ["NUMBER(MPATH_WATER_NEW)"])


if __name__ == "__main__":
    unittest.main()
