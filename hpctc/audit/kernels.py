"""A published kernel: its parameters, its block, and what a grid of it reads and writes."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from hpctc.audit.accesses import Accesses, accesses
from hpctc.audit.footprint import Ranges, Touched, touched
from hpctc.audit.values import Unknown, evaluate
from hpctc.syntax import tree

Extents = tuple[int, int, int]

DTYPES = {
    "float": "float32", "double": "float64",
    "half": "float16", "__half": "float16", "_Float16": "float16",
    "int": "int32", "int32_t": "int32", "int64_t": "int64", "long": "int64", "long long": "int64",
    "signed char": "int8", "int8_t": "int8", "char": "int8", "uint8_t": "uint8",
    "unsigned char": "uint8", "bool": "bool", "_Bool": "bool", "unsigned int": "uint32",
    "uint32_t": "uint32", "short": "int16", "int16_t": "int16",
}  # fmt: skip
"""C's element types -> numpy's names."""

XYZ = "xyz"


class NotInferred(Exception):
    """Why the launches of a record cannot be told from its text."""


def base(name: str) -> str:
    """A buffer's name without the number that tells it from others of the same name."""
    return re.sub(r"_\d+$", "", name)


def element(kind: tree.Type) -> str | None:
    """The numpy name of what a pointer points to; None: it is no such pointer."""
    while isinstance(kind, tree.Qualified):
        kind = kind.of
    if not isinstance(kind, tree.Pointer | tree.Array):
        return None
    inner = kind.to if isinstance(kind, tree.Pointer) else kind.of
    while isinstance(inner, tree.Qualified):
        inner = inner.of
    return DTYPES.get(inner.name) if isinstance(inner, tree.Named) else None


@dataclass
class Kernel:
    """A ``__global__`` function whose parameters are all pointers."""

    function: tree.Function
    block: Extents
    _cache: dict[object, Touched] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """As the source spells it."""
        return self.function.name

    @cached_property
    def accesses(self) -> Accesses:
        """What its text touches."""
        return accesses(self.function)

    @cached_property
    def dtypes(self) -> Mapping[str, str]:
        """Parameter -> element type, in order."""
        found = {}
        for parameter in self.function.parameters:
            kind = element(parameter.type)
            if kind is None:
                raise NotInferred(
                    f"{self.name} has the parameter {parameter.name}, whose value nothing records"
                )
            found[parameter.name] = kind
        return found

    @cached_property
    def written(self) -> tuple[str, ...]:
        """Parameters that it stores to, in the order of their first store."""
        stored = dict.fromkeys(a.buffer for a in self.accesses.found if a.store)
        return tuple(p for p in stored if p in self.dtypes)

    @cached_property
    def read(self) -> tuple[str, ...]:
        """Parameters whose content from before the launch may matter, by their first load."""
        loaded = dict.fromkeys(a.buffer for a in self.accesses.found if not a.store)
        kept = (p for p in loaded if p in self.dtypes)
        return tuple(p for p in kept if not self.accesses.first_is_store(p))

    @cached_property
    def grid_axes(self) -> str:
        """Which of x, y, z its blocks are told apart by."""
        words = _words(self.function)
        return "".join(c for c in XYZ if f"blockIdx.{c}" in words)

    def touches(self, parameter: str, store: bool, grid: Extents) -> Touched:
        """What a launch with this grid writes to, or reads of, a parameter."""
        key = (parameter, store, grid)
        if key not in self._cache:
            ranges = self._ranges({c: (0, n) for c, n in zip(XYZ, grid, strict=True)})
            self._cache[key] = touched(self.accesses.of(parameter, store), ranges)
        return self._cache[key]

    def block_touches(self, name: str, at: Extents, store: bool = True) -> Touched:
        """What one block writes to, or reads of, a parameter or shared array."""
        ranges = self._ranges({c: (n, n + 1) for c, n in zip(XYZ, at, strict=True)})
        return touched(self.accesses.of(name, store), ranges)

    def _ranges(self, blocks: Mapping[str, tuple[int, int]]) -> Ranges:
        found = {f"blockIdx.{c}": span for c, span in blocks.items()}
        for c, extent in zip(XYZ, self.block, strict=True):
            found[f"threadIdx.{c}"] = (0, extent)
            found[f"blockDim.{c}"] = (extent, extent + 1)
        return found


def kernel(function: tree.Function) -> Kernel:
    """A kernel with the block that its ``__launch_bounds__`` and its indices ask for."""
    bound = 1
    for attribute in function.attributes:
        if attribute.name == "__launch_bounds__" and attribute.args:
            first = attribute.args[0]
            try:
                bound = int(evaluate(first, {})) if isinstance(first, tree.Expr) else 1
            except Unknown:
                raise NotInferred(f"{function.name} has launch bounds that are no number") from None
    words = _words(function)
    used = [c for c in XYZ if f"threadIdx.{c}" in words]
    if used in ([], ["x"]):
        return Kernel(function, (bound, 1, 1))
    candidates = list(_shapes(function, bound, used))
    fits = [k for k in candidates if _fits_shared(k, whole=True)]
    fits = fits or [k for k in candidates if _fits_shared(k, whole=False)]
    if not fits:
        raise NotInferred(f"no block of {bound} threads fits the indices of {function.name}")
    best = max(_stored(k) for k in fits)
    fits = [k for k in fits if _stored(k) == best]
    if len(fits) > 1:
        listed = ", ".join(str(k.block) for k in fits)
        raise NotInferred(f"{function.name} may have any of the blocks {listed}")
    return fits[0]


def _words(function: tree.Function) -> set[str]:
    """``blockIdx.x`` and the like, as far as the function uses them."""
    return {
        f"{n.base.name}.{n.name}"
        for n in tree.walk(function)
        if isinstance(n, tree.Member) and isinstance(n.base, tree.Name)
    }


def _shapes(function: tree.Function, bound: int, used: list[str]) -> Iterator[Kernel]:
    """All ways to factor the threads of a block over the dimensions in use.

    None of them is 1: of such a dimension the compiler would have left no trace.
    """
    divisors = [n for n in range(2, bound + 1) if bound % n == 0]
    plain = Kernel(function, (1, 1, 1))
    for extents in itertools.product(divisors, repeat=len(used)):
        if math.prod(extents) == bound:
            named = dict(zip(used, extents, strict=True))
            x, y, z = (named.get(c, 1) for c in XYZ)
            yield replace(plain, block=(x, y, z), _cache={})


def _fits_shared(shape: Kernel, whole: bool) -> bool:
    """Whether a block writes what it reads of its shared arrays, and no element beyond them.

    ``whole``: and every element that there is; only padded arrays have others.
    """
    for node in tree.walk(shape.function):
        if not isinstance(node, tree.Variable) or "__shared__" not in node.storage:
            continue
        size = _size(node.type)
        written = shape.block_touches(node.name, (0, 0, 0))
        loaded = shape.block_touches(node.name, (0, 0, 0), store=False)
        if size is None or not written.known:
            continue
        if written.extent > size or loaded.extent > size:
            return False
        if whole and written.mask.sum() < size:
            return False
        if loaded.exact and loaded.join(written).mask.sum() > written.mask.sum():
            return False
    return True


def _stored(shape: Kernel) -> int:
    """Elements that one block stores: threads that repeat each other's work are no good shape."""
    return sum(int(shape.block_touches(p, (0, 0, 0)).mask.sum()) for p in shape.written)


def _size(kind: tree.Type) -> int | None:
    if not isinstance(kind, tree.Array) or kind.size is None:
        return None
    try:
        inner = _size(kind.of) if isinstance(kind.of, tree.Array) else 1
        return None if inner is None else int(evaluate(kind.size, {})) * inner
    except Unknown:
        return None
