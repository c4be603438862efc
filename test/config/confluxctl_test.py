"""The built confluxctl as its users meet it. Arguments: the program, the source directory."""

import json
import os
import pty
import subprocess
import sys
import tempfile
import unittest

PROGRAM, SOURCE = sys.argv[1:3]
BAD = b"version: 1\nconflux:\n  profile: stok\n"
WARNED = b"version: 1\nconflux: {desired_ux: min_latency}\n"


def run(*arguments, stdin=b"", env=None):
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **(env or {})}
    done = subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True,
                          env=environment, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def run_on_terminal(*arguments, env=None):
    """The standard output of a run whose standard output is a terminal."""
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **(env or {})}
    try:
        main, terminal = pty.openpty()
    except OSError as error:  # a container without /dev/pts
        raise unittest.SkipTest(f"no terminal to be had: {error}") from error
    with subprocess.Popen([PROGRAM, *arguments], stdout=terminal, stderr=terminal,
                          stdin=subprocess.DEVNULL, env=environment) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:  # how Linux says that the other side is closed
                break
            if not part:
                break
            shown += part
        process.wait(timeout=60)
    os.close(main)
    return shown.decode()


class Check(unittest.TestCase):
    def test_a_valid_file_exits_0_and_says_so(self):
        code, out, err = run("config", "check", f"{SOURCE}/config/conflux.yaml")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, f"{SOURCE}/config/conflux.yaml: valid\n")

    def test_a_bad_file_exits_78_with_line_excerpt_caret_and_count(self):
        code, out, err = run("config", "check", "-", stdin=BAD)
        self.assertEqual((code, err), (78, ""))
        self.assertEqual(out,
                         '<stdin>:3:12: conflux.profile: "stok": expected one of stock, fast, lab; '
                         "did you mean `stock`?\n"
                         "    profile: stok\n"
                         "             ^~~~\n"
                         "<stdin>: 1 error\n")

    def test_a_missing_file_exits_66_and_is_named(self):
        code, out, err = run("config", "check", "/nonexistent/conflux.yaml")
        self.assertEqual((code, out), (66, ""))
        self.assertIn("/nonexistent/conflux.yaml cannot be opened: No such file", err)

    def test_a_directory_and_a_link_exit_66(self):
        with tempfile.TemporaryDirectory() as directory:
            link = os.path.join(directory, "link")
            os.symlink(f"{SOURCE}/config/conflux.yaml", link)
            self.assertEqual(run("config", "check", directory)[0], 66)
            code, _, err = run("config", "check", link)
            self.assertEqual(code, 66)
            self.assertIn("symbolic link", err)

    def test_a_warning_exits_0_and_with_strict_78(self):
        code, out, _ = run("config", "check", "-", stdin=WARNED)
        self.assertEqual(code, 0)
        self.assertIn("<stdin>:2:23: warning: conflux.desired_ux", out)
        self.assertTrue(out.endswith("<stdin>: valid, 1 warning\n"))
        self.assertEqual(run("config", "check", "--strict", "-", stdin=WARNED)[0], 78)

    def test_json_tells_the_diagnostics(self):
        code, out, _ = run("config", "check", "--format", "json", "-", stdin=BAD)
        report = json.loads(out)
        self.assertEqual(code, 78)
        self.assertFalse(report["ok"])
        self.assertNotIn("settings", report)
        self.assertEqual(report["diagnostics"], [{
            "severity": "error", "line": 3, "column": 12, "length": 4, "key": "conflux.profile",
            "message": '"stok"', "expected": "one of stock, fast, lab", "suggestion": "stock",
            "related": []}])

    def test_json_tells_the_settings_in_force(self):
        text = b"version: 1\nplugin: {path: /p.so}\nconflux: {profile: lab, legs: {count: 4}}\n"
        code, out, _ = run("config", "check", "--format", "json", "-", stdin=text)
        settings = json.loads(out)["settings"]
        self.assertEqual(code, 0)
        self.assertEqual(settings["plugin"], {"path": "/p.so", "sha256": [], "on_failure": "refuse"})
        self.assertEqual(settings["conflux"]["legs"], {"count": 4, "max": 8, "far": "auto"})
        self.assertEqual(settings["conflux"]["reorder"]["tunnel_limit"], "64MiB")

    def test_json_survives_bytes_that_are_no_text(self):
        code, out, _ = run("config", "check", "--format", "json", "-", stdin=b"version: \xff\n")
        self.assertEqual(code, 78)
        self.assertIn("not UTF-8", json.loads(out)["diagnostics"][0]["message"])

    def test_more_than_a_mebibyte_is_refused(self):
        code, out, _ = run("config", "check", "-", stdin=b"#" * (2 << 20))
        self.assertEqual(code, 78)
        self.assertIn("1 MiB", out)


class Colour(unittest.TestCase):
    FILE = f"{SOURCE}/test/config/corpus/bad/enum_with_another_case.yaml"

    def test_is_used_on_a_terminal(self):
        self.assertIn("\x1b[", run_on_terminal("config", "check", self.FILE))

    def test_is_not_used_in_a_pipe(self):
        self.assertNotIn("\x1b", run("config", "check", self.FILE)[1])

    def test_is_not_used_with_no_color_or_a_dumb_terminal(self):
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\x1b", run_on_terminal("config", "check", self.FILE, env=env), env)

    def test_an_empty_no_color_does_not_count(self):
        self.assertIn("\x1b[", run_on_terminal("config", "check", self.FILE, env={"NO_COLOR": ""}))

    def test_escape_sequences_of_the_file_never_reach_the_terminal(self):
        file = f"{SOURCE}/test/config/corpus/beyond_schema/escape_character.yaml"
        shown = run_on_terminal("config", "check", file, env={"NO_COLOR": "1"})
        self.assertIn("\\x1b", shown)
        self.assertNotIn("\x1b", shown)


class Print(unittest.TestCase):
    def test_defaults_are_the_shipped_file(self):
        with open(f"{SOURCE}/config/conflux.yaml", encoding="utf-8") as file:
            self.assertEqual(run("config", "defaults"), (0, file.read(), ""))

    def test_defaults_of_every_profile_check_out(self):
        for profile in ("stock", "fast", "lab"):
            text = run("config", "defaults", "--profile", profile)[1]
            code, out, _ = run("config", "check", "--strict", "--format", "json", "-",
                               stdin=text.encode())
            self.assertEqual(code, 0)
            self.assertEqual(json.loads(out)["settings"]["conflux"]["profile"], profile)

    def test_schema_is_json(self):
        code, out, _ = run("config", "schema")
        self.assertEqual(code, 0)
        self.assertEqual(json.loads(out)["required"], ["version"])

    def test_explain_alone_lists_the_keys(self):
        code, out, _ = run("config", "explain")
        self.assertEqual(code, 0)
        self.assertIn("conflux.legs.count", out)
        self.assertGreaterEqual(len(out.splitlines()), 24)
        # However long a key or a default is, the next column is apart from it.
        keys = [line.split(" ")[0] for line in out.splitlines()]
        self.assertIn("conflux.metrics.unsafe_fine_grained", keys)
        self.assertRegex(out, r"(?m)^sidecar\.grpc\.socket +/run/conflux-sidecar/grpc\.sock \w")

    def test_explain_of_an_unknown_key_suggests_and_fails(self):
        code, out, err = run("config", "explain", "conflux.leg.count")
        self.assertEqual((code, out), (64, ""))
        self.assertIn("did you mean `conflux.legs.count`?", err)

    def test_a_full_disk_is_not_success(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "config", "schema"], stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
        self.assertEqual(done.returncode, 74)


class Usage(unittest.TestCase):
    COMMANDS = ([], ["config"], ["config", "check"], ["config", "defaults"], ["config", "explain"],
                ["config", "schema"], ["config", "reference"])

    def test_help_of_every_command_has_examples(self):
        for command in self.COMMANDS:
            code, out, err = run(*command, "--help")
            self.assertEqual((code, err), (0, ""), command)
            self.assertIn("Examples:\n  confluxctl config", out, command)

    def test_a_misspelt_command_is_suggested(self):
        for words, meant in ((["cofnig", "check"], "config"), (["config", "chekc"], "check")):
            code, _, err = run(*words)
            self.assertEqual(code, 64)
            self.assertIn(f"did you mean `{meant}`?", err)

    def test_wrong_options_exit_64_and_name_the_help(self):
        for words in (["config", "check"], ["config", "check", "--nope", "x"],
                      ["config", "defaults", "--profile", "x"], []):
            code, out, err = run(*words)
            self.assertEqual((code, out), (64, ""), words)
            self.assertIn(" --help`", err)

    def test_version_is_printed(self):
        code, out, _ = run("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^confluxctl \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
