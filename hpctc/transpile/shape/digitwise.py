"""Loops over blocks and threads whose digits are asked for, as nests over these digits.

``for (bx < 12544) .. x[bx / 7 * 448 + bx % 7 * 8]`` is two loops without a division. The rounds
keep their order, so any body will do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.fold import constant, number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.scope import Local
from hpctc.transpile.shape import radix
from hpctc.transpile.shape.arithmetic import Arithmetic, rounds, span_of
from hpctc.transpile.shape.digits import Digits
from hpctc.transpile.shape.emit import loop
from hpctc.transpile.shape.guards import parts
from hpctc.transpile.shape.reduce import SHORT
from hpctc.transpile.statements import mutated
from hpctc.transpile.types import INT


def digitwise(body: Sequence[Any], kernel: Translated) -> tuple[Any, ...]:
    """The statements with such loops split, outside in."""
    return _Splitter(kernel).list(body)


def lowest(name: str, points: int, body: Sequence[Any], kernel: Translated) -> int | None:
    """The lowest cut that the addresses of a loop's body ask for; None where they ask for none."""
    chain = radix.cuts(radix.digits_in(_asked(body, name, points, kernel, {}), name), points)
    return chain[0] if chain else None


def _asked(
    body: Sequence[Any], name: str, points: int, kernel: Translated, known: Mapping[str, int]
) -> tuple[Any, ...]:
    """A loop's body with its variable in digits."""
    made = _arithmetic({name: points}, kernel, known)
    made.leaves[name] = made.digits.digit(name)
    return made.statements(body)


def _arithmetic(
    axes: Mapping[str, int], kernel: Translated, known: Mapping[str, int]
) -> Arithmetic:
    ranges = dict(kernel.folder.ranges) | {n: (0, e - 1) for n, e in known.items()}
    ints = {n: Local(INT) for n in (*known, "bx", "by", "bz", "tx", "ty", "tz")}
    locals_ = {n: Local(k) for n, k in kernel.scalars.items()} | kernel.locals
    return Arithmetic(Digits(ranges, axes), {**ints, **locals_}, kernel.constants, {})


class _Splitter:
    """Splits the loops of one kernel; ``known`` are the new variables, ``around`` the open ones."""

    def __init__(self, kernel: Translated) -> None:
        self.kernel = kernel
        self.around: list[str] = []
        self.known: dict[str, int] = {}

    def list(self, body: Sequence[Any]) -> tuple[Any, ...]:
        made: list[Any] = []
        for node in body:
            directive = made[-1].text if made and isinstance(made[-1], tree.Directive) else ""
            if isinstance(node, tree.For) and "collapse" not in directive:
                nest = self._loop(node, "simd" in directive)
                inside = self._inner(nest)
                if "simd" in directive and inside is not nest:
                    if "parallel" in directive:
                        made.append(node)
                        continue
                    made.pop()
                    nest = _directed(nest, inside, tree.Directive(directive))
                made.append(nest)
            else:
                made.append(self._below(node))
        return tuple(made)

    def _below(self, node: Any) -> Any:
        match node:
            case tree.Block(body):
                return tree.Block(self.list(body))
            case tree.If(_, then, otherwise):
                other = None if otherwise is None else tree.Block(self.list(parts(otherwise)))
                return replace(node, then=tree.Block(self.list(parts(then))), otherwise=other)
            case tree.For() | tree.While() | tree.Do():
                return replace(node, body=tree.Block(self.list(parts(node.body))))
            case _:
                return node

    def _loop(self, node: tree.For, vector: bool) -> Any:
        """The loop as a nest, with the loops inside done too; SIMD keeps rounds enough."""
        span, points = span_of(node), rounds(node)
        body = parts(node.body)
        left = any(isinstance(n, tree.Jump) for s in body for n in tree.walk(s))
        if span is None or constant(span[1]) != 0 or not points or left:
            return self._below(node)
        name = span[0]
        if any(name in mutated(s) for s in body):
            return self._below(node)
        asked = _asked(body, name, points, self.kernel, self.known)
        chain = radix.cuts(radix.digits_in(asked, name), points)
        if not chain or points % chain[-1] or (vector and chain[0] < SHORT):
            return self._below(node)
        names: list[str] = []
        for _ in (*chain, 1):
            names.append(radix.fresh({*self.kernel.used, *self.around, *names}))
        loops, whole = radix.split(radix.Axis(name, number(points), cuts=chain), names)
        self.known |= {x.name: int(x.points) for x in loops}
        second = _arithmetic({name: points}, self.kernel, self.known)
        second.whole[name] = whole
        self.around += names
        made = self.list(second.statements(asked))
        del self.around[-len(names) :]
        for each in reversed(loops):
            made = (loop(each.name, each.extent, made),)
        return made[0]

    def _inner(self, nest: Any) -> Any:
        """The innermost of the loops that one loop has become."""
        while isinstance(nest, tree.For) and len(parts(nest.body)) == 1:
            (one,) = parts(nest.body)
            span = span_of(one) if isinstance(one, tree.For) else None
            if span is None or span[0] not in self.known:
                break
            nest = one
        return nest


def _directed(nest: tree.For, inside: tree.For, directive: tree.Directive) -> Any:
    """The nest with a directive before its innermost loop."""
    if nest is inside:
        return tree.Block((directive, nest))
    (one,) = parts(nest.body)
    if one is inside:
        return replace(nest, body=tree.Block((directive, one)))
    return replace(nest, body=tree.Block((_directed(one, inside, directive),)))


__all__ = ["digitwise", "lowest"]
