"""Compile CUDA text without a GPU, by nvcc: does it compile, and what does it spill?"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ARCHS = ("sm_80", "sm_90")
"""What every kernel is compiled for: A100 and H100."""


@dataclass(frozen=True, slots=True)
class CudaBuilt:
    """What the compiler made of a CUDA source."""

    ok: bool
    log: str
    """Its complaints, at most 4,000 characters; empty where there are none."""
    registers: int = 0
    """Most registers a thread, over kernels and architectures."""
    spill_bytes: int = 0
    """Most bytes a thread stores to local memory for want of registers."""


def available() -> bool:
    """Whether this machine has nvcc."""
    return shutil.which("nvcc") is not None


def compile_check(code: str, archs: Sequence[str] = ARCHS, seconds: float = 120.0) -> CudaBuilt:
    """Compile to device code for all ``archs`` in one run; nothing is kept."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "kernel.cu"
        source.write_text(code, encoding="utf-8")
        generate = [f"-gencode=arch=compute_{a[3:]},code={a}" for a in archs]
        command = ["nvcc", "-fatbin", "-O3", "-std=c++17", "-Xptxas=-v", *generate]
        try:
            done = subprocess.run(
                [*command, "-o", f"{scratch}/kernel.fatbin", str(source)],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return CudaBuilt(False, f"nvcc took more than {seconds:g} s")
        except OSError as problem:
            return CudaBuilt(False, f"nvcc cannot be run: {problem.strerror}")
    return _read(done.returncode, done.stdout + done.stderr, scratch)


def _read(status: int, text: str, scratch: str) -> CudaBuilt:
    """ptxas tells registers and spills between the complaints."""
    lines = [
        line
        for line in text.replace(f"{scratch}/", "").splitlines()
        if not re.match(r"ptxas info|\s+\d+ bytes stack frame", line)
    ]
    registers = [int(n) for n in re.findall(r"Used (\d+) registers", text)]
    spills = [int(n) for n in re.findall(r"(\d+) bytes spill stores", text)]
    log = "\n".join(lines).strip()[:4000]
    if status != 0:
        return CudaBuilt(False, log or f"nvcc ended with {status}")
    return CudaBuilt(True, log, max(registers, default=0), max(spills, default=0))
