"""The example hosts that the pages on embedding are made of: they build as those pages say, work,
and pass the conformance kit for hosts."""
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import tools
from tools import ROOT, built, run

RUST_HOST = ROOT / "examples/rust_host"
GOLDEN = ROOT / "test/host_api/golden_layout.h"
EXPECTED = ROOT / "test/host_api/minimal_host.expected"
NO_RUST = "rustc is not installed"
FORBIDDEN = {"HOST_MISBEHAVING", "PLUGIN_MISBEHAVING", "ERROR"}


def compile_rust(source: Path, output: Path, *options: str) -> subprocess.CompletedProcess:
    command = [tools.rust_compiler(), "--edition", "2021", "-D", "warnings", *options, str(source),
               "-o", str(output)]
    return run(command)


def layout_program(golden: str) -> tuple[str, int]:
    """A Rust program that holds sys.rs against golden_layout.h, and its number of checks."""
    checks = [f"size::<sys::{name}>({size});"
              for name, size in re.findall(r"^SIZE\((\w+), (\d+)\);", golden, re.M)]
    fields = re.findall(r"^FIELD\((\w+), (\w+), (\d+), (\d+)\);", golden, re.M)
    checks += [f"field!({', '.join(it)});" for it in fields]
    lines = "\n".join(f"    {check}" for check in checks)
    return f"""#[path = "{RUST_HOST}/mpath/sys.rs"]
mod sys;
use std::mem::{{size_of, size_of_val, MaybeUninit}};

fn size<T>(expected: usize) {{
    assert_eq!(size_of::<T>(), expected, "size of {{}}", std::any::type_name::<T>());
}}

macro_rules! field {{
    ($type:ident, $field:ident, $offset:expr, $size:expr) => {{{{
        let value = MaybeUninit::<sys::$type>::zeroed();
        let base = value.as_ptr();
        // SAFETY: zero is a value of each of these types.
        let field = unsafe {{ &(*base).$field }};
        let offset = field as *const _ as usize - base as usize;
        assert_eq!((offset, size_of_val(field)), ($offset, $size), stringify!($type.$field));
    }}}};
}}

fn main() {{
{lines}
}}
""", len(checks)


# What the types of the Rust layer must not let a host do, and what the compiler then says.
MISTAKES = {
    "a tunnel on two threads at once": (
        "fn shared<T: Sync>() {} fn main() { shared::<mpath::Tunnel<'static, u8>>(); }",
        "cannot be shared between threads safely"),
    "an instance that goes before its tunnel": (
        "fn main() {} pub fn f(i: mpath::Instance, leg: &mpath::Leg<'_>) {"
        " let t = mpath::Tunnel::<u8>::create(&i, leg, &[0; 32]); drop(i); drop(t); }",
        "cannot move out of `i` because it is borrowed"),
    "a grant that nobody looks at": (
        "fn main() {} pub fn f(t: &mut mpath::Tunnel<'_, u8>, r: &mpath::Request,"
        " v: &mpath::Views<'_>) -> Result<(), mpath::Error> { t.route(r, v, 1)?; Ok(()) }",
        "a grant is a commitment"),
    "a held cell that is freed meanwhile": (
        "fn main() {} pub fn f(t: &mut mpath::Tunnel<'_, Vec<u8>>, a: &mpath::Arrival<'_>,"
        " cell: Vec<u8>) { let _ = t.receive(a, cell, 1); drop(cell); }",
        "use of moved value: `cell`"),
}
HAND_OVER = "fn sent<T: Send>() {} fn main() { sent::<mpath::Tunnel<'static, u8>>(); }"


class HostTest(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = Path(work.name)

    def assert_passes_the_check_layer(self, *host: str):
        report = self.work / "report.jsonl"
        between = {"MPATH_CHECK_TARGET": built("CONFLUX"), "MPATH_CHECK_REPORT": str(report)}
        done = run([*host, built("CHECK")], env={**os.environ, **between})
        self.assertEqual(done.returncode, 0, done.stderr)
        told = [json.loads(line) for line in report.read_text().splitlines()]
        self.assertEqual([it for it in told if it["kind"] in FORBIDDEN], [])
        self.assertIn("SUMMARY", {it["kind"] for it in told}, "the layer was not in between")

    def verdicts_of_the_probe(self, *host: str) -> dict[str, str]:
        script, verdicts = self.work / "probe.script", self.work / "verdicts.json"
        script.write_text(f"mpath-probe 1\nverdicts {verdicts}\n")
        run([*host, built("PROBE")], env={**os.environ, "MPATH_PROBE_SCRIPT": str(script)})
        told = json.loads(verdicts.read_text())
        self.assertTrue(told["finished"], "the host did not close its instance")
        return {it["id"]: it["verdict"] for it in told["requirements"]}

    def assert_passes_the_probe(self, *host: str):
        verdicts = self.verdicts_of_the_probe(*host)
        self.assertEqual([it for it, verdict in verdicts.items() if verdict == "failed"], [])
        self.assertGreaterEqual(list(verdicts.values()).count("passed"), 14, verdicts)


class RustHost(HostTest):
    def build(self) -> str:
        if tools.rust_compiler() is None:
            self.skipTest(NO_RUST)
        binary = self.work / "rust_host"
        built_it = compile_rust(RUST_HOST / "main.rs", binary)
        self.assertEqual(built_it.returncode, 0, built_it.stderr)
        return str(binary)

    def test_its_declarations_are_what_the_headers_say(self):
        checked = run(["python3", "-B", str(RUST_HOST / "make_bindings.py"), "--check"])
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_declarations_that_differ_are_found(self):
        stale = self.work / "sys.rs"
        stale.write_text((RUST_HOST / "mpath/sys.rs").read_text().replace("cwnd: u32", "cwnd: u64"))
        checked = run(["python3", "-B", str(RUST_HOST / "make_bindings.py"), "--check", "--output",
                       str(stale)])
        self.assertEqual(checked.returncode, 1)
        self.assertIn("not what the headers say", checked.stderr)

    def test_its_structs_have_the_golden_layout(self):
        if tools.rust_compiler() is None:
            self.skipTest(NO_RUST)
        text, checks = layout_program(GOLDEN.read_text())
        self.assertGreater(checks, 200, "the layout was not read")
        (self.work / "layout.rs").write_text(text)
        built_it = compile_rust(self.work / "layout.rs", self.work / "layout")
        self.assertEqual(built_it.returncode, 0, built_it.stderr)
        done = run([str(self.work / "layout")])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_it_does_what_the_c_host_does_word_for_word(self):
        done = run([self.build(), built("CONFLUX")])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, EXPECTED.read_text())

    def test_it_passes_the_check_layer_and_the_probe(self):
        host = self.build()
        self.assert_passes_the_check_layer(host)
        self.assert_passes_the_probe(host)

    def compile_with_layer(self, code: str) -> str:
        """What the compiler has against it; empty: nothing."""
        source = self.work / "claim.rs"
        source.write_text(f'#[path = "{RUST_HOST}/mpath/mod.rs"]\npub mod mpath;\n{code}\n')
        return compile_rust(source, self.work / "claim", "-A", "unused_imports").stderr

    def test_its_types_refuse_what_the_contract_forbids(self):
        if tools.rust_compiler() is None:
            self.skipTest(NO_RUST)
        self.assertEqual(self.compile_with_layer(HAND_OVER), "", "a tunnel may be handed over")
        for mistake, (code, told) in MISTAKES.items():
            with self.subTest(mistake):
                self.assertIn(told, self.compile_with_layer(code))

    def test_it_loads_no_file_that_others_may_write(self):
        host, plugin = self.build(), self.work / "plugin.so"
        plugin.write_bytes(Path(built("CONFLUX")).read_bytes())
        plugin.chmod(0o666)
        done = run([host, str(plugin)])
        self.assertEqual(done.returncode, 1)
        self.assertIn("that nobody else can write", done.stderr)

    def test_it_says_what_was_wrong_with_its_arguments(self):
        host = self.build()
        self.assertEqual(run([host]).returncode, 2)
        self.assertIn("usage: rust_host", run([host, "--help"]).stdout)
        missing = run([host, str(self.work / "none.so")])
        self.assertEqual(missing.returncode, 1)
        self.assertIn("none.so: No such file", missing.stderr)


class EventLoopHost(HostTest):
    def test_numbers_come_back_in_order_over_two_legs(self):
        done = run([built("EVENT_LOOP_HOST"), built("CONFLUX")])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        told = re.fullmatch(r"sent 1000, back in order 1000, held back (\d+); "
                            r"leg 1 carried (\d+), leg 2 (\d+)\n", done.stdout)
        self.assertIsNotNone(told, done.stdout)
        held, first, second = map(int, told.groups())
        self.assertEqual(first + second, 1000)
        self.assertGreater(min(held, first, second), 0, "one leg did all, or nothing was reordered")

    def test_it_passes_the_check_layer(self):
        self.assert_passes_the_check_layer(built("EVENT_LOOP_HOST"))

    def test_it_passes_the_probe(self):
        self.assert_passes_the_probe(built("EVENT_LOOP_HOST"))

    def test_a_lost_leg_closes_the_tunnel_and_frees_what_was_held(self):
        done = run([built("EVENT_LOOP_HOST"), "--cells", "0", "--lose-leg-after", "300",
                    built("CONFLUX")])
        self.assertEqual(done.returncode, 1)
        # On a busy machine the far end may have filled the reorder queue over the other leg before
        # the host comes to see that the first one has ended.
        self.assertRegex(done.stderr, r"^tunnel lost: (.* is gone|.* more than its limit)\n$")

    def test_signals_reload_it_and_end_it_in_good_order(self):
        with subprocess.Popen([built("EVENT_LOOP_HOST"), "--cells", "0", built("CONFLUX")],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as host:
            self.await_that_it_catches_signals(host.pid)
            host.send_signal(signal.SIGHUP)
            self.assertEqual(host.stderr.readline(), "reload: done\n")
            host.send_signal(signal.SIGTERM)
            out, err = host.communicate(timeout=60)
        self.assertEqual((host.returncode, err), (0, ""))
        self.assertRegex(out, r"^sent \d+, back in order \d+, ")

    def await_that_it_catches_signals(self, pid: int) -> None:
        """It has blocked SIGHUP, as the kernel tells: from then on none is lost."""
        hangup = 1 << (signal.SIGHUP - 1)
        blocked = 0
        while not blocked & hangup:
            status = Path(f"/proc/{pid}/status").read_text()
            self.assertNotIn("State:\tZ", status, "the host ended before it ran")
            blocked = int(re.search(r"^SigBlk:\t(\w+)$", status, re.M).group(1), 16)


if __name__ == "__main__":
    unittest.main()
