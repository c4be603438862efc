"""From the project's Markdown, and from plain text, to roff for man(7)."""
import re
from dataclasses import dataclass, field

LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
SPAN = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s][^*]*)\*")
SPECIAL = {"\\": r"\e", "-": r"\-", "`": r"\(ga", "'": r"\(aq", "^": r"\(ha", "~": r"\(ti"}
NARROW = 22  # columns with nothing longer are not wrapped
PAGE_WIDTH = 71  # of 80 columns, what the text has


def escape(text: str) -> str:
    """Plain text, so that no character of it means anything to roff but itself."""
    out = "".join(SPECIAL.get(it, it) for it in text)
    return r"\&" + out if out.startswith(".") else out


def inline(text: str) -> str:
    """One line of Markdown: code and emphasis become fonts, links become their words."""
    text = LINK.sub(r"\1", text)
    out, at = "", 0
    for match in SPAN.finditer(text):
        out += escape(text[at:match.start()])
        code, bold, italic = match.groups()
        out += rf"\fB{escape(code or bold)}\fR" if code or bold else rf"\fI{escape(italic)}\fR"
        at = match.end()
    out += escape(text[at:])
    return r"\&" + out if out.startswith((".", "'")) else out


def quoted(text: str) -> str:
    """An argument of a macro."""
    return '"' + text.replace('"', r"\(dq") + '"'


def verbatim(text: str) -> str:
    lines = [escape(line) or r"\&" for line in text.rstrip("\n").split("\n")]
    return ".PP\n.RS 4\n.EX\n" + "\n".join(lines) + "\n.EE\n.RE\n"


def paragraph(text: str) -> str:
    # A new sentence on a new line would be typographer's habit; joining keeps words together.
    return ".PP\n" + inline(" ".join(text.split())) + "\n"


def plain(text: str) -> str:
    return LINK.sub(r"\1", text).replace("`", "").replace("**", "").strip()


def tagged(rows: list[list[str]]) -> str:
    """A name and what it is, in two columns."""
    indent = min(max(len(plain(name)) for name, _ in rows) + 3, NARROW)
    shown = "".join(f".TP {indent}\n{inline(name.strip())}\n{inline(words.strip())}\n"
                    for name, words in rows)
    return f".PP\n.RS 0\n.PD 0\n{shown}.PD\n.RE\n"


def table(rows: list[list[str]]) -> str:
    """The first row is the header; a table without one is a list of names."""
    if not any(plain(it) for it in rows[0]) and len(rows[0]) == 2:
        return tagged(rows[1:])
    widths = [max(len(plain(row[column])) for row in rows) for column in range(len(rows[0]))]
    fits = sum(widths) + 3 * len(widths) <= PAGE_WIDTH
    formats = ["l" if fits or width <= NARROW else "lx" for width in widths]
    cell = "{}" if fits else "T{{\n{}\nT}}"  # a text block breaks its lines, an entry does not
    shown = ["\t".join(cell.format(inline(it.strip()) or r"\&") for it in row) for row in rows[1:]]
    shown.insert(0, "\t".join(rf"\fB{escape(plain(it))}\fR" for it in rows[0]))
    return "\n".join([".PP", ".TS", "tab(\t);", " ".join(formats) + ".", *shown, ".TE", ""])


@dataclass
class Writer:
    """Takes Markdown line by line; what belongs together is written together."""
    out: list[str] = field(default_factory=list)
    gathered: list[str] = field(default_factory=list)
    kind: str = ""  # of what is gathered: paragraph, item, table, code

    def flush(self) -> None:
        lines, self.gathered = self.gathered, []
        if not lines:
            return
        if self.kind == "table":
            rows = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in lines]
            self.out.append(table([row for row in rows if not re.fullmatch(r"[\s:-]+", "".join(row))
                                   or not "".join(row).strip()]))
        elif self.kind == "code":
            self.out.append(verbatim("\n".join(lines)))
        elif self.kind.startswith("item"):
            mark = self.kind.removeprefix("item") or r"\(bu"
            self.out.append(f".IP {mark} 3\n{inline(' '.join(' '.join(lines).split()))}\n")
        else:
            self.out.append(paragraph(" ".join(lines)))

    def begin(self, kind: str) -> None:
        self.flush()
        self.kind = kind

    def heading(self, level: int, text: str) -> None:
        self.begin("paragraph")
        macro = ".SH" if level <= 2 else ".SS"
        plain = LINK.sub(r"\1", text).replace("`", "").replace("**", "")
        self.out.append(f"{macro} {quoted(escape(plain if level > 2 else plain.upper()))}\n")


def from_markdown(text: str) -> str:
    """The body of a page. `#` of the first line is not shown."""
    writer = Writer()
    for line in re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL).split("\n"):
        if line.startswith("```"):
            writer.begin("code" if writer.kind != "code" else "paragraph")
        elif writer.kind == "code":
            writer.gathered.append(line)
        elif match := re.match(r"(#{1,6}) (.*)", line):
            if len(match.group(1)) > 1:
                writer.heading(len(match.group(1)), match.group(2))
        elif line.startswith("|"):
            if writer.kind != "table":
                writer.begin("table")
            writer.gathered.append(line)
        elif match := re.match(r"(?:- |\*  ?|(\d+)\. )(.*)", line):
            writer.begin("item" + (match.group(1) + "." if match.group(1) else ""))
            writer.gathered.append(match.group(2))
        elif not line.strip():
            writer.begin("paragraph")
        else:
            if writer.kind == "table":
                writer.begin("paragraph")
            writer.gathered.append(line)
    writer.flush()
    return "".join(writer.out)
