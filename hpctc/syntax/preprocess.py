"""Macros, conditionals and comments, before the parser sees the text; includes and pragmas stay.

The work is pcpp's (a C99 preprocessor in Python). Lines keep their numbers, so that an error in
what comes out points into what went in.
"""

import io
import re
from collections.abc import Mapping
from pathlib import Path
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


def preprocess(
    source: str,
    name: str = "<source>",
    define: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Expand macros, resolve conditionals as nvcc does for the device; ``define`` adds macros.

    ``folder`` is where the source's own headers (``#include "tile.cuh"``) lie; what is not found
    there stays an include. A header's text takes the place of its include, on that one line.
    """
    reader = _Reader(name, folder.resolve() if folder is not None else None)
    for macro, value in {**CUDA, **(define or {})}.items():
        reader.define(f"{macro} {value}")
    out = io.StringIO()
    try:
        reader.parse(without_comments(source.removeprefix("\ufeff")), name)
        reader.write(out)
    except RecursionError:
        raise SourceError(f"{name} nests its macros too deeply") from None
    except (AttributeError, IndexError, TypeError, ValueError):
        # pcpp takes a directive apart without looking whether all of it is there
        raise SourceError(f"{name}: a directive is not complete") from None
    return _at_their_lines(out.getvalue(), name)


def _at_their_lines(text: str, name: str) -> str:
    """Put each line back to the number that pcpp's line directives give it."""
    placed: list[str] = []
    inside, main = False, Path(name).resolve()  # pcpp writes paths relative to where it runs
    for line in text.split("\n"):
        if found := re.match(r'#line (\d+) "(.*)"', line):
            inside = Path(found.group(2)).resolve() != main
            if not inside:
                placed += [""] * (int(found.group(1)) - 1 - len(placed))
        elif inside:
            if line and not line.startswith("#"):
                placed[-1:] = [f"{placed[-1] if placed else ''} {line}"]
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

    def __init__(self, name: str, folder: Path | None) -> None:
        super().__init__()
        self._folder = folder
        if folder is not None:
            self.add_path(str(folder))
        self.line_directive = "#line"
        self._name = name
        self._tokens = 0

    def on_include_not_found(self, *_: Any) -> None:
        raise pcpp.OutputDirective(pcpp.Action.IgnoreAndPassThrough)

    def on_file_open(self, is_system_include: bool, includepath: str) -> Any:
        """Open a header in quotes that lies in the source's folder, nothing else."""
        inside = self._folder is not None and Path(includepath).is_relative_to(self._folder)
        if is_system_include or not inside:
            raise OSError(includepath)
        return io.StringIO(without_comments(Path(includepath).read_text("utf-8", "replace")))

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
