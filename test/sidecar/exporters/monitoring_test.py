"""Dashboards, rules and pages of packaging/monitoring: they parse, and every metric that they name
exists."""

import hashlib
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
MONITORING = ROOT / "packaging/monitoring"
PROMETHEUS = MONITORING / "prometheus"
RULES = PROMETHEUS / "conflux-rules.yaml"
ALERTS = PROMETHEUS / "conflux-alerts.yaml"
RULE_TESTS = PROMETHEUS / "conflux-rules.test.yaml"
DASHBOARD = MONITORING / "grafana/conflux.json"
VENDORED = ROOT / "plugin/sidecar/third_party/opentelemetry-proto"

# Names of metrics begin so; keys of the configuration have dots, and names of rules colons.
METRIC = re.compile(r"(?<![\w:.])(?:conflux|process_start)_[a-z0-9_]+(?![\w:])")
TOOLS = {"conflux_metrics_page"}


def metric_names() -> set[str]:
    """Of METRICS.md, which another test compares with the catalogues; histograms with their lines."""
    names = set()
    for line in (MONITORING / "METRICS.md").read_text().split("\n"):
        if match := re.match(r"\| `([a-z0-9_]+)` \| (\w+) \|", line):
            name, kind = match.groups()
            lines = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            names |= {name} | {name + suffix for suffix in lines}
    return names


def recorded_names() -> set[str]:
    return {rule["record"] for rule in rules_of(RULES)}


def rules_of(path: Path) -> list[dict]:
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def dashboard() -> dict:
    return json.loads(DASHBOARD.read_text())


def dashboard_targets() -> list[dict]:
    return [target for panel in dashboard()["panels"] for target in panel.get("targets", [])]


def without_variables(expr: str) -> str:
    return expr.replace("$__rate_interval", "5m").replace("$proxy", ".*")


def promtool(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


class Rules(unittest.TestCase):
    def test_promtool_accepts_every_rule(self):
        result = promtool("check", "rules", str(RULES), str(ALERTS))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_alerts_fire_when_they_should_and_only_then(self):
        result = promtool("test", "rules", str(RULE_TESTS))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_every_alert_has_a_test_and_says_what_to_do(self):
        tests = RULE_TESTS.read_text()
        for rule in rules_of(ALERTS):
            self.assertIn(f'alertname="{rule["alert"]}"', tests)
            for annotation in ("summary", "description", "runbook"):
                self.assertTrue(rule["annotations"].get(annotation), rule["alert"])
            self.assertIn(rule["labels"]["severity"], ("info", "warning", "critical"))

    def test_promtool_accepts_the_scrape_configuration(self):
        with tempfile.TemporaryDirectory() as folder:
            for path in (RULES, ALERTS):
                (Path(folder) / path.name).write_text(path.read_text())
            config = Path(folder) / "prometheus.yml"
            config.write_text((PROMETHEUS / "scrape.yaml").read_text())
            result = promtool("check", "config", str(config))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Dashboard(unittest.TestCase):
    def test_has_a_stable_uid_and_asks_for_its_data_source(self):
        board = dashboard()
        self.assertEqual(board["uid"], "conflux-multipath")
        self.assertEqual(board["templating"]["list"][0]["type"], "datasource")
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for target in dashboard_targets():
            self.assertEqual(target["datasource"]["uid"], "${datasource}")

    def test_explains_every_panel(self):
        for panel in dashboard()["panels"]:
            if panel["type"] != "row":
                self.assertTrue(panel["description"], panel["title"])

    def test_lays_no_panel_over_another(self):
        taken = {}
        for panel in dashboard()["panels"]:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    other = taken.setdefault((x, y), panel["title"])
                    self.assertEqual(other, panel["title"])

    def test_asks_what_prometheus_understands(self):
        rules = [{"record": f"panel:query_{number}", "expr": without_variables(target["expr"])}
                 for number, target in enumerate(dashboard_targets())]
        self.assertGreater(len(rules), 20)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
            file.flush()
            result = promtool("check", "rules", file.name)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Names(unittest.TestCase):
    def check(self, text: str, where: str) -> int:
        found = set(METRIC.findall(text)) - TOOLS
        self.assertEqual(found - metric_names(), set(), where)
        recorded = set(re.findall(r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+", text))
        self.assertEqual(recorded - recorded_names(), set(), where)
        return len(found)

    def test_every_metric_of_the_dashboard_exists(self):
        count = self.check("\n".join(target["expr"] for target in dashboard_targets()), "dashboard")
        self.assertGreater(count, 15)
        variables = json.dumps(dashboard()["templating"])
        self.check(variables, "variables")

    def test_every_metric_of_the_rules_exists(self):
        for path in (RULES, ALERTS):
            for rule in rules_of(path):
                text = " ".join([rule["expr"], *rule.get("annotations", {}).values()])
                self.check(text, rule.get("alert", rule.get("record")))

    def test_every_metric_of_the_tests_of_rules_exists(self):
        for test in yaml.safe_load(RULE_TESTS.read_text())["tests"]:
            for series in test["input_series"]:
                self.check(series["series"], test["name"])

    def test_every_metric_of_the_pages_exists(self):
        self.check((MONITORING / "README.md").read_text(), "README.md")
        self.check((MONITORING / "METRICS.md").read_text(), "METRICS.md")

    def test_a_name_that_does_not_exist_is_found(self):
        with self.assertRaises(AssertionError):
            self.check("rate(conflux_no_such_total[5m])", "")
        with self.assertRaises(AssertionError):
            self.check("proxy:conflux_no_such:rate5m > 1", "")


class Vendored(unittest.TestCase):
    def test_protocol_files_are_those_of_their_origin(self):
        listed = dict(reversed(line.split()) for line in
                      (VENDORED / "SHA256SUMS").read_text().strip().split("\n"))
        found = {str(path.relative_to(VENDORED)): hashlib.sha256(path.read_bytes()).hexdigest()
                 for path in VENDORED.rglob("*.proto")}
        self.assertEqual(found, listed)
        self.assertEqual(len(found), 4)


if __name__ == "__main__":
    unittest.main()
