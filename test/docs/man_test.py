"""The manual pages say what the programs say, are clean roff, and name every option."""
import functools
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from tools import ROOT, built, run

MAN = ROOT / "packaging/man"
COMMANDS = {
    "confluxctl.1": ["confluxctl"],
    "conflux-sidecar.8": ["conflux-sidecar"],
    "mpath-validate.1": ["mpath-validate"],
    "mpath-replay.1": ["mpath-replay"],
    "onion-proxy.1": ["onion-proxy"],
}


def build(directory: str, **environment) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    done = run([str(MAN / "build.sh"), directory, built("BINARIES")], env={**clean, **environment})
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return {path.name: path.read_text() for path in Path(directory).iterdir()}


@functools.cache
def pages() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as work:
        return build(work)


def groff(text: str) -> subprocess.CompletedProcess:
    return run(["groff", "-ktww", "-man", "-Tutf8", "-P-cbou", "-rLL=100n"], input=text)


def help_of(*command: str) -> str:
    return run([f"{built('BINARIES')}/{command[0]}", *command[1:], "--help"]).stdout


class ManPages(unittest.TestCase):
    maxDiff = None

    def test_are_all_in_the_list(self):
        listed = run([str(MAN / "build.sh"), "--list"]).stdout.split()
        self.assertEqual(listed, sorted(pages()))
        self.assertGreaterEqual(len(listed), 16)

    def test_are_clean_roff(self):
        told = {name: groff(text).stderr for name, text in pages().items()}
        self.assertEqual({name: text for name, text in told.items() if text}, {})

    def test_roff_that_is_not_clean_is_seen(self):
        self.assertNotEqual(groff('.TH A 1 "" "" ""\n.SH NAME\n.NOSUCHMACRO\na\n').stderr, "")

    def test_name_every_option_of_every_command(self):
        commands = dict(COMMANDS)
        for name in pages():
            if match := re.fullmatch(r"confluxctl-(\w+)\.1", name):
                commands[name] = ["confluxctl", match.group(1)]
        missing, options = [], 0
        for page, command in commands.items():
            helps = [help_of(*command)]
            if command == ["confluxctl", "config"]:
                helps += [help_of(*command, it)
                          for it in ("check", "defaults", "explain", "schema", "reference")]
            shown = groff(pages()[page]).stdout
            for option in set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", "\n".join(helps), re.M)):
                options += 1
                if not re.search(rf"^ +(?:-\w, )?{option}\b", shown, re.M):
                    missing.append(f"{page}: {option}")
        self.assertEqual(missing, [])
        self.assertGreater(options, 60, "the options were not found")

    def test_name_every_command_of_confluxctl_with_a_page_of_its_own(self):
        told = help_of("confluxctl").split("Subcommands:")[1]
        commands = re.findall(r"^  (\w+) {2,}", told, re.M)
        self.assertEqual(sorted(f"confluxctl-{it}.1" for it in commands),
                         sorted(it for it in pages() if it.startswith("confluxctl-")))

    def test_name_every_key_of_the_configuration(self):
        told = run([f"{built('BINARIES')}/confluxctl", "config", "explain"]).stdout
        keys = re.findall(r"^([a-z][a-z_0-9]*(?:\.[a-z_0-9]+)+)", told, re.M)
        self.assertGreater(len(keys), 30)
        shown = groff(pages()["conflux.yaml.5"]).stdout
        headings = {line.strip() for line in shown.splitlines()}
        self.assertEqual([key for key in keys if key not in headings], [])

    def test_a_missing_program_is_named(self):
        with tempfile.TemporaryDirectory() as work:
            done = run([str(MAN / "build.sh"), work, work])
        self.assertEqual(done.returncode, 1)
        self.assertIn("confluxctl", done.stderr)

    def test_the_same_date_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            first = build(one, SOURCE_DATE_EPOCH="1000000000")
            self.assertEqual(first, build(other, SOURCE_DATE_EPOCH="1000000000", TZ="Pacific/Apia"))
        self.assertIn(r"2001\-09\-09", first["confluxctl.1"])


if __name__ == "__main__":
    unittest.main()
