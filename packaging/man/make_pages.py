"""All manual pages: which there are, and what each is made of. Called by build.sh."""
import datetime
import os
import re
import subprocess
import sys
from pathlib import Path

import help_page
from roff import escape, from_markdown, inline, paragraph, quoted, verbatim

ROOT = Path(__file__).resolve().parents[2]
CONTROL = ("top", "tunnels", "watch", "metrics", "doctor", "config")
MANUAL = "Conflux multipath"

# Pages of commands: program, section, what else belongs to it.
COMMANDS = {
    "confluxctl": ("1", ["conflux.yaml(5)", "conflux-sidecar(8)"]
                   + [f"confluxctl-{it}(1)" for it in CONTROL]),
    "mpath-validate": ("1", ["mpath-replay(1)", "mpath(7)", "mpath-check(7)", "mpath-probe(7)"]),
    "mpath-replay": ("1", ["mpath-check(7)", "mpath-validate(1)"]),
    "onion-proxy": ("1", ["conflux.yaml(5)", "confluxctl(1)", "tor(1)"]),
    "conflux-sidecar": ("8", ["conflux.yaml(5)", "confluxctl(1)", "conflux-region(7)"]),
}
# Pages that are documents of the repository: source, one line, what else belongs to it.
DOCUMENTS = {
    "conflux-region.7": ("plugin/region/FORMAT.md",
                         "the file in which a proxy publishes its metrics",
                         ["conflux-sidecar(8)", "conflux.yaml(5)"]),
    "mpath.7": ("packaging/man/mpath.md", "the contract between a proxy and a multipath plugin",
                ["mpath-validate(1)", "mpath-check(7)", "mpath-probe(7)", "conflux.yaml(5)"]),
    "mpath-check.7": ("host_api/conformance/check/README.md",
                      "a layer between a host and a multipath plugin that checks both",
                      ["mpath-replay(1)", "mpath(7)", "mpath-probe(7)"]),
    "mpath-probe.7": ("host_api/conformance/probe/README.md",
                      "a multipath plugin that tests its host",
                      ["mpath(7)", "mpath-check(7)"]),
}
FILES = {
    "conflux-sidecar": [("/etc/conflux/conflux.yaml", "The configuration."),
                        ("/run/conflux", "Regions of proxies, one file each."),
                        ("/run/conflux-sidecar/grpc.sock", "Where it answers.")],
    "confluxctl": [("/etc/conflux/conflux.yaml", "The configuration that `doctor` looks at."),
                   ("/run/conflux-sidecar/grpc.sock", "Where the sidecar is expected.")],
}
NO_ANONYMITY = "It gives no anonymity: it is for private and test networks."


def names() -> list[str]:
    pages = [f"{name}.{section}" for name, (section, _) in COMMANDS.items()]
    pages += [f"confluxctl-{it}.1" for it in CONTROL] + ["conflux.yaml.5", *DOCUMENTS]
    return sorted(pages)


def date() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return ""
    return datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc).strftime("%Y-%m-%d")


def version() -> str:
    return re.search(r"project\(conflux VERSION ([\d.]+)",
                     (ROOT / "CMakeLists.txt").read_text()).group(1)


def head(name: str, section: str, what: str) -> str:
    what = what[:1].lower() + what[1:].rstrip(".")
    title = " ".join(quoted(escape(it)) for it in
                     (name.upper(), section, date(), f"conflux {version()}", MANUAL))
    return ("'\\\" t\n.\\\" Made by packaging/man/build.sh; do not edit.\n"
            f".TH {title}\n.nh\n.ad l\n.SH NAME\n{escape(name)} \\- {inline(what)}\n")


def see_also(pages: list[str]) -> str:
    shown = [rf"\fB{escape(page)}\fR({section}"
             for page, section in (it.split("(") for it in pages)]
    return ".SH SEE ALSO\n" + ",\n".join(shown) + "\n"


def files_of(program: str) -> str:
    listed = FILES.get(program, [])
    return ".SH FILES\n" + "".join(f".TP\n\\fI{escape(path)}\\fR\n{inline(words)}\n"
                                   for path, words in listed) if listed else ""


def synopsis(command: str, usage: str) -> str:
    # `Usage: build/bin/program [OPTIONS] ...`: only what follows the program is of interest.
    words = usage.split(" ")
    at = next((i for i, word in enumerate(words) if word.startswith("[") or word.isupper()),
              len(words))
    rest = " ".join(words[at:])
    return f".SH SYNOPSIS\n\\fB{escape(command)}\\fR {escape(rest)}".rstrip() + "\n"


def command_page(bin_dir: Path, program: str, *sub: str) -> str:
    """One command: everything that its --help says."""
    told = help_page.ask(str(bin_dir / program), *sub)
    name = "-".join([program, *sub])
    section, related = COMMANDS[program]
    if sub:
        related = ["confluxctl(1)", "conflux.yaml(5)", "conflux-sidecar(8)"]
    description, status = help_page.footer(told)
    what = told.what.split(". ")[0]
    more = told.what[len(what) + 1:].strip()
    parts = [head(name, section, what), synopsis(" ".join([program, *sub]), told.usage),
             ".SH DESCRIPTION\n", paragraph(more) if more else "",
             description or paragraph(help_page.sentence(what)),
             help_page.entries(told, "Subcommands", "COMMANDS"),
             help_page.entries(told, "Positionals", "ARGUMENTS"),
             help_page.entries(told, "Options", "OPTIONS")]
    if sub == ("config",):
        parts += [subcommand_part(bin_dir, it) for it, _ in told.entries["Subcommands"]]
    parts += [".SH EXIT STATUS\n" + status if status else "", files_of(program) if not sub else "",
              help_page.examples(told), see_also(related)]
    return "".join(parts)


def subcommand_part(bin_dir: Path, name: str) -> str:
    """A command of `confluxctl config`, as a section of its page."""
    told = help_page.ask(str(bin_dir / "confluxctl"), "config", name)
    description, status = help_page.footer(told)
    shown = synopsis(f"confluxctl config {name}", told.usage).split("\n", 1)[1]
    rows = "".join(help_page.entry(*it) for heading in ("Positionals", "Options")
                   for it in told.entries.get(heading, []) if not it[0].startswith("-h"))
    examples = verbatim("\n".join(it[2:] for it in told.examples.strip("\n").split("\n")))
    title = quoted(escape("config " + name).upper())
    return (f".SH {title}\n{shown}{paragraph(help_page.sentence(told.what))}{rows}{description}"
            + (paragraph("Exit status:") + status if status else "")
            + (paragraph("Examples:") + examples if told.examples.strip() else ""))


def yaml_page(bin_dir: Path) -> str:
    """The reference of the option table, as the program prints it."""
    text = subprocess.run([str(bin_dir / "confluxctl"), "config", "reference"], capture_output=True,
                          text=True, check=True).stdout
    # `version` stands before the first section; each page needs one.
    introduction, rest = text.split("\n### ", 1)
    introduction = introduction.split("\n", 3)[3]
    body = from_markdown("## Description\n" + introduction + "\n## Options\n### " + rest)
    what = "configuration of the Conflux plugin, its loader and the sidecar"
    related = ["confluxctl-config(1)", "conflux-sidecar(8)", "mpath(7)"]
    return head("conflux.yaml", "5", what) + body + see_also(related)


def document_page(page: str) -> str:
    source, what, related = DOCUMENTS[page]
    name, section = page.rsplit(".", 1)
    text = (ROOT / source).read_text().split("\n", 1)[1]
    return head(name, section, what) + from_markdown("## Description\n" + text) + see_also(related)


def pages(bin_dir: Path):
    for program, (section, _) in COMMANDS.items():
        yield f"{program}.{section}", command_page(bin_dir, program)
    for sub in CONTROL:
        yield f"confluxctl-{sub}.1", command_page(bin_dir, "confluxctl", sub)
    yield "conflux.yaml.5", yaml_page(bin_dir)
    for page in DOCUMENTS:
        yield page, document_page(page)


def main() -> int:
    if sys.argv[1:] == ["--list"]:
        print("\n".join(names()))
        return 0
    out, bin_dir = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    missing = [it for it in COMMANDS if not (bin_dir / it).exists()]
    if missing:
        print(f"build.sh: {bin_dir} has no {', '.join(missing)}: build them first", file=sys.stderr)
        return 1
    out.mkdir(parents=True, exist_ok=True)
    for name, text in pages(bin_dir):
        (out / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
