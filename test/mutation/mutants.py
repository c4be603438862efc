"""The mutants of a file: each changes one spot as a tired programmer would."""

import difflib
import re
from dataclasses import dataclass

from cxx_source import CODE, ENUM, FUNCTION, NAMESPACE, TYPE, VALUE, Source, Token

COMPARISON, BOUNDARY, CONSTANT, ARITHMETIC, LOGICAL, STATEMENT, RETURN = KINDS = (
    "comparison", "boundary", "constant", "arithmetic", "logical", "statement", "return")

OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
NEIGHBOUR = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
OTHER_SUM = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "|": "&",
             "&": "|", "^": "|"}
OTHER_STEP = {"+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "++": "--", "--": "++",
              "*=": "/=", "/=": "*=", "<<=": ">>=", ">>=": "<<="}
OTHER_LOGIC = {"&&": "||", "||": "&&"}
LIMITS = {"UINT64_MAX", "UINT32_MAX", "UINT16_MAX"}
INTEGER = re.compile(r"(0[xX][\da-fA-F']+|\d[\d']*)([uUlLzZ]*)$")

# Spans that are no behaviour: what a compiler checks, and what only finds our own bugs. To weaken an
# assertion changes nothing that a correct program does, so nothing can notice. The line that names a
# scheduler is read by the build, of which the copy has what it made.
ASSERTIONS = {"static_assert", "CONFLUX_CHECK", "CONFLUX_SCHEDULER", "assert"}
ASSERTING_FUNCTIONS = {"is_consistent"}

# A first word that makes a statement something else than an expression.
NO_EXPRESSION = {"return", "if", "for", "while", "do", "switch", "case", "default", "else", "using",
                 "const", "constexpr", "static", "auto", "try", "catch", "throw", "break",
                 "continue", "static_assert", "struct", "class", "enum", "typedef", "template"}
# What follows the name in an expression statement; in a declaration another name does.
AFTER_NAME = {"(", ".", "->", "=", "+=", "-=", "*=", "|=", "&=", "[", "++", "--"}
# A value of the type that means something else than the usual one.
OTHER_VALUE = {"Reason::NONE": "Reason::TUNNEL_CLOSED", "Outcome::kOk": "Outcome::kState"}
# `return {}` says the same.
EMPTY = {"{}", "0", "false", "std::nullopt", "nullptr", "Reason::NONE", "Outcome::kOk"}


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    start: int
    end: int
    replacement: str
    original: str
    kind: str
    function: str
    line_text: str
    only_called: bool = False  # it takes effect where its function is called, and nowhere else
    occurrence: int = 1  # among equal changes of equal lines of the function

    @property
    def key(self) -> str:
        """A name that survives changes elsewhere in the file."""
        return " | ".join((self.file, self.function or "-", self.kind,
                           " ".join(self.line_text.split()),
                           f"{squeeze(self.original)} -> {squeeze(self.replacement)}",
                           f"#{self.occurrence}"))

    def apply(self, text: str) -> str:
        return text[:self.start] + self.replacement + text[self.end:]

    def diff(self, text: str) -> str:
        return "".join(difflib.unified_diff(
            text.splitlines(keepends=True), self.apply(text).splitlines(keepends=True),
            f"a/{self.file}", f"b/{self.file}", n=1))


def squeeze(text: str) -> str:
    return " ".join(text.split()) or "nothing"


class Generator:
    """Finds all mutants of one file."""

    def __init__(self, source: Source):
        self.source = source
        self.found: list[Mutant] = []
        self.seen: set[tuple[int, int, str]] = set()
        self.counts: dict[str, int] = {}
        self.skipped = self._assertions()

    def run(self) -> list[Mutant]:
        for index, token in enumerate(self.source.tokens):
            if index in self.skipped or not self._is_behaviour(index):
                continue
            if token.kind == "operator":
                self._operator(index, token)
            elif token.kind == "number" or token.text in LIMITS:
                self._number(index, token)
            elif token.text in ("true", "false"):
                self._replace(index, "false" if token.text == "true" else "true", CONSTANT)
            if self.source.places[index].starts_statement:
                self._statement(index)
        return self.found

    def _assertions(self) -> set[int]:
        skipped: set[int] = set()
        tokens = self.source.tokens
        for index, token in enumerate(tokens):
            if token.text in ASSERTIONS and tokens[index + 1].text == "(":
                skipped.update(range(index, self.source.closing(index + 1) + 1))
            if token.text == "[[":
                skipped.update(range(index, self.source.closing(index) + 1))
            function = self.source.places[index].function
            if function.split("::")[-1] in ASSERTING_FUNCTIONS:
                skipped.add(index)
        return skipped

    def _is_behaviour(self, index: int) -> bool:
        """Bodies, and what names and members are set to; not enumerators nor types."""
        place = self.source.places[index]
        if place.scope in (*CODE, VALUE):
            return True
        return place.scope != ENUM and self._follows_equals(index)

    def _follows_equals(self, index: int) -> bool:
        for at in range(index - 1, -1, -1):
            text = self.source.tokens[at].text
            if text == "=":
                return True
            if text in (";", "{", "}", "using", "template"):
                return False
        return False

    def _operator(self, index: int, token: Token) -> None:
        text = token.text
        if self.source.tokens[index - 1].text == "operator":
            return
        if text in OTHER_STEP and text not in OTHER_SUM:
            self._replace(index, OTHER_STEP[text], ARITHMETIC)
        elif text == "!" and self.source.tokens[index + 1].text != "=":
            self._replace(index, "", LOGICAL)
        elif not self.source.is_spaced(index):
            return
        elif text in OPPOSITE:
            self._replace(index, OPPOSITE[text], COMPARISON)
            if text in NEIGHBOUR:
                self._replace(index, NEIGHBOUR[text], BOUNDARY)
        elif text in OTHER_LOGIC:
            self._replace(index, OTHER_LOGIC[text], LOGICAL)
        elif text in OTHER_SUM:
            self._replace(index, OTHER_SUM[text], ARITHMETIC)

    def _number(self, index: int, token: Token) -> None:
        if token.text in LIMITS:
            self._replace(index, f"({token.text} - 1)", CONSTANT)
            return
        match = INTEGER.match(token.text)
        if not match:
            return
        digits, suffix = match.group(1).replace("'", ""), match.group(2)
        value = int(digits, 0)
        for other in (value + 1, value - 1):
            if other >= 0:
                written = hex(other) if digits.lower().startswith("0x") else str(other)
                self._replace(index, written + suffix, CONSTANT)

    def _statement(self, index: int) -> None:
        tokens = self.source.tokens
        first = tokens[index].text
        if first == "return":
            self._return(index)
            return
        if first in ("break", "continue"):
            self._delete(index, index + 1)
            return
        if first in NO_EXPRESSION or first in ASSERTIONS or tokens[index].kind == "number":
            return
        if tokens[index].kind == "word" and not self._is_expression(index):
            return
        if tokens[index].kind != "word" and first not in ("++", "--", "*", "("):
            return
        self._delete(index, self._end_of_statement(index))

    def _is_expression(self, index: int) -> bool:
        tokens = self.source.tokens
        at = index + 1
        while at < len(tokens) and tokens[at].text == "::":
            at += 2
        return at < len(tokens) and tokens[at].text in AFTER_NAME

    def _end_of_statement(self, index: int) -> int:
        depth = 0
        for at in range(index, len(self.source.tokens)):
            text = self.source.tokens[at].text
            depth += (text in "([{") - (text in ")]}")
            if text == ";" and depth == 0:
                return at
        return len(self.source.tokens) - 1

    def _delete(self, first: int, last: int) -> None:
        """The statement up to its semicolon, which stays as an empty one."""
        self._record(self.source.tokens[first].start, self.source.tokens[last].start, "", STATEMENT,
                     first)

    def _return(self, index: int) -> None:
        last = self._end_of_statement(index)
        if self._is_guarded(index, last):
            self._delete(index, last)
        if last == index + 1:
            return
        start = self.source.tokens[index + 1].start
        end = self.source.tokens[last - 1].end
        value = self.source.text[start:end]
        if value in ("true", "false"):
            return  # a constant
        if value in OTHER_VALUE:
            self._record(start, end, OTHER_VALUE[value], RETURN, index)
        if value not in EMPTY:
            self._record(start, end, "{}", RETURN, index)

    def _is_guarded(self, index: int, last: int) -> bool:
        """Is there something after it that runs if it does not return?"""
        before = self.source.tokens[index - 1].text
        after = self.source.tokens[last + 1].text if last + 1 < len(self.source.tokens) else ""
        return after != "}" or self.source.places[index].scope != FUNCTION or before == ")"

    def _replace(self, index: int, text: str, kind: str) -> None:
        token = self.source.tokens[index]
        self._record(token.start, token.end, text, kind, index)

    def _record(self, start: int, end: int, replacement: str, kind: str, index: int) -> None:
        if (start, end, replacement) in self.seen:
            return
        self.seen.add((start, end, replacement))
        draft = Mutant(self.source.name, self.source.line_of(start), start, end, replacement,
                       self.source.text[start:end], kind, self.source.places[index].function,
                       self.source.line_text(start), self.source.places[index].only_called)
        count = self.counts[draft.key] = self.counts.get(draft.key, 0) + 1
        if count > 1:
            draft = Mutant(**{**draft.__dict__, "occurrence": count})
        self.found.append(draft)


def mutants_of(name: str, text: str) -> list[Mutant]:
    return Generator(Source(name, text)).run()
