"""Scheduled TIR -> CUDA text and the launches that the host would make.

TVM generates source without a GPU, nvcc or NVRTC. Its host function tells in which order the
kernels run, with which grids, on which buffers; parameters of a kernel are sorted by name, so
buffers are bound by the names that the calls give, never by position.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import tvm
import tvm_ffi
from tvm import tirx
from tvm.tirx.build import split_host_device_mods

from hpctc.core.records import Launch, Tensor
from hpctc.lower.cuda.guards import exposed
from hpctc.lower.cuda.rolled import rolled

MAX_THREADS = 1024
MAX_SHARED_BYTES = 48 * 1024
"""What a kernel may use without asking the driver for more."""


class Unlaunchable(Exception):
    """The lowered function cannot be written down as static launches."""


@dataclass(frozen=True)
class Emitted:
    """The CUDA side of one PrimFunc."""

    text: str
    """TVM's own text: preamble, declarations, kernels."""
    launches: tuple[Launch, ...]
    """In order; arguments are the function's parameters and ``scratch``, by name."""
    scratch: tuple[Tensor, ...]
    """Global buffers that the kernels hand on to each other."""


@cache
def target(arch: str, host: str = "c") -> tvm.target.Target:
    """The GPU, described in full: nothing is asked of a driver."""
    limits = {
        "max_threads_per_block": MAX_THREADS,
        "max_shared_memory_per_block": MAX_SHARED_BYTES,
        "thread_warp_size": 32,
        "registers_per_block": 65536,
    }
    return tvm.target.Target({"kind": "cuda", "arch": arch, **limits}, host=host)


def emit(func: tirx.PrimFunc, name: str, arch: str) -> Emitted:
    """Lower a scheduled function; TVM's errors and :class:`Unlaunchable` mean: schedule it anew."""
    if exposed(func):
        raise Unlaunchable(f"TVM would lose the bounds of a sum over threads in {name}")
    entry, device, text = _lowered(func, name, target(arch))
    scratch = {t.name: t for t in _allocations(entry)}
    kernels = {v.name_hint: f for v, f in device.functions.items()}
    for kernel in kernels.values():
        _check_shared(kernel)
    launches = tuple(_launch(call) for call in _calls(entry))
    known = {p.name for p in func.params} | set(scratch)
    for launch in launches:
        if not {a for a in launch.args if isinstance(a, str)} <= known:
            raise Unlaunchable(f"{launch.kernel} is called with unknown buffers {launch.args}")
    return Emitted(text, launches, tuple(scratch.values()))


def _lowered(func: tirx.PrimFunc, name: str, gpu: Any) -> tuple[tirx.PrimFunc, tvm.IRModule, str]:
    """The host function, the kernels and their text."""
    module = tvm.IRModule({name: rolled(func).with_attr("global_symbol", name)})
    pipeline, _, finish_device = tirx.get_default_tir_pipeline(gpu)
    # common subexpressions would be declared and then written out all the same
    plain = tvm.transform.PassContext(
        config={"tirx.disable_cse_tir": True, "tirx.UnrollLoop": {"explicit_unroll": False}}
    )
    try:
        with gpu, plain:
            lowered = pipeline(tirx.transform.BindTarget(gpu)(module))
        host, devices = split_host_device_mods(lowered)
        if len(devices) != 1 or len(host.functions) != 1:
            raise Unlaunchable(f"{name} has work outside of its kernels")
        ((kind, device),) = devices.items()
        device = finish_device()(device)
        text = tvm.get_global_func("target.build.cuda")(device, kind).inspect_source()
    except ValueError as problem:  # a check of TVM's that failed; it has no class of its own
        raise Unlaunchable(f"TVM cannot lower {name}: {problem}") from problem
    (entry,) = host.functions.values()
    return entry, device, text


def _nodes(function: tirx.PrimFunc, kind: type) -> list[Any]:
    """The nodes of a type in the body, in the order in which they are executed."""
    found: list[Any] = []
    tvm_ffi.structural_walk(function.body, (kind, found.append), order="pre")
    return found


def _calls(entry: tirx.PrimFunc) -> Iterator[Any]:
    """The kernel launches of a host function; a launch inside a loop or branch is refused."""
    calls = [c for c in _nodes(entry, tvm.ir.Call) if _is(c, "tirx.call_ffi_kernel")]
    for loop in [*_nodes(entry, tirx.For), *_nodes(entry, tirx.While)]:
        inside: list[Any] = []
        tvm_ffi.structural_walk(loop, (tvm.ir.Call, inside.append), order="pre")
        if any(_is(c, "tirx.call_ffi_kernel") for c in inside):
            raise Unlaunchable("the host launches kernels in a loop")
    yield from calls


def _is(call: Any, name: str) -> bool:
    return getattr(call.op, "name", "") == name


def _launch(call: Any) -> Launch:
    """One ``call_ffi_kernel(name, arguments..., extents...)`` as a record."""
    tags = [str(tag) for tag in call.attrs.launch_params]
    name, *given = call.args
    arguments, extents = given[: len(given) - len(tags)], given[len(given) - len(tags) :]
    if not all(isinstance(e, tirx.IntImm) for e in extents):
        raise Unlaunchable(f"{name.value} has a grid that depends on data")
    sizes = {tag: int(e.value) for tag, e in zip(tags, extents, strict=True)}
    grid = _triple(sizes, "blockIdx")
    block = _triple(sizes, "threadIdx")
    if block[0] * block[1] * block[2] > MAX_THREADS:
        raise Unlaunchable(f"{name.value} asks for {block} threads")
    dynamic = sizes.pop("tirx.use_dyn_shared_memory", 0)
    if sizes:
        raise Unlaunchable(f"{name.value} has launch parameters {sorted(sizes)}")
    return Launch(
        kernel=str(name.value),
        grid=grid,
        block=block,
        shared_bytes=dynamic,
        args=tuple(_argument(a) for a in arguments),
    )


def _triple(sizes: dict[str, int], axis: str) -> tuple[int, int, int]:
    x, y, z = (sizes.pop(f"{axis}.{letter}", 1) for letter in "xyz")
    return x, y, z


def _argument(expr: Any) -> str | int | float:
    """A buffer's name (from ``buffer.data``), or the value of a scalar."""
    if isinstance(expr, tirx.IntImm | tirx.FloatImm):
        value: int | float = expr.value
        return value
    buffer = expr.args[0] if isinstance(expr, tvm.ir.Call) and expr.args else expr
    if not isinstance(buffer, tvm.ir.Var):
        raise Unlaunchable(f"a kernel is called with {expr}")
    return str(buffer.name)


def _allocations(entry: tirx.PrimFunc) -> Iterator[Tensor]:
    """The global buffers that the host allocates."""
    names: set[str] = set()
    for node in _nodes(entry, tirx.AllocBuffer):
        tensor = _tensor(node.buffer)
        if tensor.name in names:
            raise Unlaunchable(f"two scratch buffers are called {tensor.name}")
        names.add(tensor.name)
        yield tensor


def _tensor(buffer: Any) -> Tensor:
    return Tensor(
        name=str(buffer.name),
        shape=tuple(int(n) for n in buffer.ty.shape),
        dtype=str(buffer.ty.dtype),
    )


def _check_shared(kernel: tirx.PrimFunc) -> None:
    """Refuse more static shared memory than a block has."""
    total = 0
    for node in _nodes(kernel, tirx.AllocBuffer):
        if str(node.buffer.scope()) == "shared":
            total += _bytes(node.buffer)
    if total > MAX_SHARED_BYTES:
        raise Unlaunchable(f"a kernel uses {total} bytes of shared memory")


def _bytes(buffer: Any) -> int:
    count = 1
    for extent in buffer.ty.shape:
        count *= int(extent)
    return count * max(1, int(tvm.DataType(str(buffer.ty.dtype)).bits) // 8)
