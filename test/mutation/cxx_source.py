"""C++ as tokens with places and scopes: as much as is needed to change a file in one spot.

It is no parser. It relies on the layout that clang-format gives this tree: a binary operator has
blanks on both sides, a template's angle bracket has not.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""
    (?P<skip>[ \t\r\n]+ | //[^\n]* | /\*.*?\*/ | ^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<string>(?:u8|[uUL])?R"(?P<raw>[^(\s]*)\(.*?\)(?P=raw)"
             | (?:u8|[uUL])?"(?:\\.|[^"\\\n])*" | (?:u8|[uUL])?'(?:\\.|[^'\\\n])*')
  | (?P<number>\.?\d(?:[eEpP][+-]|'?[\w.])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<operator><=> | <<= | >>= | ->\* | \.\.\. | :: | -> | \+\+ | -- | << | >> | <= | >= | == | !=
             | && | \|\| | \+= | -= | \*= | /= | %= | &= | \|= | \^= | \[\[ | \]\] | .)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE)

CLOSING = {"(": ")", "[": "]", "[[": "]]", "{": "}"}
NAMESPACE, TYPE, ENUM, FUNCTION, BLOCK, VALUE = (
    "namespace", "type", "enum", "function", "block", "value")
CODE = (FUNCTION, BLOCK)
# Words between the parameters of a function and its body.
BEFORE_BODY = {")", "const", "noexcept", "override", "final", "mutable", "else", "do", "try"}


@dataclass(frozen=True)
class Token:
    kind: str  # string, number, word or operator
    text: str
    start: int
    end: int


@dataclass
class Scope:
    kind: str
    name: str = ""
    early: bool = False  # a function that may be evaluated or made before it is called
    parens: int = 0  # open round and square brackets since the scope began
    head: list[int] = field(default_factory=list)  # tokens since the last ; or brace


@dataclass(frozen=True)
class Place:
    """Where a token stands."""

    scope: str  # kind of the innermost scope
    function: str  # qualified name, or of the class, or ""
    parens: int
    starts_statement: bool
    only_called: bool  # in a function that is neither a template nor constexpr


def tokenize(text: str) -> list[Token]:
    tokens = []
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if match.group("skip") is not None:
            continue
        kind = next(name for name in ("string", "number", "word", "operator") if match.group(name))
        tokens.append(Token(kind, match.group(), match.start(), match.end()))
    return tokens


class Source:
    """A file, its tokens, and where each of them stands."""

    def __init__(self, name: str, text: str):
        self.name = name
        self.text = text
        self.tokens = tokenize(text)
        self.places: list[Place] = []
        self._find_places()

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def line_text(self, offset: int) -> str:
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return self.text[start:end if end >= 0 else len(self.text)]

    def is_spaced(self, index: int) -> bool:
        """Has a token blanks on both sides? So stands a binary operator."""
        token = self.tokens[index]
        return (self.text[token.start - 1:token.start].isspace()
                and self.text[token.end:token.end + 1].isspace())

    def closing(self, index: int) -> int:
        """The token that closes the bracket at `index`."""
        opening = self.tokens[index].text
        depth = 0
        for at in range(index, len(self.tokens)):
            text = self.tokens[at].text
            depth += (text == opening) - (text == CLOSING[opening])
            if depth == 0:
                return at
        return len(self.tokens) - 1

    def opening(self, index: int) -> int:
        """The token that opens the round bracket that closes at `index`."""
        depth = 0
        for at in range(index, -1, -1):
            text = self.tokens[at].text
            depth += (text == ")") - (text == "(")
            if depth == 0:
                return at
        return 0

    def _find_places(self) -> None:
        scopes = [Scope(NAMESPACE)]
        heads: list[bool] = []  # for each open parenthesis: does it belong to if, for, while?
        starts = True
        for index, token in enumerate(self.tokens):
            text = token.text
            if text == "}" and len(scopes) > 1:
                starts = scopes.pop().kind != VALUE
                self.places.append(self._place(scopes, False))
                if starts:
                    scopes[-1].head.clear()
                continue
            self.places.append(self._place(scopes, starts))
            starts = False
            scope = scopes[-1]
            if text == "{":
                kind, name = self._kind_of_brace(index, scopes)
                words = {self.tokens[at].text for at in scope.head}
                early = kind in (FUNCTION, TYPE) and bool(words & {"constexpr", "template"})
                scopes.append(Scope(kind, name, early))
                starts = kind != VALUE
                continue
            if text in "([":
                scope.parens += 1
                heads.append(text == "(" and self._heads_a_statement(index))
            elif text in ")]":
                scope.parens -= 1
                starts = bool(heads) and heads.pop()
            elif text == ";" and scope.parens == 0:
                starts = True
                scope.head.clear()
                continue
            elif text == "else" or (text == ":" and self._ends_a_label(index, scope)):
                starts = True
            scope.head.append(index)

    def _heads_a_statement(self, index: int) -> bool:
        before = [token.text for token in self.tokens[max(0, index - 2):index]]
        return bool(before) and (before[-1] in ("if", "for", "while", "switch")
                                 or before == ["if", "constexpr"])

    def _ends_a_label(self, index: int, scope: Scope) -> bool:
        if scope.kind not in CODE or scope.parens or not scope.head:
            return False
        first = next((at for at in reversed(scope.head)
                      if self.tokens[at].text in ("case", "default")), None)
        return first is not None and "?" not in (
            self.tokens[at].text for at in range(first, index))

    def _place(self, scopes: list[Scope], starts: bool) -> Place:
        names = [scope.name for scope in scopes if scope.kind in (TYPE, FUNCTION) and scope.name]
        called = (any(scope.kind == FUNCTION for scope in scopes)
                  and not any(scope.early for scope in scopes))
        return Place(scopes[-1].kind, "::".join(names), scopes[-1].parens,
                     starts and scopes[-1].kind in CODE and scopes[-1].parens == 0, called)

    def _kind_of_brace(self, index: int, scopes: list[Scope]) -> tuple[str, str]:
        scope = scopes[-1]
        head = [self.tokens[at].text for at in scope.head]
        before = self.tokens[index - 1].text if index else ""
        if scope.kind in CODE or scope.kind == VALUE:
            if self._opens_lambda(index):
                return FUNCTION, ""
            return (BLOCK if before in BEFORE_BODY | {"{", ";", "}", ":"} else VALUE), ""
        if scope.parens > 0:  # of a default argument
            return VALUE, ""
        if "namespace" in head:
            return NAMESPACE, ""
        if "enum" in head:
            return ENUM, ""
        if "(" in head:
            return self._function(head, before)
        for word in ("class", "struct", "union"):
            if word in head and "=" not in head:
                return TYPE, self._name_of_type(head)
        return VALUE, ""

    def _opens_lambda(self, index: int) -> bool:
        """[...] {, [...](...) {, and the same with -> Type before the brace."""
        at = index - 1
        while at > 0 and (self.tokens[at].kind == "word" or self.tokens[at].text in ("::", "<", ">")):
            at -= 1
        if self.tokens[at].text == "->":
            at -= 1
        elif at != index - 1 and self.tokens[index - 1].text not in ("mutable", "noexcept"):
            return False
        while self.tokens[at].text in ("mutable", "noexcept"):
            at -= 1
        if self.tokens[at].text == ")":
            at = self.opening(at) - 1
        return self.tokens[at].text == "]"

    @staticmethod
    def _function(head: list[str], before: str) -> tuple[str, str]:
        opening = head.index("(")
        # A constructor's list: `: member_{...}`. Its body follows a `}` or `)`.
        if before not in BEFORE_BODY | {"}"} and ":" in head[opening:]:
            return VALUE, ""
        if "=" in head[:opening]:
            return VALUE, ""
        name = head[opening - 1] if opening else ""
        at = opening - 2
        while at >= 1 and head[at] == "::":
            name = head[at - 1] + "::" + name
            at -= 2
        if "operator" in head[:opening]:
            name = "operator" + "".join(head[head.index("operator") + 1:opening])
        return FUNCTION, name

    @staticmethod
    def _name_of_type(head: list[str]) -> str:
        at = max(head.index(word) for word in ("class", "struct", "union") if word in head)
        names = [word for word in head[at + 1:] if re.match(r"[A-Za-z_]\w*$", word)
                 and word != "final"]
        return names[0] if names else ""
