"""Just enough C to see what a piece of code defines and uses; it need not be valid C."""

import re
from dataclasses import dataclass

_NOISE = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)" r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
    re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*\($")
_NOT_FUNCTIONS = frozenset({"if", "for", "while", "switch", "return", "sizeof", "__attribute__"})


@dataclass(frozen=True)
class Names:
    """What a source defines at file scope, and every word in it."""

    functions: frozenset[str]
    others: frozenset[str]
    """Macros, type names, tags and variables."""
    words: frozenset[str]

    @property
    def defined(self) -> frozenset[str]:
        """All that another block could need."""
        return self.functions | self.others


def names(code: str) -> Names:
    """Scan ``code``: comments, strings and preprocessor lines aside."""
    bare = _NOISE.sub(" ", code)
    macros = frozenset(_MACRO.findall(bare))
    words = frozenset(_WORD.findall(bare))
    functions: set[str] = set()
    others: set[str] = set()
    for head, body in _declarations(_DIRECTIVE.sub(" ", bare)):
        name = _function(head) if body else None
        if name is not None:
            functions.add(name)
        elif not head.rstrip().endswith(")"):  # a prototype defines nothing
            others.update(_WORD.findall(re.split(r"[=\[]", head)[0])[-1:])
    return Names(frozenset(functions), frozenset(others) | macros, words)


def _declarations(text: str) -> list[tuple[str, bool]]:
    """Split file scope into declarations: the words outside braces, and whether a body follows."""
    found: list[tuple[str, bool]] = []
    depth, head = 0, ""
    for character in text:
        if character == "{":
            depth += 1
            if depth == 1 and _function(head) is not None:
                found.append((head, True))
                head = ""
        elif character == "}":
            depth = max(depth - 1, 0)
        elif depth == 0 and character == ";":
            found.append((head, False))
            head = ""
        elif depth == 0:
            head += character
    return found


def _function(head: str) -> str | None:
    """The name in ``static void name(int x)``; None where ``head`` is no function's."""
    text = head.rstrip()
    if not text.endswith(")"):
        return None
    depth = 0
    for i in range(len(text) - 1, -1, -1):
        depth += (text[i] == ")") - (text[i] == "(")
        if depth == 0:
            match = _FUNCTION.search(text[: i + 1])
            name = match.group(1) if match else None
            return None if name in _NOT_FUNCTIONS else name
    return None
