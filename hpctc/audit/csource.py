"""The C function of a published record: its parameters, what it reads and writes, their sizes."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hpctc.audit.accesses import Accesses, accesses
from hpctc.audit.footprint import touched
from hpctc.audit.kernels import NotInferred, base, element
from hpctc.audit.values import Array
from hpctc.core.records import Tensor
from hpctc.dataset.hpctranseval import KERNEL, Published
from hpctc.syntax import tree
from hpctc.syntax.parse import parse
from hpctc.syntax.preprocess import preprocess

PRELUDE = """#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#define max(a, b) ((a) > (b) ? (a) : (b))
#define min(a, b) ((a) < (b) ? (a) : (b))
"""
"""What the published functions take for granted."""


@dataclass(frozen=True)
class Nest:
    """An outermost loop: the arrays outside of it that it writes, and those that it reads."""

    written: tuple[str, ...]
    """In the order of their first store."""
    read: tuple[str, ...]
    """In the order of their first load; what it writes before it reads is not among them."""


@dataclass(frozen=True)
class CFunction:
    """A C function with the roles and sizes of its arguments."""

    entry: str
    args: tuple[str, ...]
    """In its own order."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    """In the order in which they are first written."""
    dtypes: Mapping[str, str]
    sizes: Mapping[str, int]
    """Elements that the record says there are."""
    shapes: Mapping[str, tuple[int, ...]]
    reads: Mapping[str, Array]
    """Input -> boolean by element, where the code alone says what is read."""
    extents: Mapping[str, int]
    """Elements up to the last one touched, as far as the code says it."""
    nests: tuple["Nest", ...]
    """What each of its outermost loops hands on, in order."""
    contradictions: tuple[str, ...] = field(default=())
    """Shapes that the code does not bear out."""

    def telling(self, name: str) -> bool:
        """Whether a kernel that says this name must mean this argument.

        Of ``ph`` and ``ph_1`` each kernel says ``ph``, whichever it uses; ``ph_0`` and ``ph_3``
        were told apart before the kernels were split, and so was a name that nothing is like.
        """
        stem = base(name)
        return stem not in self.args or [base(a) for a in self.args].count(stem) == 1

    def tensors(self, names: Sequence[str]) -> tuple[Tensor, ...]:
        """Arguments as records."""
        return tuple(Tensor(name=n, shape=self.shapes[n], dtype=self.dtypes[n]) for n in names)


def text(code: str) -> str:
    """The C as a compiler can read it: with the headers that it takes for granted."""
    return code if "#include" in code else PRELUDE + code


def read(record: Published) -> CFunction:
    """Parse the C of a record and hold it against the record's shapes."""
    unit = parse(preprocess(record.c_code, "c_code"), "c_code")
    defined = [i for i in unit.items if isinstance(i, tree.Function) and i.body is not None]
    function = next((f for f in defined if f.name == KERNEL), defined[-1] if defined else None)
    if function is None:
        raise NotInferred("the C defines no function")
    dtypes: dict[str, str] = {}
    for parameter in function.parameters:
        if (kind := element(parameter.type)) is None:
            raise NotInferred(f"the C takes {parameter.name}, which is no array")
        dtypes[parameter.name] = kind
    found = accesses(function)
    inputs, outputs = _roles(function, found, record)
    reads, extents = {}, {}
    for name in dtypes:
        what = touched(found.of(name), {})
        extents[name] = what.extent
        if name in inputs and what.known and found.of(name):
            reads[name] = what.mask
    shapes: dict[str, tuple[int, ...]] = {}
    said: list[str] = []
    for role, names, given, spelled in (
        ("input", inputs, record.input_shape, record.input_name),
        ("output", outputs, record.output_shape, record.output_name),
    ):
        matched, complaints = _sized(role, names, given, spelled or (), extents)
        shapes.update(matched)
        said += complaints
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    return CFunction(
        function.name, tuple(dtypes), inputs, outputs, dtypes, sizes, shapes, reads, extents,
        tuple(_nests(function)), tuple(said),
    )  # fmt: skip


def _roles(
    function: tree.Function, found: Accesses, record: Published
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inputs in the function's order, outputs in the order in which they are first written."""
    written = list(dict.fromkeys(a.buffer for a in found.found if a.store))
    spelled = {_identifier(n) for n in record.output_name or ()}
    for parameter in function.parameters:
        name = parameter.name
        if name in found.escaped and name not in written:
            pointer = parameter.type
            const = isinstance(pointer, tree.Pointer) and isinstance(pointer.to, tree.Qualified)
            if name in spelled or not (const or spelled or found.of(name)):
                written.append(name)
    names = [p.name for p in function.parameters]
    outputs = tuple(n for n in written if n in names)
    for name in outputs:
        if found.of(name) and not found.first_is_store(name):
            raise NotInferred(f"the C reads {name} before it writes it")
    if not outputs:
        raise NotInferred("the C writes none of its arguments")
    return tuple(n for n in names if n not in outputs), outputs


def _nests(function: tree.Function) -> Iterator[Nest]:
    body = function.body.body if function.body is not None else ()
    outside = {p.name for p in function.parameters}
    for statement in body:
        if isinstance(statement, tree.Declaration):
            outside |= {v.name for v in statement.variables if isinstance(v.type, tree.Array)}
        elif isinstance(statement, tree.For):
            found = accesses(replace(function, body=tree.Block((statement,))))
            held = [a for a in found.found if a.buffer in outside]
            written = dict.fromkeys(a.buffer for a in held if a.store)
            loaded = dict.fromkeys(a.buffer for a in held if not a.store)
            read = tuple(b for b in loaded if not found.first_is_store(b))
            yield Nest(tuple(written), read)


def _identifier(name: str) -> str:
    """How C spells a published name: ``dft_cpu.v0`` is ``dft_cpu_v0``."""
    return re.sub(r"\W", "_", name)


def _sized(
    role: str,
    names: Sequence[str],
    given: Sequence[tuple[int, ...]],
    spelled: Sequence[str],
    extents: Mapping[str, int],
) -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """Argument -> shape: by name where that is told, else the shape that the code fills best."""
    made: dict[str, tuple[int, ...]] = {}
    said = []
    left = list(range(len(given)))
    plain = [_identifier(n) for n in spelled]
    named = len(plain) == len(given) and len(set(plain)) == len(plain)
    for name in names:
        if named and name in plain:
            made[name] = given[plain.index(name)]
            left.remove(plain.index(name))
    for name in sorted((n for n in names if n not in made), key=lambda n: -extents[n]):
        pool = left or list(range(len(given)))
        if not pool:
            made[name] = (extents[name],)
            said.append(f"the record has no shape for {role} {name}")
            continue
        best = min(pool, key=lambda i: _misfit(math.prod(given[i]), extents[name], i))
        made[name] = given[best]
        if best in left:
            left.remove(best)
    for name, shape in made.items():
        size, extent = math.prod(shape), extents[name]
        short = role == "output" and 0 < extent < size
        if extent > size or short:
            verb = "writes" if role == "output" else "reads"
            said.append(f"the C {verb} {extent} elements of {name}, the record says {size}")
    return made, said


def _misfit(size: int, extent: int, position: int) -> tuple[bool, int, int]:
    return extent > size, abs(size - extent), position
