"""A launch as a person writes it: ``x=f32[128,256]:random``, ``n=1024``, ``w=weights.npy``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hpctc.core.errors import UsageError
from hpctc.core.records import Tensor
from hpctc.emulate.records import Array
from hpctc.emulate.run import Buffers
from hpctc.emulate.unit import kernels

DTYPES = {
    "f16": "float16", "f32": "float32", "f64": "float64",
    "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64",
    "u8": "uint8", "u16": "uint16", "u32": "uint32", "u64": "uint64",
    "bool": "bool",
}  # fmt: skip
ARRAY = re.compile(r"(\w+)\[(\d+(?:\s*,\s*\d+)*)\](?::(.+))?")
FILLS = ("random", "normal", "zeros", "ones", "arange")
FORMS = "write NAME=f32[128,256]:random, NAME=file.npy or NAME=1024"
MOST_ELEMENTS = 1 << 31


@dataclass
class Request:
    """What the arguments of a command line add up to."""

    args: list[str | int | float] = field(default_factory=list)
    """In the kernel's order: array names and numbers."""
    arrays: dict[str, Array] = field(default_factory=dict)
    """Initial values; every array may be written."""

    def buffers(self) -> Buffers:
        """The arrays as buffers of a run."""
        tensors = [
            Tensor(name=name, shape=array.shape, dtype=array.dtype.name)
            for name, array in self.arrays.items()
        ]
        return Buffers(inputs=(), outputs=tuple(tensors))


def read_arguments(texts: Sequence[str], seed: int) -> Request:
    """Parse ``NAME=...`` arguments; random values come from ``seed``."""
    request, rng = Request(), np.random.default_rng(seed)
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"argument {text!r} is not NAME=VALUE", FORMS)
        if name in request.arrays:
            raise UsageError(f"there are two arrays {name!r}", FORMS)
        made = _value(name, value, rng)
        if isinstance(made, np.ndarray):
            request.arrays[name] = made
            request.args.append(name)
        else:
            request.args.append(made)
    return request


def choose_kernel(code: str, entry: str | None) -> str:
    """The kernel to launch: the one named, or the only one there is."""
    names = kernels(code)
    if entry is not None:
        return entry
    if len(names) == 1:
        return names[0]
    if not names:
        raise UsageError("the source has no __global__ function", "is it the right file?")
    raise UsageError(
        f"the source has {len(names)} kernels: {', '.join(names)}", "name one with --entry"
    )


def read_extent(text: str, what: str) -> tuple[int, int, int]:
    """``128`` or ``16,16`` or ``4,4,4`` as three extents."""
    parts = text.split(",")
    if not 1 <= len(parts) <= 3 or not all(p.strip().isdigit() for p in parts):
        raise UsageError(f"{what} {text!r} is not X, X,Y or X,Y,Z", f"write --{what} 32,8")
    x, y, z = [*(int(p) for p in parts), 1, 1][:3]
    return x, y, z


@dataclass(frozen=True)
class Summary:
    """An array in one line."""

    name: str
    kind: str
    """``float32[4,8]``."""
    changed: bool
    low: float | None
    """Smallest value that is no NaN; None: there is none."""
    high: float | None
    mean: float | None
    nans: int
    first: tuple[float, ...]
    """The first values."""


def summarise(before: Mapping[str, Array], after: Mapping[str, Array]) -> list[Summary]:
    """What became of every array."""
    return [_summary(name, before[name], array) for name, array in after.items()]


def save(arrays: Mapping[str, Array], path: Path) -> None:
    """Write arrays as one ``.npz`` file."""
    try:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    except OSError as problem:
        raise UsageError(f"cannot write {path}: {problem.strerror}") from None


def _summary(name: str, before: Array, after: Array) -> Summary:
    flat = after.reshape(-1).astype(np.float64)
    known = flat[~np.isnan(flat)]
    return Summary(
        name=name,
        kind=f"{after.dtype.name}[{','.join(map(str, after.shape))}]",
        changed=before.tobytes() != after.tobytes(),
        low=float(known.min()) if known.size else None,
        high=float(known.max()) if known.size else None,
        mean=float(known.mean()) if known.size else None,
        nans=int(flat.size - known.size),
        first=tuple(float(v) for v in flat[:6]),
    )


def _value(name: str, text: str, rng: np.random.Generator) -> Array | int | float:
    if array := ARRAY.fullmatch(text.strip()):
        dtype, extents, fill = array.groups()
        shape = tuple(int(e) for e in extents.split(","))
        return _filled(name, _dtype(dtype), shape, fill or "zeros", rng)
    if text.endswith(".npy"):
        return _loaded(text)
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float(text.removesuffix("f"))
    except ValueError:
        raise UsageError(f"argument {name}={text!r} is neither array nor number", FORMS) from None


def _dtype(text: str) -> str:
    if text in DTYPES or text in DTYPES.values():
        return DTYPES.get(text, text)
    raise UsageError(f"there is no element type {text!r}; there are {', '.join(DTYPES)}")


def _filled(
    name: str, dtype: str, shape: tuple[int, ...], fill: str, rng: np.random.Generator
) -> Array:
    if np.prod(shape, dtype=object) > MOST_ELEMENTS:
        raise UsageError(f"array {name} has more than {MOST_ELEMENTS} elements")
    if fill.endswith(".npy"):
        array = _loaded(fill)
        if array.shape != shape or array.dtype.name != dtype:
            had = f"{array.dtype.name}{list(array.shape)}"
            raise UsageError(f"{fill} holds {had}, not {dtype}{list(shape)}")
        return array
    if fill == "random":
        whole = np.dtype(dtype).kind in "iu"
        return (rng.integers(0, 100, shape) if whole else rng.random(shape)).astype(dtype)
    if fill == "normal":
        return rng.standard_normal(shape).astype(dtype)
    if fill == "arange":
        return np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    if fill in ("zeros", "ones"):
        return np.full(shape, fill == "ones", dtype)
    raise UsageError(f"{name} cannot be filled with {fill!r}", f"one of {', '.join(FILLS)}, F.npy")


def _loaded(path: str) -> Array:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as problem:
        raise UsageError(f"cannot read {path}: {problem}") from None
    if not isinstance(array, np.ndarray) or array.dtype.name not in DTYPES.values():
        raise UsageError(f"{path} holds no array of one of {', '.join(DTYPES.values())}")
    return np.ascontiguousarray(array)
