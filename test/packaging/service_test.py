"""The service as systemd, its helpers and AppArmor see it, without starting it."""

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tree import one

# Of 10. Issue: what a service that reads a directory and serves a socket should get.
WORST_EXPOSURE = 1.5


def exposure(unit: Path) -> float:
    run = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", unit],
                         capture_output=True, text=True, check=False)
    match = re.search(r"Overall exposure level for \S+: ([0-9.]+)", run.stdout)
    if match is None:
        raise AssertionError(run.stdout + run.stderr)
    return float(match.group(1))


class Unit(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.unit = Path(self.place.name) / "conflux-sidecar.service"
        shutil.copy(one("**/system/conflux-sidecar.service"), self.unit)

    def test_it_is_hardly_exposed(self):
        self.assertLessEqual(exposure(self.unit), WORST_EXPOSURE)

    def test_it_is_hardly_exposed_with_tcp_either(self):
        drop_in = Path(f"{self.unit}.d/tcp-mtls.conf")
        drop_in.parent.mkdir()
        shutil.copy(one("share/doc/conflux-sidecar/examples/tcp-mtls.conf"), drop_in)
        bare = exposure(one("**/system/conflux-sidecar.service"))
        with_tcp = exposure(self.unit)
        self.assertGreater(with_tcp, bare)  # so it was read
        self.assertLessEqual(with_tcp, WORST_EXPOSURE)

    def test_it_has_no_network_unless_somebody_says_so(self):
        settings = self.unit.read_text().splitlines()
        for wanted in ("PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX"):
            self.assertIn(wanted, settings)

    def test_systemd_knows_all_of_its_words(self):
        run = subprocess.run(["systemd-analyze", "verify", "--man=no", self.unit],
                             capture_output=True, text=True, check=False)
        ours = [line for line in run.stderr.splitlines()
                if "conflux" in line and "is not executable" not in line]
        self.assertEqual(ours, [])


class Helpers(unittest.TestCase):
    def test_users_and_groups_are_those_of_the_unit(self):
        run = subprocess.run(["systemd-sysusers", "--dry-run", one("**/sysusers.d/conflux.conf")],
                             capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        declared = set(re.findall(r"^[gu] (\S+)",
                                  one("**/sysusers.d/conflux.conf").read_text(), re.M))
        unit = one("**/system/conflux-sidecar.service").read_text()
        self.assertEqual(set(re.findall(r"^(?:User|Group)=(\S+)", unit, re.M)), declared)

    def test_others_may_not_write_where_proxies_publish(self):
        # The plugin refuses a directory that its group or others may write to.
        line = re.search(r"^d (\S+) (\d+) (\S+) (\S+)",
                         one("**/tmpfiles.d/conflux.conf").read_text(), re.M)
        self.assertEqual(line.group(1), "/run/conflux")
        self.assertEqual(int(line.group(2), 8) & 0o022, 0)
        self.assertEqual(int(line.group(2), 8) & 0o2050, 0o2050)
        self.assertEqual(line.group(4), "conflux-metrics")

    def test_apparmor_can_read_the_abstraction(self):
        abstraction = one("etc/apparmor.d/abstractions/conflux-plugin")
        with tempfile.TemporaryDirectory() as scratch:
            profile = Path(scratch) / "profile"
            profile.write_text("abi <abi/3.0>,\ninclude <tunables/global>\n"
                               "profile host /usr/bin/host {\n  include <abstractions/base>\n"
                               "  include <abstractions/conflux-plugin>\n}\n")
            run = subprocess.run(
                [shutil.which("apparmor_parser", path="/usr/sbin:/sbin"), "-Q", "-T", "-K",
                 "-I", abstraction.parents[1], "-I", "/etc/apparmor.d", profile],
                capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)


if __name__ == "__main__":
    unittest.main()
