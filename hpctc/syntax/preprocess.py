"""Macros, conditionals and comments, before the parser sees the text; includes and pragmas stay.

The work is pcpp's (a C99 preprocessor in Python). Lines keep their numbers, so that an error in
what comes out points into what went in.
"""

import io
import re
from collections.abc import Mapping
from typing import Any

import pcpp

from hpctc.syntax.parse import SourceError

CUDA = {
    "__CUDACC__": "1",
    "__NVCC__": "1",
    "__CUDA_ARCH__": "800",
    "__CUDACC_VER_MAJOR__": "13",
    "__cplusplus": "201703L",
    "CUDART_INF_F": "__int_as_float(0x7f800000)",
    "CUDART_NAN_F": "__int_as_float(0x7fffffff)",
    "CUDART_PI_F": "3.141592654f",
}
"""What nvcc defines by itself for device code of sm_80, and the constants of its headers."""

MOST_TOKENS = 2_000_000
"""Macro expansion is cut off there: a few lines can ask for more than any memory holds."""

_COMMENT = re.compile(
    r'//(?:\\\n|[^\n])*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S
)


def preprocess(source: str, name: str = "<source>", define: Mapping[str, str] | None = None) -> str:
    """Expand macros, resolve conditionals as nvcc does for the device; ``define`` adds macros."""
    reader = _Reader(name)
    for macro, value in {**CUDA, **(define or {})}.items():
        reader.define(f"{macro} {value}")
    reader.parse(without_comments(source), name)
    out = io.StringIO()
    try:
        reader.write(out)
    except RecursionError:
        raise SourceError(f"{name} nests its macros too deeply") from None
    return _at_their_lines(out.getvalue())


def _at_their_lines(text: str) -> str:
    """Put each line back to the number that pcpp's line directives give it."""
    placed: list[str] = []
    for line in text.split("\n"):
        if found := re.match(r"#line (\d+)", line):
            placed += [""] * (int(found.group(1)) - 1 - len(placed))
        else:
            placed.append(line)
    return "\n".join(placed)


def without_comments(source: str) -> str:
    """The source with each comment replaced by a space and the newlines that it held."""

    def blank(match: re.Match[str]) -> str:
        text = match.group()
        return " " + "\n" * text.count("\n") if text.startswith("/") else text

    return _COMMENT.sub(blank, source)


class _Reader(pcpp.Preprocessor):  # type: ignore[misc]
    """pcpp, told to leave includes alone, to keep line numbers and to report as we do."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.line_directive = "#line"
        self._name = name
        self._tokens = 0

    def on_include_not_found(self, *_: Any) -> None:
        raise pcpp.OutputDirective(pcpp.Action.IgnoreAndPassThrough)

    def on_error(self, _file: str, line: int, message: str) -> None:
        raise SourceError(f"{self._name}:{line}: {message}")

    def on_directive_handle(self, directive: Any, tokens: list[Any], *rest: Any) -> Any:
        if directive.value == "error":
            words = "".join(t.value for t in tokens).strip()
            raise SourceError(f"{self._name}:{directive.lineno}: #error {words}")
        return super().on_directive_handle(directive, tokens, *rest)

    def on_unknown_macro_in_defined_expr(self, _tok: Any) -> bool:
        return False

    def on_unknown_macro_in_expr(self, _ident: str) -> int:
        return 0

    def expand_macros(self, tokens: list[Any], *rest: Any) -> list[Any]:
        expanded: list[Any] = super().expand_macros(tokens, *rest)
        self._tokens += len(expanded)
        if self._tokens > MOST_TOKENS:
            raise SourceError(f"{self._name}: its macros expand to more than {MOST_TOKENS} tokens")
        return expanded
