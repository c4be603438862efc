"""What the documents show is true: every block of code compiles or runs, every picture is named as
one, every link and every path leads somewhere."""
import functools
import re
import unittest
from pathlib import Path
from urllib.parse import urlsplit

import code_checks
import kinds
from documents import Block, anchors_of, blocks_of, pages, prose_of, read, source_of, tracked_files
from tools import ROOT

COMPILERS = {"c": code_checks.compile_c_family, "cpp": code_checks.compile_c_family,
             "rust": code_checks.compile_rust, "python": code_checks.check_python,
             "yaml": code_checks.check_yaml}
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
DOCTOR = "plugin/sidecar/ctl/doctor"
TOP = r"(?:plugin|host_api|config|test|examples|packaging)"
PATH = re.compile(rf"(?:{TOP}/)?[\w.-]+(?:/[\w.{{}},*-]+)*"
                  r"(?:/|\.(?:h|hpp|c|cc|py|sh|md|rs|proto|yaml|json|cmake))")


@functools.cache
def all_blocks() -> tuple[Block, ...]:
    return tuple(block for page in pages() for block in blocks_of(page, read(page)))


def kind_of(block: Block) -> str | None:
    """None: nobody has said how to check it."""
    if block.marker in ("from", "run", "seen"):
        return block.marker
    if block.language in COMPILERS:
        return "code"
    below = block.language == "sh" and block.page.startswith(tuple(kinds.NOT_RUN_BELOW))
    if below or kinds.named_in(kinds.NOT_RUN, block):
        return "shell"
    named = kinds.named_in(kinds.PICTURES, block) or kinds.named_in(kinds.FOREIGN, block)
    return "picture" if named else None


def unclassified(blocks) -> list[str]:
    return [f"{it.where}: a block of {it.language or 'text'} that no test looks at: mark it `run`, "
            f"`seen` or `from:`, or name it in test/docs/kinds.py ({it.first!r})"
            for it in blocks if kind_of(it) is None]


def dead_links(page: str, text: str) -> list[str]:
    problems = []
    for match in LINK.finditer(prose_of(text)):
        target = match.group(1) or match.group(2)
        if re.match(r"\w+:", target):
            url = urlsplit(target)
            if url.scheme != "https" or not re.fullmatch(r"[\w.-]+\.\w+", url.netloc):
                problems.append(f"{page}: {target} is no https address")
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / page).parent / file if file else ROOT / page
        if not path.exists():
            problems.append(f"{page}: {target} does not exist")
        elif anchor and anchor not in anchors_of(path.read_text()):
            problems.append(f"{page}: {target}: there is no such heading")
    return problems


def expand(path: str) -> list[str]:
    match = re.search(r"\{([^}]*)\}", path)
    if match is None:
        return [path]
    return [it for part in match.group(1).split(",")
            for it in expand(path[:match.start()] + part + path[match.end():])]


def exists(path: str, page: str) -> bool:
    path = path.rstrip("/")
    for base in (ROOT, (ROOT / page).parent):
        if any(base.glob(path)) if "*" in path else (base / path).exists():
            return True
    # As the pages of a part call it: `core/tunnel.h`, `sender.cc`.
    return any(f"/{name}".endswith(f"/{path}") or f"/{path}/" in f"/{name}"
               for name in tracked_files())


def dead_paths(page: str, text: str) -> list[str]:
    problems = []
    for word in re.findall(r"`([^`\n]+)`", prose_of(text)):
        if word.startswith(("test/", "packaging/")):
            word = word.split(" ")[0]  # with its arguments
        if not PATH.fullmatch(word) or word.startswith(("build", "/", "results")):
            continue
        # A bare name may be that of a file that a program writes.
        written = "/" not in word and word.endswith((".md", ".yaml", ".json"))
        if written or word.rstrip("/") in kinds.NOT_FILES:
            continue
        problems += [f"{page}: `{it}` does not exist"
                     for it in expand(word) if not exists(it, page)]
    return problems


@functools.cache
def known_tests() -> frozenset[str]:
    """GoogleTests as `Suite.Name`, and their suites as `Suite.*`."""
    names = set()
    for file in tracked_files():
        if file.startswith("test/") and file.endswith(".cc") and (ROOT / file).exists():
            for suite, name in TEST.findall((ROOT / file).read_text()):
                names |= {f"{suite}.{name}", f"{suite}.*"}
    return frozenset(names)


def dead_tests(page: str, text: str) -> list[str]:
    return [f"{page}: there is no test `{name}`"
            for name in re.findall(r"`([A-Z]\w+\.(?:[A-Z]\w+|\*))`", prose_of(text))
            if name not in known_tests() and name != "Suite.Name"]


class DocumentTest(unittest.TestCase):
    def report(self, problems: list[str]) -> None:
        self.assertEqual(problems, [], "\n" + "\n".join(problems))


class Blocks(DocumentTest):
    def test_each_is_of_a_kind_that_is_checked(self):
        self.report(unclassified(all_blocks()))

    def test_the_tables_name_no_block_that_is_gone(self):
        named = {**kinds.NOT_RUN, **kinds.PICTURES, **kinds.FOREIGN, **kinds.FRAGMENTS}
        self.report([f"{key}: there is no such block" for key, why in named.items()
                     if not any(kinds.named_in({key: why}, it) for it in all_blocks())])

    def test_what_is_shown_of_a_source_is_what_the_source_says(self):
        self.report([f"{it.where} differs from {it.argument}: run test/docs/update_blocks.py"
                     for it in all_blocks()
                     if it.marker == "from" and it.text != source_of(it.argument)])

    def test_code_compiles(self):
        blocks = [it for it in all_blocks() if kind_of(it) == "code"]
        self.assertGreater(len(blocks), 5, "no code was found: the test is blind")
        self.report([f"{it.where}: {problem}" for it in blocks
                     if (problem := COMPILERS[it.language](it))])

    def test_shell_has_options_and_paths_that_exist(self):
        self.report([f"{it.where}: {problem}" for it in all_blocks()
                     if kind_of(it) in ("shell", "run")
                     and (problem := code_checks.check_shell(it))])

    def test_what_is_said_to_run_runs_and_prints_what_is_shown(self):
        problems, printed = [], ""
        for block in all_blocks():
            if block.marker == "run":
                done = code_checks.run_shell(block)
                printed = done.stdout
                if done.returncode != 0:
                    problems.append(f"{block.where}: exit status {done.returncode}\n{printed}")
            elif block.marker == "seen":
                if problem := code_checks.differs_from(block.text, printed):
                    problems.append(f"{block.where}: {problem}")
        self.report(problems)


class Links(DocumentTest):
    def test_lead_somewhere(self):
        self.report([problem for page in pages() for problem in dead_links(page, read(page))])

    def test_paths_in_backticks_exist(self):
        self.report([problem for page in pages() for problem in dead_paths(page, read(page))])


    def test_tests_that_are_named_exist(self):
        self.assertGreater(len(known_tests()), 500)
        self.report([problem for page in pages() for problem in dead_tests(page, read(page))])


class OperatorsPage(DocumentTest):
    def test_quotes_what_the_doctor_says(self):
        code = "".join(path.read_text() for path in (ROOT / DOCTOR).glob("*.cc"))
        said = re.sub(r'"\s+"', "", code)
        rows = re.findall(r"^\|[^|]+\|([^|]+)\|[^|]+\|[^|]+\|$",
                          read("packaging/OPERATING.md").split("## Troubleshoot")[1], re.M)
        quotes = [quote for row in rows for quote in re.findall(r"`([^`]+)`", row)]
        self.assertGreater(len(quotes), 15)
        self.report([f"the doctor does not say `{quote}`" for quote in quotes
                     for part in re.split(r"\.\.\.|\bN\b", quote)
                     if len(part.strip()) > 5 and part.strip().rstrip(":") not in said])


class TheTestsThemselves(DocumentTest):
    """Each must see what it looks for."""

    def block(self, language: str, text: str, marker: str = "") -> Block:
        return blocks_of("README.md", f"{marker}```{language}\n{text}```\n")[0]

    def test_a_block_of_no_kind_is_found(self):
        self.assertEqual(len(unclassified([self.block("", "words\n")])), 1)
        self.assertEqual(unclassified([self.block("", "words\n", "<!-- seen -->\n")]), [])

    def test_code_that_does_not_compile_is_found(self):
        self.assertIn("error", code_checks.compile_c_family(self.block("c", "int a = x;\n")))
        self.assertIn("nowhere", code_checks.check_yaml(self.block("yaml", "nowhere: 1\n")))
        self.assertIn("nothing", code_checks.check_python(self.block("python", "import nothing\n")))

    def test_an_option_or_a_path_that_is_gone_is_found(self):
        told = code_checks.check_shell(self.block("sh", "mpath-validate --often test/nothing.sh\n"))
        self.assertIn("no option --often", told)
        self.assertIn("test/nothing.sh does not exist", told)

    def test_other_output_is_found(self):
        self.assertEqual(code_checks.differs_from("a\n...\nc d...\n", "a\nb\nc d e\n"), "")
        self.assertNotEqual(code_checks.differs_from("a\nc\n", "a\nb\nc\n"), "")

    def test_a_dead_link_is_found(self):
        told = dead_links("README.md", "[a](none.md) [b](SECURITY.md#none) [c](http://x.example/)")
        self.assertEqual(len(told), 3, told)
        alive = "[d](SECURITY.md#reporting) [e](#conflux-as-a-plugin)"
        self.assertEqual(dead_links("README.md", alive), [])

    def test_a_path_that_is_gone_is_found(self):
        told = dead_paths("README.md",
                          "`plugin/none.cc`, `test/none/`, `plugin/{abi,none}/`, `none.h`")
        self.assertEqual(len(told), 4, told)

    def test_a_test_that_is_gone_is_found(self):
        told = dead_tests("README.md", "`Loader.NoSuchClaim`, `NoSuite.*`, `Loader.*`")
        self.assertEqual(len(told), 2, told)

    def test_a_source_that_has_changed_is_found(self):
        with self.assertRaises(LookupError):
            source_of("examples/minimal_host/minimal_host.c nothing")
        self.assertIn("dlopen", source_of("examples/minimal_host/minimal_host.c load"))


if __name__ == "__main__":
    unittest.main()
