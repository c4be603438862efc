"""From what `PROGRAM --help` prints to the parts of a page, so that it cannot say anything else."""
import re
import subprocess
from dataclasses import dataclass, field

from roff import escape, inline, paragraph, verbatim

ENTRY = re.compile(r"  (\S.*?)(?:\s{2,}(.*))?$")
SPECIFICATION = re.compile(r"(?P<names>-[^ ]+)(?: (?P<value>[A-Z][^ :={]*))?(?P<rest>.*)")


@dataclass
class Help:
    what: str = ""
    usage: str = ""
    entries: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # by heading
    footer: list[str] = field(default_factory=list)  # paragraphs
    examples: str = ""


def ask(*command: str) -> Help:
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    return parse(done.stdout)


def parse(text: str) -> Help:
    out = Help()
    heading, paragraphs = "", []
    head, _, rest = text.partition("Usage: ")
    out.what = " ".join(head.split())
    first, _, rest = rest.partition("\n")
    out.usage = first
    option = re.search(r"^  -h,--help +", rest, re.MULTILINE)
    column = option.end() - option.start() if option else 0
    for line in rest.split("\n"):
        if re.fullmatch(r"(Options|Positionals|Subcommands|Examples):", line):
            heading = line[:-1]
        elif heading == "Examples" and (line.startswith("  ") or not line):
            out.examples += line + "\n"
        elif heading and heading != "Examples" and line.startswith("  "):
            add_entry(out.entries.setdefault(heading, []), line, column)
        else:
            if line and heading:
                heading = ""
            paragraphs.append(line)
    out.footer = [it for it in re.split(r"\n{2,}", "\n".join(paragraphs).strip("\n")) if it.strip()]
    return out


def add_entry(entries: list[tuple[str, str]], line: str, column: int) -> None:
    # Words begin in one column; a name that fills it up to there leaves no gap that could be seen.
    if column and line[2:3] == "-" and line[column - 1:column] == " " and line[column - 2] != " ":
        line = line[:column] + "  " + line[column:]
    match = ENTRY.match(line)
    if match and not line.startswith("   "):
        entries.append((match.group(1), match.group(2) or ""))
    else:
        name, words = entries[-1]
        entries[-1] = (name, f"{words} {line.strip()}".strip())


def details(rest: str) -> str:
    """What CLI11 says of a value, in words: `:{a,b}=a (Env:X)`, `:INT in [1 - 8]`."""
    words = []
    if match := re.search(r":\{([^}]*)\}", rest):
        words.append("One of " + match.group(1).replace(",", ", ") + ".")
    if match := re.search(r"in \[(\S+) - (\S+)\]", rest):
        words.append(f"From {match.group(1)} to {match.group(2)}.")
    if match := re.search(r"=(\S.*?)(?= \(Env:| Needs:| Excludes:| REQUIRED|$)", rest):
        words.append(f"Default: {match.group(1)}.")
    if match := re.search(r"\(Env:(\w+)\)", rest):
        words.append(f"Environment: {match.group(1)}.")
    if "REQUIRED" in rest:
        words.append("Required.")
    for word in ("Needs", "Excludes"):
        if match := re.search(rf"{word}: ((?:--\S+ ?)+)", rest):
            with_or_not = "Needs " if word == "Needs" else "Not with "
            words.append(with_or_not + match.group(1).strip() + ".")
    return " ".join(words)


def sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) or not text else text + "."


def entry(name: str, words: str) -> str:
    match = SPECIFICATION.match(name)
    if match is None:
        title, _, rest = name.partition(" ")
        shown = rf"\fB{escape(title)}\fR" if not rest else rf"\fI{escape(title)}\fR"
        return f".TP\n{shown}\n{inline(' '.join([sentence(words), details(rest)]).strip())}\n"
    names = ", ".join(rf"\fB{escape(it)}\fR" for it in match.group("names").split(","))
    value = rf" \fI{escape(match.group('value'))}\fR" if match.group("value") else ""
    told = " ".join(it for it in (sentence(words), details(match.group("rest"))) if it)
    return f".TP\n{names}{value}\n{inline(told) or 'As it says.'}\n"


def entries(told: Help, heading: str, title: str) -> str:
    found = told.entries.get(heading, [])
    return f".SH {title}\n" + "".join(entry(*it) for it in found) if found else ""


def footer(told: Help) -> tuple[str, str]:
    """(the description, the exit status), as roff."""
    description, status = "", ""
    for text in told.footer:
        words = " ".join(text.split())
        if match := re.search(r"Exit status: (.*)", words):
            status = paragraph(sentence(match.group(1)))
            words = words[:match.start()].strip()
        if any(line.startswith("  ") for line in text.split("\n")):
            plain = [it for it in text.split("\n") if not it.startswith("  ")]
            description += paragraph(" ".join(plain[:1]))
            shown = [it[2:] for it in text.split("\n") if it.startswith("  ")]
            description += verbatim("\n".join(shown))
            if plain[1:]:
                description += paragraph(" ".join(plain[1:]))
        elif words:
            description += paragraph(words)
    return description, status


def examples(told: Help) -> str:
    lines = [it.removeprefix("  ") for it in told.examples.strip("\n").split("\n")]
    return "" if lines == [""] else ".SH EXAMPLES\n" + verbatim("\n".join(lines))
