"""The bash completion knows every command and option, and no other."""

import re
import shlex
import subprocess
import unittest
from pathlib import Path

from live_setup import BIN, CTL

SCRIPT = Path(__file__).resolve().parents[3] / "packaging/completion/confluxctl.bash"


def complete(*words: str) -> set[str]:
    """What bash offers for the last of these words after `confluxctl`."""
    line = " ".join(shlex.quote(word) for word in ("confluxctl", *words))
    script = (f"PATH={shlex.quote(str(BIN))}:$PATH; source {shlex.quote(str(SCRIPT))}; "
              f"COMP_WORDS=({line}); COMP_CWORD={len(words)}; _confluxctl; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-c", script], check=True, text=True,
                          capture_output=True)
    return set(done.stdout.split())


def help_of(*command: str) -> str:
    return subprocess.run([CTL, *command, "--help"], check=True, text=True,
                          capture_output=True).stdout


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?m)^  (?:-\w,)?(--[a-z-]+)", text))


def commands_in(text: str) -> list[str]:
    _, _, listed = text.partition("Subcommands:\n")
    return re.findall(r"(?m)^  ([a-z]+) ", listed.partition("\n\n")[0])


def all_commands() -> list[tuple[str, ...]]:
    found = [()]
    for name in commands_in(help_of()):
        found.append((name,))
        found += [(name, inner) for inner in commands_in(help_of(name))]
    return found


class Completion(unittest.TestCase):
    def test_it_offers_every_option_of_every_command(self):
        commands = all_commands()
        self.assertGreater(len(commands), 10)
        for command in commands:
            with self.subTest(command):
                self.assertEqual(complete(*command, "--"), options_in(help_of(*command)))

    def test_it_offers_every_command(self):
        for command in ((), ("config",)):
            self.assertEqual(complete(*command, ""), set(commands_in(help_of(*command))))

    def test_it_offers_values(self):
        self.assertIn("rtt", complete("top", "--sort", ""))
        self.assertIn("json", complete("config", "check", "--format", "j"))
        self.assertIn("conflux.metrics.mode", complete("config", "explain", "conflux.metrics.m"))
        for sort in complete("tunnels", "--sort", ""):
            done = subprocess.run([CTL, "tunnels", "--sort", sort, "--address", "unix:/nowhere"],
                                  check=False, capture_output=True)
            self.assertEqual(done.returncode, 69, sort)


if __name__ == "__main__":
    unittest.main()
