"""Compile CUDA text without a GPU, by NVRTC or nvcc: does it compile, and what does it spill?

NVRTC (the ``cuda`` extra) is a library and takes hundredths of a second; nvcc starts a dozen
programs and takes the better part of one. :func:`device_code` keeps what they make, for a GPU.

nvcc can be run in a jail (``wrap``). NVRTC cannot: it is a library in our own process. What a
source makes it read can come back as words of a complaint and nowhere else; what it makes runs on
no CPU.
"""

import ctypes
import importlib.util
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from hpctc.core.errors import HpctcError
from hpctc.native.compiler import SCRATCH, run_group

SECONDS = 120.0
"""What nvcc may take."""

ARCHS = ("sm_80", "sm_90")
"""What every kernel is compiled for: A100 and H100."""

Tool = Literal["nvrtc", "nvcc"]

STANDARD = "c++17"


@dataclass(frozen=True, slots=True)
class CudaBuilt:
    """What a compiler made of a CUDA source."""

    ok: bool
    log: str
    """Its complaints, at most 4,000 characters; empty where there are none."""
    registers: int = 0
    """Most registers a thread, over kernels and architectures."""
    spill_bytes: int = 0
    """Most bytes a thread stores to local memory for want of registers."""


def tool(code: str = "") -> Tool | None:
    """The quickest compiler of this machine that can take this source; None: there is none."""
    if nvrtc_library() is not None and ("#include" not in code or _headers() is not None):
        return "nvrtc"
    return "nvcc" if shutil.which("nvcc") is not None else None


def compile_check(
    code: str, using: Tool, archs: Sequence[str] = ARCHS, wrap: Sequence[str] = ()
) -> CudaBuilt:
    """Compile a source to device code for all ``archs``.

    ``wrap`` are the words of a command that runs nvcc in a jail; :data:`SCRATCH` in them becomes
    the folder in which it works.
    """
    if using == "nvcc":
        return _nvcc(code, archs, wrap)
    built = [_nvrtc(code, arch) for arch in archs]
    failed = [b for b in built if not b.ok]
    return CudaBuilt(
        not failed,
        failed[0].log if failed else "",
        max(b.registers for b in built),
        max(b.spill_bytes for b in built),
    )


def device_code(code: str, arch: str, using: Tool, wrap: Sequence[str] = ()) -> bytes:
    """A source as machine code for one architecture; ``wrap`` as in :func:`compile_check`.

    Raises:
        HpctcError: The compiler refused it.
    """
    if using == "nvrtc":
        built, image = _nvrtc_image(code, arch)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            made = Path(scratch) / "kernel.cubin"
            built = _nvcc_run(code, ["-cubin", f"-arch={arch}"], made, wrap)
            image = made.read_bytes() if built.ok else b""
    if not built.ok:
        raise HpctcError(f"{using} does not compile the CUDA for {arch}", built.log[:500])
    return image


@cache
def nvrtc_library() -> ctypes.CDLL | None:
    """NVRTC as it was installed by pip beside us, or as the system's loader finds it."""
    for path in _pip_libraries("libnvrtc.so.*"):
        for builtins in path.parent.glob("libnvrtc-builtins.so.*"):
            ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
        return ctypes.CDLL(str(path))
    for name in ("libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _pip_libraries(pattern: str) -> list[Path]:
    """Files below the ``nvidia`` namespace package; newest CUDA first."""
    spec = importlib.util.find_spec("nvidia")
    roots = [Path(p) for p in (spec.submodule_search_locations or [])] if spec else []
    return sorted((p for r in roots for p in r.glob(f"*/lib/{pattern}")), reverse=True)


@cache
def _headers() -> Path | None:
    """The folder of ``cuda_fp16.h``, which NVRTC does not carry itself."""
    spec = importlib.util.find_spec("nvidia")
    roots = [Path(p) for p in (spec.submodule_search_locations or [])] if spec else []
    places = [p for r in roots for p in r.glob("*/include")]
    if (nvcc := shutil.which("nvcc")) is not None:
        places += [p / "include" for p in Path(nvcc).resolve().parents[1:2]]
    places += sorted(Path("/usr/local").glob("cuda*/include"), reverse=True)
    return next((p for p in places if (p / "cuda_fp16.h").is_file()), None)


def _nvrtc(code: str, arch: str) -> CudaBuilt:
    return _nvrtc_image(code, arch)[0]


def _nvrtc_image(code: str, arch: str) -> tuple[CudaBuilt, bytes]:
    library = nvrtc_library()
    assert library is not None
    options = [f"--gpu-architecture={arch}", f"--std={STANDARD}", "--ptxas-options=-v"]
    if (headers := _headers()) is not None:
        options.append(f"--include-path={headers}")
    words = (ctypes.c_char_p * len(options))(*(o.encode() for o in options))
    program = ctypes.c_void_p()
    name = b"kernel.cu"
    library.nvrtcCreateProgram(ctypes.byref(program), code.encode(), name, 0, None, None)
    try:
        status = int(library.nvrtcCompileProgram(program, len(options), words))
        size = ctypes.c_size_t()
        library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        library.nvrtcGetProgramLog(program, log)
        library.nvrtcGetCUBINSize(program, ctypes.byref(size))
        image = ctypes.create_string_buffer(size.value if status == 0 else 0)
        if status == 0:
            library.nvrtcGetCUBIN(program, image)
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))
    return _read("NVRTC", status, log.value.decode(errors="replace")), image.raw


def _nvcc(code: str, archs: Sequence[str], wrap: Sequence[str]) -> CudaBuilt:
    # One front-end pass for the oldest architecture: its PTX is what all of them are made of.
    oldest = min(int(a[3:]) for a in archs)
    generate = f"-gencode=arch=compute_{oldest},code=[{','.join(archs)}]"
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "kernel.fatbin"
        return _nvcc_run(code, ["-fatbin", "-Xptxas=-v", generate], made, wrap)


def _nvcc_run(code: str, options: Sequence[str], made: Path, wrap: Sequence[str]) -> CudaBuilt:
    """Compile into the file ``made``, whose folder is scratch."""
    source = made.with_name("kernel.cu")
    source.write_text(code, encoding="utf-8")
    around = [word.replace(SCRATCH, str(made.parent)) for word in wrap]
    command = ["nvcc", f"-std={STANDARD}", *options, "-o", str(made), str(source)]
    status, words = run_group([*around, *command], SECONDS)
    if status is None:
        return CudaBuilt(False, f"nvcc took more than {SECONDS:g} s")
    return _read("nvcc", status, words.replace(f"{made.parent}/", ""))


def _read(name: str, status: int, text: str) -> CudaBuilt:
    """Take apart what a compiler said: registers and spills stand between its complaints."""
    registers = [int(n) for n in re.findall(r"Used (\d+) registers", text)]
    spills = [int(n) for n in re.findall(r"(\d+) bytes spill stores", text)]
    lines = [
        line for line in text.splitlines() if not re.match(r"ptxas (info| +\.)|\s+\d+ b", line)
    ]
    log = "\n".join(lines).strip()[:4000]
    if status != 0:
        return CudaBuilt(False, log or f"{name} ended with {status}")
    return CudaBuilt(True, log, max(registers, default=0), max(spills, default=0))
