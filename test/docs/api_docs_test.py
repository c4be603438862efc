"""The reference is made from the headers without a warning, and has what they say."""
import html
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from tools import ROOT, run

INCLUDE = ROOT / "host_api/include"


def settings(output: Path, **changed: str) -> str:
    text = (ROOT / "packaging/doxygen/Doxyfile.in").read_text()
    for name, value in {"MPATH_ABI_VERSION": "0", "MPATH_DOCS_DIR": str(output),
                        "PROJECT_SOURCE_DIR": str(ROOT)}.items():
        text = text.replace(f"@{name}@", value)
    return text + "".join(f"\n{name} = {value}\n" for name, value in changed.items())


@unittest.skipUnless(shutil.which("doxygen"), "doxygen is not installed")
class Reference(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = Path(work.name)

    def make(self, **changed: str):
        return run(["doxygen", "-"], input=settings(self.work, **changed), cwd=self.work)

    def page(self, name: str) -> str:
        text = re.sub(r"<[^>]+>", " ", (self.work / "html" / name).read_text())
        return " ".join(html.unescape(text).split())

    def test_is_made_without_a_warning_and_says_what_the_headers_say(self):
        done = self.make()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("initial congestion window", self.page("structmpath__path.html"))
        self.assertIn("The host misused the API.", self.page("base_8h.html"))
        self.assertIn("The only leg, without taking", self.page("structmpath__plugin__table.html"))
        self.assertIn("so no held-back cell leaks", self.page("classmpath_1_1Tunnel.html"))
        self.assertIn("Pass the kit", self.page("index.html"))
        structs = set(re.findall(r"^typedef struct (\w+) \{", "\n".join(
            path.read_text() for path in INCLUDE.rglob("*.h")), re.M))
        self.assertGreater(len(structs), 20)
        self.assertEqual([it for it in structs if not (
            self.work / "html" / f"struct{it.replace('_', '__')}.html").exists()], [])

    def test_a_warning_fails_it(self):
        header = self.work / "wrong.h"
        header.write_text("/* mpath/wrong.h - words */\n/* \\param nothing There is no such. */\n"
                          "int wrong(int it);\n")
        done = self.make(INPUT=str(header), USE_MDFILE_AS_MAINPAGE="")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nothing", done.stderr)


if __name__ == "__main__":
    unittest.main()
