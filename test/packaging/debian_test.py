"""The control files of the Debian packages agree with the tree, and the scripts can be used."""

import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
DEBIAN = PACKAGING / "debian"
SCRIPTS = ("build-deb.sh", "check-reproducible.sh", "test-packages.sh", "sbom.py")


def stanzas(text: str) -> list[dict[str, str]]:
    """Of a control file, RFC 822 style."""
    found = []
    for block in re.split(r"\n\s*\n", text.strip()):
        fields = re.findall(r"^(\S+?):[ \t]*(.*(?:\n[ \t].*)*)", block, re.M)
        found.append(dict(fields))
    return found


CONTROL = stanzas((DEBIAN / "control").read_text())
PACKAGES = {stanza["Package"]: stanza for stanza in CONTROL if "Package" in stanza}


class ControlFiles(unittest.TestCase):
    def test_versions_agree(self):
        project = re.search(r"^project\(conflux VERSION (\S+)",
                            (ROOT / "CMakeLists.txt").read_text(), re.M).group(1)
        changelog = re.match(r"conflux \((\S+)\) ", (DEBIAN / "changelog").read_text()).group(1)
        self.assertEqual(changelog, project)

    def test_each_package_is_made_of_one_component(self):
        line = re.search(r"^components = ((?:.*\\\n)*.*)$", (DEBIAN / "rules").read_text(), re.M)
        pairs = [pair.split(":") for pair in line.group(1).replace("\\\n", " ").split()]
        self.assertEqual({package for package, _ in pairs}, set(PACKAGES))
        installed = set()
        for path in (PACKAGING / "cmake").rglob("*.cmake"):
            text = re.sub(r"#.*", "", path.read_text())
            installed |= set(re.findall(r"\bCOMPONENT\s+([a-z]+)", text))
        self.assertEqual({component for _, component in pairs}, installed)

    def test_descriptions_fit_a_terminal(self):
        for name, stanza in PACKAGES.items():
            synopsis, *lines = stanza["Description"].split("\n")
            self.assertLessEqual(len(synopsis), 80, name)
            self.assertGreater(len(lines), 2, name)
            for line in lines:
                self.assertLessEqual(len(line), 80, line)

    def test_everything_of_others_has_its_copyright(self):
        files = [stanza["Files"] for stanza in stanzas((DEBIAN / "copyright").read_text())
                 if "Files" in stanza]
        for place in sorted(ROOT.glob("plugin/**/third_party/*/")):
            self.assertIn(f"{place.relative_to(ROOT)}/*", files)

    def test_what_the_build_needs_is_what_the_tests_install(self):
        needed = set(re.findall(r"^ ([a-z0-9+.-]+)", CONTROL[0]["Build-Depends"], re.M))
        script = (PACKAGING / "install-packages.sh").read_text()
        tests = re.search(r"build_packages=\(([^)]*)\)", script).group(1).split()
        packaging_only = {name for name in needed if name.startswith(("debhelper", "dh-"))}
        # `cmake --install` needs no interpreter; the bill of materials does.
        self.assertLessEqual(needed - packaging_only - {"python3"}, set(tests))

    def test_each_override_of_lintian_has_its_reason(self):
        for path in [*DEBIAN.glob("*lintian-overrides"), *DEBIAN.glob("source/lintian-overrides")]:
            previous = ""
            for line in path.read_text().splitlines():
                if line and not line.startswith("#"):
                    self.assertTrue(previous.startswith("#"), f"{path.name}: {line}")
                previous = line


class Scripts(unittest.TestCase):
    def test_each_has_help_with_examples(self):
        for name in SCRIPTS:
            run = subprocess.run([PACKAGING / name, "--help"], capture_output=True, text=True,
                                 check=False)
            self.assertEqual(run.returncode, 0, name)
            self.assertRegex(run.stdout, r"(?m)^examples?:", name)

    def test_each_refuses_what_it_does_not_know(self):
        for name in SCRIPTS:
            run = subprocess.run([PACKAGING / name, "--no-such-thing"], capture_output=True,
                                 text=True, check=False)
            self.assertEqual(run.returncode, 2, name)
            self.assertIn("usage:", run.stderr, name)

    def test_shell_can_read_all_of_them(self):
        for path in [*PACKAGING.glob("*.sh"), *DEBIAN.glob("*.p*rm"), *DEBIAN.glob("*.p*inst")]:
            first = path.read_text().split("\n", 1)[0]
            shell = "bash" if "bash" in first else "sh"
            run = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, run.stderr)


if __name__ == "__main__":
    unittest.main()
