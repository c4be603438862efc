#!/usr/bin/env python3
"""A broken plugin is caught, and by the requirement that it breaks.

Usage: broken_test.py VALIDATE PLUGIN REQUIREMENT [ARGUMENT...]

Runs mpath-validate on PLUGIN, which the environment (MPATH_BROKEN) tells what to break. Every check
that fails must name REQUIREMENT and nothing else, and at least one must; "none" means that all must
pass, for a kit that fails everything proves nothing either. ARGUMENTs go to mpath-validate.
"""
import json
import os
import subprocess
import sys
import tempfile

# Long checks whose claims shorter ones make too.
SKIPPED = r"six_in_every_order|late_drains|thousand_times|losses_close|fuzz.any_bytes"
# Threads cost time and matter to one requirement.
THREADS = "MPATH-P-24"
EXIT_FINE, EXIT_FAILURES, EXIT_NOT_LOADABLE = 0, 1, 3


def run(validate, plugin, requirement, arguments):
    skipped = SKIPPED if requirement == THREADS else SKIPPED + "|^threads"
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        process = subprocess.run(
            [validate, plugin, "--json", report, "--steps", "60", "--skip", skipped, *arguments],
            capture_output=True, text=True, check=False)
        print(process.stdout, process.stderr, sep="\n")
        with open(report, encoding="utf-8") as file:
            return process.returncode, json.load(file)["checks"]


def problems(status, checks, requirement):
    failed = [check for check in checks if check["status"] in ("failed", "crashed", "timed out")]
    if requirement == "none":
        return [f"{check['name']} failed" for check in failed] + (
            [] if status == EXIT_FINE else [f"exit status {status}"])
    found = [f"{check['name']} names {check.get('broken', 'nothing')}" for check in failed
             if check.get("broken") != requirement]
    if not failed:
        found.append("nothing failed")
    if status not in (EXIT_FAILURES, EXIT_NOT_LOADABLE):
        found.append(f"exit status {status}")
    found += [f"{check['name']} has no command to run it again" for check in failed
              if check["name"].split(".")[0] not in check.get("again", "")]
    return found


def main():
    validate, plugin, requirement, *arguments = sys.argv[1:]
    status, checks = run(validate, plugin, requirement, arguments)
    found = problems(status, checks, requirement)
    for problem in found:
        print(f"NOT AS IT SHOULD BE: {problem} (expected: {requirement})", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
