"""Whether the CUDA side of a pair can be launched from its record alone, judged without a GPU."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hpctc.core.records import Launch, Pair, Tensor

MOST_THREADS = 1024
MOST_BLOCK = (1024, 1024, 64)
MOST_GRID = (2**31 - 1, 65535, 65535)
MOST_SHARED = 166_912
"""Dynamic shared memory of a block on sm_80, in bytes (sm_90 has more)."""

CUDA_TYPES: Mapping[str, tuple[str, ...]] = {
    "float32": ("float",),
    "float16": ("half", "__half"),
    "float64": ("double",),
    "int32": ("int", "int32_t"),
    "int64": ("int64_t", "long", "long long"),
    "int8": ("signed char", "int8_t", "char"),
    "bool": ("bool", "signed char", "int8_t", "char", "unsigned char", "uint8_t"),
}
"""numpy dtype name -> the element types a kernel's pointer to it may have."""

_KERNEL = re.compile(
    r"__global__\s+void\s+(?:__launch_bounds__\s*\(\s*(?P<bound>\d+)[^)]*\)\s*)?"
    r"(?P<name>\w+)\s*\((?P<parameters>[^)]*)\)\s*(?P<end>[{;])"
)
_PARAMETER = re.compile(
    r"^(?P<const>const\s+)?(?P<type>[\w\s]+?)\s*(?P<pointer>\*?)\s*(?:__restrict__\s*)?(?P<name>\w+)$"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a kernel, as its signature says."""

    name: str
    type: str
    pointer: bool
    const: bool


@dataclass(frozen=True, slots=True)
class Kernel:
    """The signature of a ``__global__`` function."""

    name: str
    bound: int | None
    """Threads a block by ``__launch_bounds__``."""
    parameters: tuple[Parameter, ...]


def kernels(code: str) -> dict[str, Kernel]:
    """Name -> signature of every kernel that the text defines."""
    found = {}
    for match in _KERNEL.finditer(code):
        if match["end"] == "{":
            texts = [t.strip() for t in match["parameters"].split(",") if t.strip()]
            bound = int(match["bound"]) if match["bound"] else None
            parameters = tuple(p for t in texts if (p := _parameter(t)))
            found[match["name"]] = Kernel(match["name"], bound, parameters)
    return found


def problems(pair: Pair) -> list[str]:
    """What keeps the record from being launched; empty where nothing does."""
    defined = kernels(pair.cuda_code)
    launched = {launch.kernel for launch in pair.launches}
    found = [f"kernel {name} is never launched" for name in defined if name not in launched]
    buffers = {t.name: t for t in (*pair.inputs, *pair.outputs, *pair.intermediates)}
    if not pair.launches:
        found.append("there are no launches")
    for launch in pair.launches:
        if (kernel := defined.get(launch.kernel)) is None:
            found.append(f"kernel {launch.kernel} is not in the source")
        else:
            found += _geometry(launch, kernel)
            found += _arguments(launch, kernel, buffers)
    return found or list(_order(pair, defined))


def _geometry(launch: Launch, kernel: Kernel) -> Iterator[str]:
    threads = math.prod(launch.block)
    name = launch.kernel
    for what, extents, most in (
        ("block", launch.block, MOST_BLOCK),
        ("grid", launch.grid, MOST_GRID),
    ):
        if any(not 1 <= e <= m for e, m in zip(extents, most, strict=True)):
            yield f"{name}: {what} {extents} is outside 1..{most}"
    if threads > MOST_THREADS:
        yield f"{name}: {threads} threads a block; there may be {MOST_THREADS}"
    if kernel.bound is not None and threads > kernel.bound:
        yield f"{name}: {threads} threads a block, but __launch_bounds__({kernel.bound})"
    if not 0 <= launch.shared_bytes <= MOST_SHARED:
        yield f"{name}: {launch.shared_bytes} bytes of shared memory; there may be {MOST_SHARED}"


def _arguments(launch: Launch, kernel: Kernel, buffers: Mapping[str, Tensor]) -> Iterator[str]:
    if len(launch.args) != len(kernel.parameters):
        count = len(kernel.parameters)
        yield f"{launch.kernel}: {len(launch.args)} arguments for {count} parameters"
        return
    for argument, parameter in zip(launch.args, kernel.parameters, strict=True):
        where = f"{launch.kernel}: parameter {parameter.name}"
        if isinstance(argument, str) != parameter.pointer:
            yield f"{where} cannot be given {argument!r}"
        elif isinstance(argument, str):
            if (tensor := buffers.get(argument)) is None:
                yield f"{where} is given {argument!r}, which is no buffer of the pair"
            elif parameter.type not in CUDA_TYPES.get(tensor.dtype, ()):
                yield f"{where} is {parameter.type} *, but {argument} is {tensor.dtype}"


def _order(pair: Pair, defined: Mapping[str, Kernel]) -> Iterator[str]:
    """Every buffer is written before it is read, and every output is written."""
    known = {t.name for t in pair.inputs}
    for launch in pair.launches:
        roles = list(zip(launch.args, defined[launch.kernel].parameters, strict=True))
        for argument, parameter in roles:
            if isinstance(argument, str) and parameter.const and argument not in known:
                yield f"{launch.kernel} reads {argument} before it is written"
        known |= {a for a, p in roles if isinstance(a, str) and not p.const}
    for tensor in pair.outputs:
        if tensor.name not in known:
            yield f"no launch writes {tensor.name}"


def _parameter(text: str) -> Parameter | None:
    found = _PARAMETER.match(" ".join(text.split()))
    if found is None:
        return None
    return Parameter(
        found["name"], found["type"].strip(), bool(found["pointer"]), bool(found["const"])
    )
