"""Facts about this machine that a result must be read with, and what can be installed."""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hpctc.native.compiler import compiler


def facts() -> Mapping[str, str]:
    """What shapes a timing on this host: processor, cores, kernel; strings, stable over a boot."""
    return {
        "cpu": cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "isa": widest_isa(),
        "memory_gib": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f}",
        "kernel": platform.release(),
        "machine": platform.machine(),
    }


def cpu_model() -> str:
    """The processor's name as the kernel gives it."""
    found = re.search(r"^(?:model name|Hardware)\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    return found.group(1).strip() if found else platform.processor() or "unknown"


def widest_isa() -> str:
    """The widest vector extension: avx512f, avx2, avx, sse2, asimd, or the machine's name."""
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    flags = set(found.group(1).split()) if found else set()
    for name in ("avx512f", "avx2", "avx", "sse2", "sve", "asimd"):
        if name in flags:
            return name
    return platform.machine()


def tool_version(program: str) -> str | None:
    """The version a program prints of itself, None where it is not on the path."""
    if shutil.which(program) is None:
        return None
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=20, check=False
    )
    text = done.stdout + done.stderr
    found = re.search(r"(?:release |V|version |\) |\s)(\d+\.\d+[\w.]*)", text)
    return found.group(1) if found else text.strip().split("\n")[0]


def package_version(name: str) -> str | None:
    """The version of an installed Python distribution, without importing it."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def openmp_works(name: str = "gcc") -> bool:
    """Whether this compiler builds and links a parallel loop."""
    code = "#include <omp.h>\nint width(void) { return omp_get_max_threads(); }\n"
    with tempfile.TemporaryDirectory() as folder:
        return compiler(name).build(code, Path(folder)).library is not None


def gpu() -> str | None:
    """The first NVIDIA GPU that the driver lists, None where there is none."""
    if shutil.which("nvidia-smi") is None:
        return None
    done = subprocess.run(
        ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    names = done.stdout.strip().split("\n")
    return names[0] if done.returncode == 0 and names[0] else None


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
