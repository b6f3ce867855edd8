"""Run compiled CUDA on this machine's GPU, through the driver API and in a process of its own.

A kernel that faults leaves its context unusable for good, and a context does not survive a fork:
so every :func:`run` is a child, ``python -m hpctc.native.gpu``, that reads one :class:`Job` and
writes its outputs. Nothing but the driver (``libcuda.so.1``) is needed.
"""

import ctypes
import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from hpctc.core.errors import HpctcError
from hpctc.native.call import Array

DRIVER = "libcuda.so.1"

SCALARS: "Mapping[str, type[ctypes._SimpleCData[Any]]]" = {
    "bool": ctypes.c_bool,
    "char": ctypes.c_int8,
    "signed char": ctypes.c_int8,
    "int8_t": ctypes.c_int8,
    "unsigned char": ctypes.c_uint8,
    "uint8_t": ctypes.c_uint8,
    "int": ctypes.c_int32,
    "int32_t": ctypes.c_int32,
    "unsigned int": ctypes.c_uint32,
    "uint32_t": ctypes.c_uint32,
    "long": ctypes.c_int64,
    "long long": ctypes.c_int64,
    "int64_t": ctypes.c_int64,
    "size_t": ctypes.c_size_t,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
}
"""CUDA's spelling of a scalar parameter's type -> what is passed."""


class GpuError(HpctcError):
    """The driver refused, or the run did not come to its end."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """An argument by value."""

    type: str
    """A key of :data:`SCALARS`."""
    value: float

    def passed(self) -> "ctypes._SimpleCData[Any]":
        """What the driver is given the address of."""
        kind = SCALARS[self.type]
        return kind(self.value if kind in (ctypes.c_float, ctypes.c_double) else int(self.value))


@dataclass(frozen=True, slots=True)
class Step:
    """One kernel launch; a str among the arguments names a buffer."""

    kernel: str
    """Its symbol: ``extern "C"``."""
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared_bytes: int
    args: tuple[str | Scalar, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """Device code, buffers as they are before the first launch, launches, and what comes back."""

    image: bytes
    """A cubin, fatbin or PTX text."""
    buffers: Mapping[str, Array]
    steps: Sequence[Step]
    wanted: Sequence[str]
    """Names of buffers."""


@cache
def arch() -> str | None:
    """``sm_90`` for the first GPU of this machine; None: there is none that can be used."""
    try:
        driver = _Driver()
    except (OSError, GpuError):
        return None
    return driver.arch


def run(job: Job, seconds: float = 60.0) -> dict[str, Array]:
    """Carry a job out in a child.

    Raises:
        GpuError: A call of the driver failed (an illegal address, say), or time was up.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hpctc.native.gpu"],
            input=pickle.dumps(job),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GpuError(f"the GPU did not finish within {seconds:g} s") from None
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise GpuError(words[-1] if words else f"the GPU's process ended with {done.returncode}")
    made: dict[str, Array] = pickle.loads(done.stdout)
    return made


class _Driver:
    """The driver's calls, each checked, on the first device's primary context."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(DRIVER)
        self("cuInit", 0)
        device = ctypes.c_int()
        self("cuDeviceGet", ctypes.byref(device), 0)
        self._device = device

    def __call__(self, function: str, *args: object) -> None:
        status = int(getattr(self._library, function)(*args))
        if status != 0:
            raise GpuError(f"{function}: {self._words(status)}")

    def _words(self, status: int) -> str:
        text = ctypes.c_char_p()
        self._library.cuGetErrorString(status, ctypes.byref(text))
        return text.value.decode() if text.value else f"error {status}"

    @property
    def arch(self) -> str:
        """The device's architecture as compilers spell it."""
        major, minor = ctypes.c_int(), ctypes.c_int()
        self("cuDeviceGetAttribute", ctypes.byref(major), 75, self._device)
        self("cuDeviceGetAttribute", ctypes.byref(minor), 76, self._device)
        return f"sm_{major.value}{minor.value}"

    def enter(self) -> None:
        """Make the primary context current."""
        context = ctypes.c_void_p()
        self("cuDevicePrimaryCtxRetain", ctypes.byref(context), self._device)
        self("cuCtxSetCurrent", context)

    def carry_out(self, job: Job) -> dict[str, Array]:
        """Load, copy in, launch one after the other, copy out."""
        module = ctypes.c_void_p()
        self("cuModuleLoadData", ctypes.byref(module), job.image)
        places = {name: self._uploaded(values) for name, values in job.buffers.items()}
        for step in job.steps:
            self._launch(module, step, places)
        self("cuCtxSynchronize")
        return {name: self._downloaded(places[name], job.buffers[name]) for name in job.wanted}

    def _uploaded(self, values: Array) -> ctypes.c_uint64:
        place, data = ctypes.c_uint64(), np.ascontiguousarray(values)
        self("cuMemAlloc_v2", ctypes.byref(place), ctypes.c_size_t(max(data.nbytes, 1)))
        if data.nbytes:
            self("cuMemcpyHtoD_v2", place, _address(data), ctypes.c_size_t(data.nbytes))
        return place

    def _downloaded(self, place: ctypes.c_uint64, like: Array) -> Array:
        values = np.empty_like(like, order="C")
        if values.nbytes:
            self("cuMemcpyDtoH_v2", _address(values), place, ctypes.c_size_t(values.nbytes))
        return values

    def _launch(
        self, module: ctypes.c_void_p, step: Step, places: Mapping[str, ctypes.c_uint64]
    ) -> None:
        function = ctypes.c_void_p()
        self("cuModuleGetFunction", ctypes.byref(function), module, step.kernel.encode())
        if step.shared_bytes > 48 * 1024:  # beyond this a kernel has to be allowed to
            self("cuFuncSetAttribute", function, 8, ctypes.c_int(step.shared_bytes))
        held = [places[a] if isinstance(a, str) else a.passed() for a in step.args]
        pointers = (ctypes.c_void_p * len(held))(
            *(ctypes.cast(ctypes.pointer(h), ctypes.c_void_p) for h in held)
        )
        sizes = [ctypes.c_uint(e) for e in (*step.grid, *step.block, step.shared_bytes)]
        self("cuLaunchKernel", function, *sizes, None, pointers, None)
        self("cuCtxSynchronize")  # so that an error is told of the launch that made it


def _address(values: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(values.ctypes.data)


def _child() -> None:
    job: Job = pickle.load(sys.stdin.buffer)
    try:
        driver = _Driver()
        driver.enter()
        made = driver.carry_out(job)
    except (OSError, GpuError) as problem:
        sys.exit(str(problem))
    pickle.dump(made, sys.stdout.buffer)


if __name__ == "__main__":
    # Run as a module this file is __main__, but the job was pickled under its real name.
    from hpctc.native import gpu

    gpu._child()

__all__ = ["Job", "Scalar", "Step", "arch", "run"]
