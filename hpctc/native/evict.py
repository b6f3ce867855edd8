"""Throw arrays out of every cache of the host, so that a call begins cold."""

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path

from hpctc.core.errors import HpctcError
from hpctc.native.call import Array
from hpctc.native.compiler import compiler

SOURCE = """
#include <stddef.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#define EVICT(p) _mm_clflush(p)
#define FENCE() _mm_mfence()
#elif defined(__aarch64__)
#define EVICT(p) __asm__ volatile("dc civac, %0" : : "r"(p) : "memory")
#define FENCE() __asm__ volatile("dsb sy" : : : "memory")
#endif
/* Caches are coherent and keyed by physical address: one process evicts for all that share it. */
void evict(const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i += 64) EVICT(bytes + i);
    FENCE();
}
"""


def evict(array: Array, folder: Path) -> None:
    """Write an array's cache lines back to memory and forget them; ``folder`` keeps the build."""
    _evictor(folder)(array.ctypes.data, array.nbytes)


@cache
def _evictor(folder: Path) -> Callable[[int, int], None]:
    built = compiler("gcc{flags=-O2}").build(SOURCE, folder)
    if built.library is None:
        raise HpctcError(f"the cache evictor does not build: {built.log[:300]}")
    function = ctypes.CDLL(str(built.library)).evict
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    function.restype = None
    found: Callable[[int, int], None] = function
    return found
