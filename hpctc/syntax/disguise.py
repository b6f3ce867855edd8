"""Other texts for the same CUDA: names, indices and loops that a memory of the first does not fit.

A model that has seen a test task may answer it from memory. Its *contamination twin* (the idea is
that of GSM1k and of renamed code benchmarks, 2024) asks for the same in other words. These
functions only write the words; whether a twin still computes the same is for the caller to prove.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import isqrt

from tree_sitter import Node

from hpctc.core.records import Launch
from hpctc.syntax.tokens import located, read

WARP = 32

MOST_ROWS = 65535
"""Blocks of a grid in its second dimension, at most."""

Edit = tuple[int, int, str]
"""From this byte up to that one stands this text."""


@dataclass(frozen=True, slots=True)
class Worded:
    """A CUDA text and the launches that carry it out."""

    code: str
    launches: tuple[Launch, ...]


def renamed(given: Worded) -> Worded:
    """Every name that the text chose is another one; comments, which tell what is done, go."""
    found = list(located(given.code))
    taken = {token.text for token, _ in found}
    fresh = (f"q{n}" for n in range(len(found) + len(taken)) if f"q{n}" not in taken)
    names: dict[str, str] = {}
    edits = []
    for token, start in found:
        if token.kind == "name":
            new = names.setdefault(token.text, next(fresh) if token.text not in names else "")
            edits.append((start, start + len(token.text.encode()), new))
    edits += [(n.start_byte, n.end_byte, "") for n in _nodes(read(given.code), "comment")]
    code = re.sub(r"\n[ \t]*(?=\n)", "\n", _edited(given.code, edits)).lstrip("\n")
    return Worded(
        re.sub(r"\n{3,}", "\n\n", code),
        tuple(replace(n, kernel=names.get(n.kernel, n.kernel)) for n in given.launches),
    )


def relinearised(given: Worded) -> Worded | None:
    """Blocks and threads counted in two dimensions instead of one, or the other way round.

    Threads keep their place in the order that makes warps, so shuffles mean what they meant.
    None: there is nothing to change.
    """
    shapes: dict[str, set[tuple[tuple[int, ...], tuple[int, ...]]]] = {}
    for launch in given.launches:
        shapes.setdefault(launch.kernel, set()).add((launch.grid, launch.block))
    plans: dict[str, _Layout] = {}
    edits: list[Edit] = []
    for kernel, seen in shapes.items():
        ((grid, block), *others) = seen
        layout = _Layout.of(grid, block) if not others else None
        if layout is not None and (found := _indices(given.code, kernel, layout)):
            plans[kernel] = layout
            edits += found
    if not edits:
        return None
    return Worded(
        _edited(given.code, edits),
        tuple(
            replace(n, grid=plans[n.kernel].grid, block=plans[n.kernel].block)
            if n.kernel in plans
            else n
            for n in given.launches
        ),
    )


def loops_reordered(given: Worded) -> Iterator[Worded]:
    """Texts whose loops run in another order, the boldest first.

    First every two loops that are nested in each other directly change places, then every loop
    that counts up counts down, then the innermost ones alone. Which of them is legal shows when it
    is run: a running sum does not survive.
    """
    root = read(given.code)
    loops = list(_nodes(root, "for_statement"))
    innermost = [n for n in loops if sum(1 for _ in _nodes(n, "for_statement")) == 1]
    for edits in (list(_swapped(loops)), list(_backwards(loops)), list(_backwards(innermost))):
        if edits:
            yield replace(given, code=_edited(given.code, edits))


@dataclass(frozen=True, slots=True)
class _Layout:
    """A launch in two dimensions, and what stands for the indices of one."""

    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    words: Mapping[str, str]
    """``blockIdx.x`` -> the expression; likewise the extents."""

    @staticmethod
    def of(grid: tuple[int, ...], block: tuple[int, ...]) -> "_Layout | None":
        words = {f"gridDim.{d}": f"{n}u" for d, n in zip("xyz", grid, strict=True)}
        words |= {f"blockDim.{d}": f"{n}u" for d, n in zip("xyz", block, strict=True)}
        new_grid, new_block = grid, block
        if grid[1] == grid[2] == 1 and (rows := _divisor(grid[0])) > 1:
            # the slow dimension is x: what were neighbours no longer are
            new_grid = (rows, grid[0] // rows, 1)
            words["blockIdx.x"] = f"(blockIdx.x * {grid[0] // rows} + blockIdx.y)"
            words["blockIdx.y"] = "0u"
        elif max(grid[:2]) > 1 and grid[0] <= MOST_ROWS:
            new_grid = (grid[1], grid[0], grid[2])
            words |= {"blockIdx.x": "blockIdx.y", "blockIdx.y": "blockIdx.x"}
        if block[1] == block[2] == 1 and (lanes := _lanes(block[0])) > 1:
            new_block = (lanes, block[0] // lanes, 1)
            words["threadIdx.x"] = f"(threadIdx.y * {lanes} + threadIdx.x)"
            words["threadIdx.y"] = "0u"
        elif block[1] > 1 and block[2] == 1:
            new_block = (block[0] * block[1], 1, 1)
            words["threadIdx.x"] = f"(threadIdx.x % {block[0]})"
            words["threadIdx.y"] = f"(threadIdx.x / {block[0]})"
        if (new_grid, new_block) == (grid, block):
            return None
        return _Layout(_three(new_grid), _three(new_block), words)


def _three(extents: tuple[int, ...]) -> tuple[int, int, int]:
    x, y, z = extents
    return x, y, z


def _divisor(number: int) -> int:
    """The largest divisor up to the root; 1 for a prime."""
    return next(d for d in range(isqrt(number), 0, -1) if number % d == 0)


def _lanes(threads: int) -> int:
    """How many threads stay in a row: a warp, or what divides a block that has less."""
    return WARP if threads % WARP == 0 and threads > WARP else _divisor(threads)


def _indices(code: str, kernel: str, layout: _Layout) -> list[Edit]:
    """Where the kernel's text has an index that is to be another; nothing if it has none."""
    edits = []
    for function in _nodes(read(code), "function_definition"):
        if _name(function) != kernel:
            continue
        for member in _nodes(function, "field_expression"):
            new = layout.words.get("".join(_text(member).split()))
            if new is not None:
                edits.append((member.start_byte, member.end_byte, new))
    return edits if any("Idx" in new for _, _, new in edits) else []


def _swapped(loops: list[Node]) -> Iterator[Edit]:
    done: set[int] = set()
    for outer in loops:
        inner = _only_child(outer)
        if inner is None or outer.id in done or inner.id in done:
            continue
        heads = [_head(n) for n in (outer, inner)]
        counter = _counter(outer)
        if counter is None or re.search(rf"\b{re.escape(counter)}\b", heads[1][2]):
            continue
        done |= {outer.id, inner.id}
        yield heads[0][0], heads[0][1], heads[1][2]
        yield heads[1][0], heads[1][1], heads[0][2]


def _backwards(loops: list[Node]) -> Iterator[Edit]:
    for loop in loops:
        start, end, head = _head(loop)
        found = _COUNTS_UP.fullmatch(" ".join(head.split()))
        if found:
            name, first, bound = found["name"], found["first"], found["bound"]
            last = str(int(bound) - 1) if bound.isdigit() else f"({bound}) - 1"
            yield start, end, f"(int {name} = {last}; {name} >= {first}; --{name})"


_COUNTS_UP = re.compile(
    r"\( ?int (?P<name>\w+) = (?P<first>[^;]+); (?P=name) < (?P<bound>[^;]+); "
    r"(?:\+\+(?P=name)|(?P=name)\+\+|(?P=name) \+= 1) ?\)"
)


def _head(loop: Node) -> tuple[int, int, str]:
    """``(int i = 0; i < n; ++i)`` and where it stands."""
    opened = next(c for c in loop.children if c.type == "(")
    body = loop.child_by_field_name("body")
    closed = next(c for c in reversed(loop.children) if c.type == ")" and c != body)
    raw = loop.text or b""
    start, end = opened.start_byte, closed.end_byte
    return start, end, raw[start - loop.start_byte : end - loop.start_byte].decode()


def _counter(loop: Node) -> str | None:
    found = re.match(r"\(\s*int\s+(\w+)\s*=", _head(loop)[2])
    return found[1] if found else None


def _only_child(loop: Node) -> Node | None:
    """The loop that is all there is in a loop's body."""
    body = loop.child_by_field_name("body")
    while body is not None and body.type == "compound_statement":
        inside = [c for c in body.named_children if c.type != "comment"]
        body = inside[0] if len(inside) == 1 else None
    return body if body is not None and body.type == "for_statement" else None


def _name(function: Node) -> str:
    inner = function.child_by_field_name("declarator")
    while inner is not None and inner.type != "identifier":
        inner = inner.child_by_field_name("declarator")
    return _text(inner) if inner is not None else ""


def _nodes(root: Node, kind: str) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == kind:
            yield node
        waiting.extend(reversed(node.children))


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _edited(code: str, edits: list[Edit]) -> str:
    data = code.encode()
    for start, end, new in sorted(edits, reverse=True):
        data = data[:start] + new.encode() + data[end:]
    return data.decode()


WORDINGS: Mapping[str, Callable[[Worded], Iterator[Worded]]] = {
    "names": lambda given: iter([renamed(given)]),
    "index": lambda given: iter([found] if (found := relinearised(given)) else []),
    "loops": loops_reordered,
}
"""Kind of twin -> the texts that may be it, the one to prefer first."""


__all__ = ["WORDINGS", "Worded", "loops_reordered", "relinearised", "renamed"]
