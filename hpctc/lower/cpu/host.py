"""What the host's vector unit looks like: the two numbers that size a register tile."""

import hashlib
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Host:
    """A CPU as far as schedules depend on it."""

    vector_bytes: int
    """Width of a vector register: 64 (AVX-512), 32 (AVX2), 16 (SSE2, NEON)."""
    registers: int
    """How many vector registers there are."""
    signature: str
    """Model and features, hashed: measurements are comparable only where it is equal."""

    def lanes(self, itemsize: int) -> int:
        """Elements of ``itemsize`` bytes in one vector register."""
        return self.vector_bytes // itemsize


@cache
def host() -> Host:
    """The machine this process runs on."""
    model, flags = _cpuinfo(Path("/proc/cpuinfo"))
    signature = hashlib.sha256(f"{model}\n{' '.join(sorted(flags))}".encode()).hexdigest()[:12]
    return Host(*_vectors(flags), signature)


def _vectors(flags: set[str]) -> tuple[int, int]:
    """Width in bytes and number of the vector registers that ``flags`` promise."""
    if {"avx512f", "avx512vl"} <= flags:
        return 64, 32
    if {"avx2", "fma"} <= flags:
        return 32, 16
    if platform.machine() in ("aarch64", "arm64"):
        return 16, 32
    return 16, 16


def _cpuinfo(path: Path) -> tuple[str, set[str]]:
    """Model name and feature flags of the first processor; empty where Linux does not tell."""
    model, flags = platform.processor(), set[str]()
    if path.is_file():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip() in ("flags", "Features"):
                flags = set(value.split())
                break
    return model, flags
