"""CUDA on a CPU without a translator: g++ compiles the source unchanged, fibers are its threads.

Comes in: CUDA text, launch records, arrays. Goes out: :class:`~hpctc.emulate.records.Emulated`, the
arrays the kernels wrote and what they did wrong (out of bounds, divergent barrier, deadlock, race).
It shares no front end with anything else here: that is why its agreement is evidence.

:mod:`~hpctc.emulate.run` carries launches out, :mod:`~hpctc.emulate.pair` serves whole pairs and
looks for races, :mod:`~hpctc.emulate.toolchain` builds. The C++ side lies in ``templates/emulate``:
``cuda/`` is what a CUDA source sees, ``engine/`` schedules, ``shadow/`` stands for CUDA's headers.
Fibers for barriers are how CUDA's first emulator mode and HIP-CPU did it; see ``docs/emulator.md``.
"""

from hpctc.emulate.pair import check_pair, races
from hpctc.emulate.records import Emulated, Emulation, Finding
from hpctc.emulate.run import emulate

__all__ = ["Emulated", "Emulation", "Finding", "check_pair", "emulate", "races"]
