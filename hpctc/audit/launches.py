"""The launches of a published record, inferred from its two sources.

The published layout has no launch configuration. What is inferred, and from what: the order from
the kernels' numeric suffixes; the block from ``__launch_bounds__`` (1 where absent), in two or
three dimensions from the shared arrays that its threads must fill; arguments and grids as
:mod:`hpctc.audit.binding` says. The grid is the smallest that writes what later kernels and the C
function need. A kernel that guards its stores, or whose blocks do not divide the extent, cannot be
fitted to another shape: that is kept as a contradiction. One without a guard whose block happens to
divide it can.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from hpctc.audit import csource
from hpctc.audit.binding import Bound, Search
from hpctc.audit.csource import CFunction
from hpctc.audit.kernels import Kernel, NotInferred, kernel
from hpctc.core.records import Launch, Tensor
from hpctc.dataset.hpctranseval import Published
from hpctc.syntax import tree
from hpctc.transpile import read, transpile


@dataclass(frozen=True)
class Runnable:
    """A published record with everything that running both of its sides takes."""

    name: str
    cuda_code: str
    c_code: str
    """As a compiler can read it."""
    entry: str
    args: tuple[str, ...]
    """Buffers in the order of the C function's parameters."""
    launches: tuple[Launch, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    intermediates: tuple[Tensor, ...] = ()
    contradictions: tuple[str, ...] = ()
    """Where the CUDA's extents are not the C's: no launch makes the two the same."""
    touched: tuple[tuple[str, int], ...] = ()
    """Buffer and elements up to the last one that either side touches, where that is beyond it."""

    def rules(self) -> str:
        """The CUDA as C by ``rules``: ``void default_function_kernel_rules(inputs, outputs)``."""
        return transpile(
            self.cuda_code, self.launches, self.inputs, self.outputs, self.intermediates, RULES
        )

    def padded(self) -> "Runnable":
        """The same with every buffer as large as what is touched of it."""
        extents = dict(self.touched)

        def grown(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return tuple(
                replace(t, shape=(extents[t.name],)) if t.name in extents else t for t in tensors
            )

        return replace(self, inputs=grown(self.inputs), outputs=grown(self.outputs))


RULES = "default_function_kernel_rules"


def candidates(record: Published) -> Iterator[Runnable]:
    """Possible launches of a record, the likely ones first; :class:`NotInferred` says why not.

    Those under which the CUDA writes all that the C writes come first; only where there are none,
    those come that leave something out, with their contradictions.
    """
    c = csource.read(record)
    kernels = read_kernels(record.cuda_code)
    search = Search(kernels, c)
    for strict in (True, False):
        first: Bound | None = None
        for bound in chain(search.guided(strict), search.run(strict)):
            if bound != first:
                first = first or bound
                yield _runnable(record, c, kernels, bound)
        if first is not None:
            return
    raise NotInferred(
        "the arguments of its kernels match no buffers of the C"
        if search.in_time
        else "the search for its arguments and grids took too long"
    )


def read_kernels(cuda_code: str) -> list[Kernel]:
    """The kernels of a source in the order of their numeric suffixes."""
    found = []
    for function in _functions(read(cuda_code).items):
        if "__global__" in function.storage and function.body is not None:
            suffix = re.search(r"_(\d+)$", function.name)
            found.append((int(suffix.group(1)) if suffix else 0, kernel(function)))
    if not found:
        raise NotInferred("the CUDA defines no kernel")
    return [k for _, k in sorted(found, key=lambda pair: pair[0])]


def _functions(items: tuple[tree.Item, ...]) -> Iterator[tree.Function]:
    for item in items:
        if isinstance(item, tree.Linkage):
            yield from _functions(item.items)
        elif isinstance(item, tree.Function):
            yield item


def _runnable(record: Published, c: CFunction, kernels: list[Kernel], bound: Bound) -> Runnable:
    """A record with one answer of the search."""
    extents: dict[str, int] = {n: e for n, e in c.extents.items() if e > c.sizes[n]}
    sizes: dict[str, tuple[int, str]] = {}
    launches = []
    said = [*c.contradictions, *bound.contradictions]
    for at, (shape, grid) in enumerate(zip(kernels, bound.grids, strict=True)):
        names = []
        for parameter, dtype in shape.dtypes.items():
            name = bound.buffers[at, parameter]
            names.append(name)
            extent = max(shape.touches(parameter, store, grid).extent for store in (True, False))
            if name not in c.sizes:
                sizes[name] = max(extent, sizes.get(name, (1, ""))[0]), dtype
            elif extent > c.sizes[name]:
                extents[name] = max(extent, extents.get(name, 0))
                if shape.touches(parameter, True, grid).extent > c.sizes[name]:
                    said.append(
                        f"no grid of {shape.name} writes the {c.sizes[name]} elements of {name}:"
                        f" the smallest that writes all of them writes {extent}"
                    )
        launches.append(
            Launch(
                kernel=shape.name, grid=grid, block=shape.block, shared_bytes=0, args=tuple(names)
            )
        )
    return Runnable(
        name=f"{record.group}/{record.index} {record.op_name}",
        cuda_code=record.cuda_code,
        c_code=csource.text(record.c_code),
        entry=c.entry,
        args=c.args,
        launches=tuple(launches),
        inputs=c.tensors(c.inputs),
        outputs=c.tensors(c.outputs),
        intermediates=tuple(
            Tensor(name=n, shape=(size,), dtype=dtype) for n, (size, dtype) in sizes.items()
        ),
        contradictions=tuple(dict.fromkeys(said)),
        touched=tuple(extents.items()),
    )
