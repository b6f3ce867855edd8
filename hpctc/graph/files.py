"""Graphs in files: one reader for every command that takes them."""

import sys
from pathlib import Path

from hpctc.core.errors import UsageError
from hpctc.graph.errors import GraphError
from hpctc.graph.ir import Graph
from hpctc.graph.syntax import LONGEST
from hpctc.graph.text import parse_many


def read_graphs(path: Path) -> list[Graph]:
    """All graphs of a text file, or of the standard input if ``path`` is ``-``; at least one."""
    source = "<stdin>" if str(path) == "-" else str(path)
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(LONGEST + 1)
        else:
            with path.open("rb") as handle:
                raw = handle.read(LONGEST + 1)
    except OSError as problem:
        raise UsageError(
            f"cannot read {source}: {problem.strerror}", "name a file of graphs, or - for stdin"
        ) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise GraphError(
            f"{source} is not text: byte {problem.start} is no UTF-8",
            "a graph file holds `graph name(x: f32[2, 3]) { ... }`",
        ) from None
    return parse_many(text, source)
