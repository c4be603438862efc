"""confluxctl tunnels, watch, metrics, doctor and top --once against a real sidecar."""

import json
import re
import struct
import unittest

from live_setup import Place, wait_until

LIVE_COMMANDS = ("tunnels", "watch", "metrics", "top", "doctor")


class LiveCommands(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def start(self, **facts):
        self.place.start_proxy(**facts)
        self.place.start_sidecar()

    def test_tunnels_tells_of_each_tunnel_and_its_legs(self):
        self.start()
        tunnels = wait_until(
            lambda: [it for it in self.place.json("tunnels", "--json")["tunnels"]
                     if it["cells_received"] > 100], "cells")
        self.assertEqual([it["tunnel"] for it in tunnels][0], "a0000001", "most cells first")
        self.assertAlmostEqual(tunnels[0]["aggregation_ratio"], 1.8, places=1)
        self.assertEqual([it["leg"] for it in tunnels[0]["legs"]], [1, 2])
        self.assertEqual(tunnels[0]["legs"][0]["rtt_ms"], 90)
        by_rtt = self.place.json("tunnels", "--json", "--sort", "rtt")["tunnels"]
        self.assertEqual([it["tunnel"][-1] for it in by_rtt], ["3", "2", "1"])
        text = self.place.ctl("tunnels").stdout
        self.assertRegex(text, r"a0000001 ready <1m .* 1\.8x\n  leg 1 \* linked .*90 ms +150:300")

    def test_metrics_tells_values_names_and_meanings(self):
        self.start()
        wait_until(lambda: "does it help? 1.8x" in self.place.ctl("metrics").stdout, "an answer")
        described = self.place.json("metrics", "--describe", "--json")["metrics"]
        names = {it["prometheus_name"] for it in described}
        self.assertIn("conflux_cells_received_total", names)
        lines = self.place.ctl("metrics", "--prometheus-names").stdout.splitlines()
        self.assertGreater(len(lines), 20)
        for line in lines:
            match = re.fullmatch(r'(\w+?)(_bucket|_sum|_count)?\{proxy="proxy".*\} [0-9.e+]+', line)
            self.assertTrue(match and match.group(1) in names, line)
        text = self.place.ctl("metrics", "--describe").stdout
        self.assertRegex(text, r"conflux_cells_received \(counter, \{cell\}, ")
        self.assertIn("    reveals ", text)

    def test_watch_prints_a_document_per_change(self):
        self.start()
        done = self.place.ctl("watch", "--json", "--interval", "100ms", "--count", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        snapshots = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(snapshots), 3)
        self.assertEqual({it["regions"][0]["health"] for it in snapshots}, {"live"})
        times = [it["taken_at"] for it in snapshots]
        self.assertEqual(times, sorted(times))
        text = self.place.ctl("watch", "--interval", "100ms", "--count", "2").stdout
        self.assertRegex(text, r"TIME +PROXY +STATE")
        self.assertRegex(text, r"proxy +live +3 +6 ")

    def test_top_without_a_terminal_prints_one_picture(self):
        self.start()
        done = self.place.ctl("top", "--interval", "300ms")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1.8x the best leg", done.stdout)
        row = re.search(r"^ a0000001 .*$", done.stdout, re.MULTILINE).group()
        self.assertRegex(row, r"ready .* 56/44 +90/150 ")
        self.assertNotIn("\x1b", done.stdout)

    def test_a_proxy_without_detail_is_told_in_totals(self):
        self.start(slots=0)
        done = self.place.ctl("top", "--once", "--interval", "200ms")
        self.assertIn("Totals only", done.stdout)
        self.assertRegex(done.stdout, r"Goodput +[1-9][0-9.]* [kM]B/s received")
        self.assertIn("no tunnels", self.place.ctl("tunnels").stdout)

    def test_without_a_sidecar_each_says_what_to_do_and_exits_with_69(self):
        for command in (["tunnels"], ["watch"], ["metrics"], ["top", "--once"]):
            done = self.place.ctl(*command)
            self.assertEqual(done.returncode, 69, command)
            self.assertIn("cannot be reached at unix:", done.stderr)
            self.assertIn("systemctl start conflux-sidecar", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_over_mutual_tls_there_are_totals_but_no_tunnels(self):
        address = self.place.listen_with_tls()
        self.start()
        tls = [f"--{option}={self.place.tls}/{file}" for option, file in
               (("ca", "ca.pem"), ("cert", "client.pem"), ("key", "client.key"))]
        there = [f"--address={address}", *tls]
        metrics = self.place.ctl("metrics", *there)
        self.assertIn("conflux_tunnels", metrics.stdout, metrics.stderr)
        tunnels = self.place.ctl("tunnels", *there)
        self.assertEqual(tunnels.returncode, 69)
        self.assertIn("only its Unix socket does", tunnels.stderr)
        picture = self.place.ctl("top", "--once", "--interval", "200ms", *there).stdout
        self.assertIn("on the sidecar's Unix socket alone", picture)
        self.assertIn("1.8x the best leg", picture)
        self.assertEqual(self.place.ctl("metrics", f"--address={address}").returncode, 69)

    def test_every_command_has_help_with_examples_and_exit_status(self):
        for command in LIVE_COMMANDS:
            done = self.place.ctl(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn(f"Examples:\n  confluxctl {command}", done.stdout)
            self.assertIn("Exit status: 0", done.stdout)
        self.assertEqual(self.place.ctl("top", "--interval", "5").returncode, 64)
        self.assertEqual(self.place.ctl("tunnels", "--sort", "colour").returncode, 64)
        # What the sidecar refuses is refused here, rather than asked for again and again.
        self.assertEqual(self.place.ctl("top", "--once", "--limit", "10001").returncode, 64)


class Doctor(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def findings(self, *arguments: str) -> tuple[int, list[dict]]:
        done = self.place.ctl("doctor", "--config", str(self.place.config), "--json", *arguments)
        return done.returncode, json.loads(done.stdout)["findings"]

    def problem(self, subject: str, *arguments: str) -> dict:
        """The one problem of a subject; exit code and advice are checked on the way."""
        code, findings = self.findings(*arguments)
        found = [it for it in findings if it["level"] == "problem" and it["subject"] == subject]
        self.assertEqual((code, len(found)), (1, 1), findings)
        self.assertNotEqual(found[0]["next"], "")
        return found[0]

    def test_all_is_well_when_it_is(self):
        self.place.start_proxy()
        self.place.start_sidecar()
        code, findings = self.findings()
        self.assertEqual(code, 0, findings)
        texts = " ".join(it["text"] for it in findings)
        self.assertRegex(texts, r"answers at unix:\S+, version \d")
        self.assertIn("alive, region format 1.0, fine-grained, room for 64 tunnels", texts)
        self.assertIn("conflux.yaml is valid", texts)
        self.assertTrue(self.place.ctl("doctor", "--config", str(self.place.config))
                        .stdout.endswith("all is well\n"))

    def test_it_works_without_the_sidecar(self):
        self.place.start_proxy()
        self.assertIn("there is no socket", self.problem("sidecar")["text"])
        _, findings = self.findings()
        alive = [it for it in findings if it["subject"] == "proxy proxy" and it["level"] == "ok"]
        self.assertEqual(len(alive), 1, findings)

    def test_it_tells_stalled_from_dead_proxies(self):
        stalled = self.place.start_proxy(instance="a")
        dead = self.place.start_proxy(instance="b")
        stalled.tell("stall")
        dead.die()
        self.assertIn("stalled", self.problem("proxy a")["text"])
        self.assertIn("dead", self.problem("proxy b")["text"])
        self.place.start_sidecar()
        wait_until(lambda: "a (stalled)" in self.place.ctl("metrics").stdout, "the sidecar notices")
        self.assertIn("stalled", self.problem("proxy a")["text"])
        self.assertIn("dead", self.problem("proxy b")["text"])

    def test_it_knows_a_region_of_another_version(self):
        self.place.start_proxy()
        region = self.place.regions / "proxy.cfxm"
        later = bytearray(region.read_bytes())
        later[8:16] = struct.pack("<II", 0, 2)
        (self.place.regions / "later.cfxm").write_bytes(later)
        problem = self.problem("proxy later")
        self.assertIn("version 2.0", problem["text"])
        self.assertIn("upgrade", problem["next"])

    def test_it_finds_that_metrics_are_off(self):
        self.place.config.write_text("version: 1\n")
        self.place.regions.rmdir()
        problem = self.problem("directory", "--regions", str(self.place.regions))
        self.assertIn("does not exist", problem["text"])
        _, findings = self.findings("--regions", str(self.place.regions))
        self.assertTrue(any("metrics are off" in it["text"] for it in findings), findings)

    def test_it_judges_the_plugin_that_the_configuration_names(self):
        plugin = self.place.root / "plugin.so"
        plugin.write_bytes(b"never loaded: this is no library")
        plugin.chmod(0o666)
        self.place.config.write_text(f"version: 1\nplugin: {{path: {plugin}}}\n")
        self.assertIn("plugin.on_failure", self.problem("plugin")["next"])
        plugin.chmod(0o644)
        _, findings = self.findings()
        self.assertEqual([it["level"] for it in findings if it["subject"] == "plugin"], ["ok"])

    def test_it_finds_a_broken_configuration(self):
        self.place.config.write_text("version: 1\nconflux:\n  metrics:\n    mode: loud\n")
        self.assertIn("has 1 error", self.problem("configuration")["text"])


if __name__ == "__main__":
    unittest.main()
