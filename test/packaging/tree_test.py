"""What is installed, and that it may be moved."""

import hashlib
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from tree import BUILD, CMAKE, ROOT, TREE, one, pkg_config

# Of each component, what nobody should find missing.
WANTED = """
**/mpath/conflux.so                     **/mpath/conflux.so.sha256
etc/conflux/conflux.yaml                share/conflux/conflux.schema.json
etc/apparmor.d/abstractions/conflux-plugin
include/mpath/plugin.h                  include/mpath/loader.hpp
**/libmpath_loader.a                    **/cmake/mpath/mpath-config.cmake
**/pkgconfig/mpath.pc                   **/pkgconfig/mpath-host.pc
bin/mpath-validate                      bin/mpath-replay
**/mpath/mpath_probe.so                 **/mpath/mpath_check.so
share/doc/libmpath-dev/ABI.md           share/doc/libmpath-dev/examples/minimal_host/minimal_host.c
bin/conflux-sidecar                     **/system/conflux-sidecar.service
**/sysusers.d/conflux.conf              **/tmpfiles.d/conflux.conf
share/conflux/grafana/conflux.json      share/conflux/prometheus/conflux-alerts.yaml
bin/confluxctl                          share/bash-completion/completions/confluxctl
libexec/conflux-examples/onion-proxy    libexec/conflux-examples/quickstart
share/conflux-examples/quickstart.py    share/conflux-examples/private_network/private_network.py
share/doc/conflux-sidecar/examples/tcp-mtls.conf
""".split()
# Where install_tree.py installed it, before it was moved.
PREFIX = str(TREE) + "-from"


def texts() -> list[Path]:
    return [path for path in TREE.rglob("*") if path.is_file() and not path.is_symlink()
            and b"\0" not in path.read_bytes()]


class InstalledTree(unittest.TestCase):
    def test_every_component_has_its_files(self):
        for pattern in WANTED:
            with self.subTest(pattern):
                one(pattern)

    def test_no_text_names_the_build_or_the_source_directory(self):
        for path in texts():
            text = path.read_text(errors="replace").replace(PREFIX, "")
            for place in (str(BUILD), str(ROOT)):
                self.assertNotIn(place, text, path)

    def test_only_what_systemd_and_apparmor_read_names_the_prefix(self):
        named = {path.name for path in texts() if PREFIX in path.read_text(errors="replace")}
        self.assertEqual(named, {"conflux-sidecar.service", "conflux-plugin"})

    def test_no_program_looks_for_libraries_in_the_build(self):
        for path in TREE.rglob("*"):
            if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
                dynamic = subprocess.run(["readelf", "-d", path], capture_output=True, text=True,
                                         check=True).stdout
                self.assertNotRegex(dynamic, r"\((RPATH|RUNPATH)\)", path)

    def test_the_digest_is_that_of_the_installed_plugin(self):
        plugin = one("**/mpath/conflux.so")
        digest = hashlib.sha256(plugin.read_bytes()).hexdigest()
        self.assertEqual(Path(f"{plugin}.sha256").read_text(), f"{digest}  conflux.so\n")

    def test_pkg_config_follows_the_tree(self):
        plugins = Path(pkg_config("--variable=plugindir", "mpath")).resolve()
        self.assertEqual(plugins, one("**/mpath/conflux.so").parent.resolve())
        include = re.search(r"-I(\S+)", pkg_config("--cflags", "mpath-host"))
        self.assertTrue((Path(include.group(1)) / "mpath/loader.hpp").is_file())

    def test_versions_are_those_of_the_contract(self):
        base = one("include/mpath/base.h").read_text()
        numbers = re.findall(r"^#define MPATH_ABI_(?:MAJOR|MINOR) (\d+)u", base, re.M)
        self.assertEqual(pkg_config("--modversion", "mpath"), ".".join(numbers))

    def test_what_was_installed_runs(self):
        for program in ("bin/confluxctl", "bin/conflux-sidecar", "bin/mpath-validate",
                        "bin/mpath-replay", "libexec/conflux-examples/onion-proxy",
                        "libexec/conflux-examples/quickstart"):
            run = subprocess.run([TREE / program, "--help"], capture_output=True, text=True,
                                 check=False)
            self.assertEqual(run.returncode, 0, f"{program}: {run.stderr}")
        check = subprocess.run([TREE / "bin/confluxctl", "config", "check",
                                TREE / "etc/conflux/conflux.yaml"], check=False)
        self.assertEqual(check.returncode, 0)


class InstallingAgain(unittest.TestCase):
    def test_the_operators_file_is_kept(self):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "etc/conflux/conflux.yaml"
            file.parent.mkdir(parents=True)
            file.write_text("version: 1\n# mine\n")
            subprocess.run([CMAKE, "--install", BUILD, "--prefix", scratch, "--component",
                            "plugin"], stdout=subprocess.DEVNULL, check=True)
            self.assertEqual(file.read_text(), "version: 1\n# mine\n")

    def test_below_usr_the_configuration_is_in_etc(self):
        with tempfile.TemporaryDirectory() as scratch:
            for component in ("plugin", "sidecar"):
                subprocess.run([CMAKE, "--install", BUILD, "--prefix", "/usr", "--component",
                                component], env={**os.environ, "DESTDIR": scratch},
                               stdout=subprocess.DEVNULL, check=True)
            unit = next(Path(scratch).rglob("conflux-sidecar.service")).read_text()
            self.assertTrue((Path(scratch) / "etc/conflux/conflux.yaml").is_file())
        self.assertIn("ExecStart=/usr/bin/conflux-sidecar --config /etc/conflux/conflux.yaml\n",
                      unit)


if __name__ == "__main__":
    unittest.main()
