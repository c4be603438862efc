"""What can be said of a block of code: does it compile, run, print what stands there?"""
import ast
import functools
import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

import kinds
import tools
from documents import Block
from tools import ROOT, built, run

STRICT = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", str(ROOT / "host_api/include"),
          "-I", str(ROOT)]
# Programs of the build, by the names that pages call them by.
PROGRAMS = ("confluxctl", "conflux-sidecar", "onion-proxy", "mpath-validate", "mpath-replay",
            "minimal_host", "event_loop_host")
SUBCOMMANDS = re.compile(r"^(config|top|tunnels|watch|metrics|doctor|check|defaults|explain|schema"
                         r"|reference|man|start|wait|status|stop|run|signal|restart|rate)$")
HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?.*?^\1$", re.DOTALL | re.MULTILINE)
TOP_LEVEL = ("plugin", "host_api", "config", "test", "examples", "packaging")


def compile_c_family(block: Block) -> str:
    code = block.text
    if fragment := kinds.named_in(kinds.FRAGMENTS, block):
        whole = (ROOT / "test/docs/fragments" / fragment).read_text()
        code = whole.replace("// [fragment]", code)
    compiler, standard, suffix = {"c": (built("CC"), "c11", ".c"),
                                  "cpp": (built("CXX"), "c++20", ".cc")}[block.language]
    with tempfile.NamedTemporaryFile("w", suffix=suffix) as source:
        source.write(code)
        source.flush()
        done = run([compiler, f"-std={standard}", *STRICT, source.name])
    return "" if done.returncode == 0 else done.stderr


def compile_rust(block: Block) -> str:
    if tools.rust_compiler() is None:
        return ""
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "block.rs"
        source.write_text(block.text)
        done = run([tools.rust_compiler(), "--edition", "2021", "-D", "warnings", "--crate-type",
                    "lib", "--emit", "metadata", "--out-dir", work, str(source)])
    return "" if done.returncode == 0 else done.stderr


def check_python(block: Block) -> str:
    """It parses, and what it imports is there."""
    imports = [node for node in ast.parse(block.text).body
               if isinstance(node, (ast.Import, ast.ImportFrom))]
    code = "\n".join(ast.unparse(node) for node in imports)
    done = run(["python3", "-B", "-c", code], cwd=(ROOT / block.page).parent)
    return "" if done.returncode == 0 else done.stderr


def check_yaml(block: Block) -> str:
    text = block.text
    if not text.startswith("version:"):
        text = "version: 1\n" + text
    if any((block.page, line.strip()) in kinds.LAB_ONLY for line in block.text.splitlines()):
        text += "conflux: {profile: lab}\n"
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "conflux.yaml").write_text(text)
        done = run([f"{built('BINARIES')}/confluxctl", "config", "check", "conflux.yaml"], cwd=work)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@functools.cache
def help_of(*command: str) -> str:
    done = run([*command, "--help"])
    return done.stdout + done.stderr


def program_of(word: str, page: str) -> list[str] | None:
    """The command that runs what a line calls by this name; None: not ours."""
    name = Path(word).name
    if name in PROGRAMS:
        return [f"{built('BINARIES')}/{name}"]
    for base in (ROOT, (ROOT / page).parent):
        path = base / word
        if "/" in word and path.is_file() and path.suffix in (".sh", ".py"):
            return [("python3" if path.suffix == ".py" else "bash"), str(path)]
    return None


def commands_of(text: str):
    """The words of each simple command, without here-documents, comments and assignments."""
    text = HERE_DOCUMENT.sub("", text.replace("\\\n", " "))
    for line in text.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set(";|&"):
                yield from without_prefix(words)
                words = []
            else:
                words.append(word)


def without_prefix(words: list[str]):
    """Without assignments and the interpreter; nothing if nothing is left."""
    while words and (re.match(r"\w+=", words[0]) or words[0] in ("bash", "python3", "export")):
        words = words[1:]
    if words:
        yield words


def wrong_options(text: str, page: str) -> list[str]:
    """Options of our programs that their --help does not know."""
    problems = []
    for words in commands_of(text):
        if (command := program_of(words[0], page)) is None:
            continue
        for word in words[1:]:
            if word == "--":
                break
            if SUBCOMMANDS.match(word):
                command = [*command, word]
            elif word.startswith("--"):
                option = word.split("=")[0]
                if not re.search(rf"{option}\b", help_of(*command)):
                    problems.append(f"{' '.join(words[:2])}: no option {option}")
    return problems


def check_shell(block: Block) -> str:
    parsed = run(["bash", "-n"], input=block.text)
    problems = [parsed.stderr] if parsed.returncode != 0 else []
    problems += wrong_options(block.text, block.page)
    for word in re.findall(rf"(?<![\w/.])(?:{'|'.join(TOP_LEVEL)})/[\w./-]+", block.text):
        if not (ROOT / word).exists():
            problems.append(f"{word} does not exist")
    return "\n".join(problems)


def run_shell(block: Block) -> subprocess.CompletedProcess:
    """In a directory that looks like the repository after a release build."""
    with tempfile.TemporaryDirectory() as work:
        for name in TOP_LEVEL:
            (Path(work) / name).symlink_to(ROOT / name)
        (Path(work) / "build").mkdir()
        (Path(work) / "build/release").symlink_to(Path(built("BINARIES")).parent)
        path = f"{built('BINARIES')}:{os.environ['PATH']}"
        return run(["bash", "-euo", "pipefail", "-c", block.text], cwd=work, stdout=subprocess.PIPE,
                   stderr=subprocess.STDOUT, capture_output=False, env={**os.environ, "PATH": path})


def differs_from(expected: str, printed: str) -> str:
    """`...` in what is expected stands for anything, on its own line for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else
                      re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
                      for line in expected.splitlines())
    return "" if re.search(pattern, printed) else f"expected:\n{expected}printed:\n{printed}"
