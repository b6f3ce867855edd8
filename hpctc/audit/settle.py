"""Among the possible launches of a published record, those under which its two sides agree.

Names leave it open which of two like buffers a kernel means. Then the possible bindings are tried
in the order of their likelihood, the CUDA emulated against the C, until the two agree. Where none
does, the first one stands: its disagreement is a finding.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from hpctc.audit.call import Setup
from hpctc.audit.launches import Runnable, candidates
from hpctc.audit.sides import own, run_c, run_cuda
from hpctc.audit.trials import TRIALS, difference
from hpctc.core.records import Tensor
from hpctc.dataset.hpctranseval import Published
from hpctc.emulate import Emulation
from hpctc.native.call import Array

MOST_TRIES = 40
"""Bindings of one record that are run."""

SECONDS = 30.0
"""After which no further binding is tried."""


@dataclass(frozen=True)
class Settled:
    """A record with its launches, and how they were found."""

    runnable: Runnable
    tries: int
    """Bindings that were looked at."""
    complete: bool = True
    """Whether there are no others: then a disagreement is the record's, not the binding's."""


def settle(record: Published, how: Setup) -> Settled:
    """The launches of a record; :class:`~hpctc.audit.kernels.NotInferred` where there are none.

    Only where several bindings are possible are they run.
    """
    possible = candidates(record)
    head = list(islice(possible, 2))
    if len(head) == 1:
        return Settled(head[0], 1)
    began = time.monotonic()
    wanted: dict[tuple[Tensor, ...], dict[str, Array]] = {}
    for tries, runnable in enumerate(chain(head, possible), 1):
        if tries > MOST_TRIES or time.monotonic() - began > SECONDS:
            return Settled(head[0], tries - 1, complete=False)
        padded = runnable.padded()
        arrays = TRIALS[-1].draw(padded.inputs)
        key = (*padded.inputs, *padded.outputs)
        if key not in wanted:
            wanted[key] = dict(run_c(padded, arrays, how).outputs)
        if not wanted[key]:
            break  # the C itself does not come to its end: nothing can be decided by it
        made = run_cuda(padded, arrays, Emulation(seconds=how.seconds))
        if made.ok and _agree(runnable, made.outputs, wanted[key]):
            return Settled(runnable, tries)
    return Settled(head[0], tries)


def _agree(record: Runnable, made: Mapping[str, Array], wanted: Mapping[str, Array]) -> bool:
    """Whether the CUDA computes every number that the C computes."""
    one, other = own(record, made), own(record, wanted)
    found = [(difference(one[n], w), np.isfinite(w).reshape(-1)) for n, w in other.items()]
    return not any((d.wrong | (d.lone & finite)).any() for d, finite in found)
