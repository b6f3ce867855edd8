"""Audits one published record: launches are inferred, the C is what the CUDA is held against."""

import re
import time
from collections.abc import Sequence

import numpy as np

from hpctc.audit.call import Setup
from hpctc.audit.duplicates import likeness
from hpctc.audit.examine import Arrays, Examination, Limits, OutOfTime
from hpctc.audit.findings import Audit, Kind, Notes
from hpctc.audit.kernels import NotInferred
from hpctc.audit.launches import Runnable
from hpctc.audit.settle import Settled, settle
from hpctc.audit.sides import own
from hpctc.audit.telling import empty_programs, no_numbers
from hpctc.audit.trials import TRIALS, UNIT, disagreement
from hpctc.core.errors import HpctcError
from hpctc.dataset.hpctranseval import Published
from hpctc.emulate import Emulation
from hpctc.syntax.parse import parse
from hpctc.syntax.preprocess import preprocess
from hpctc.transpile import read
from hpctc.transpile.file import Asked, transpile_file

ORDERS = (Emulation(), Emulation(order="reverse"), Emulation(order="random", seed=7))
"""Of threads, one a trial."""


def name_of(record: Published) -> str:
    """``ComputationGraph/4 topology_expansion``."""
    return f"{record.group}/{record.index} {record.op_name}"


def audit_published(record: Published, how: Setup, limits: Limits, version: str) -> Audit:
    """All checks of one record; whatever goes wrong is a finding."""
    began = time.monotonic()
    notes = Notes()
    parses = _parses(record, notes)
    lowers, agrees = False, None
    if parses:
        try:
            settled = settle(record, how)
        except NotInferred as problem:
            notes.add("launch not inferred", str(problem))
            lowers = _lowers_alone(record, notes)
        else:
            lowers, agrees = _examined(settled, how, limits, notes)
    return Audit.make(
        of=record.id,
        how=f"{version}; {limits}",
        name=name_of(record),
        parses=parses,
        lowers=lowers,
        agrees=agrees,
        findings=tuple(notes.found),
        likeness=likeness(record.cuda_code, record.c_code),
        seconds=round(time.monotonic() - began, 2),
    )


def _parses(record: Published, notes: Notes) -> bool:
    def whole_c(code: str) -> None:
        parse(preprocess(code, "c_code"), "c_code")

    for side, code, reads in (("CUDA", record.cuda_code, read), ("C", record.c_code, whole_c)):
        try:
            reads(code)
        except HpctcError as problem:
            notes.add("does not parse", f"the {side}: {problem.message}")
    return not notes.found


def _lowers_alone(record: Published, notes: Notes) -> bool:
    """Whether each kernel lowers for some grid, where the real one is not known."""
    found = re.findall(
        r"__global__\s+void\s+(?:__launch_bounds__\s*\(\s*(\d+)\s*\)\s*)?(\w+)", record.cuda_code
    )
    for bound, kernel in found:
        try:
            transpile_file(record.cuda_code, Asked(kernel, grid="64", block=bound or "1"), kernel)
        except HpctcError as problem:
            notes.add("does not lower", problem.message)
            return False
    return bool(found)


def _examined(
    settled: Settled, how: Setup, limits: Limits, notes: Notes
) -> tuple[bool, bool | None]:
    """Whether the record lowers and agrees, with everything else noted."""
    record = settled.runnable
    for words in record.contradictions:
        notes.add("sizes contradict", words)
    code = None
    try:
        code = record.rules()
    except HpctcError as problem:
        notes.add("does not lower", problem.message)
    examination = Examination(record, how, limits, notes)
    agrees = None
    try:
        first = _guarded(examination)
        agrees = _agreement(examination, code, None if record.touched else first)
        if agrees is False and not settled.complete:
            agrees = None
            notes.replace(
                "inequivalent", "not decided", f"{settled.tries} bindings were tried, and"
            )
    except OutOfTime as problem:
        notes.add("not decided", str(problem))
    _beyond(record, notes)
    return code is not None, agrees


Both = tuple[Arrays, Arrays]
"""The outputs of the C and of the emulated CUDA."""


def _guarded(of: Examination) -> Both:
    """Both sides on the first trial, in buffers of exactly the size that the record says."""
    arrays = UNIT.draw(of.record.inputs)
    made = of.c(of.record, arrays)
    if made:
        of.c(of.record, arrays, "left")
    return made, of.races(arrays)


def _beyond(record: Runnable, notes: Notes) -> None:
    """Accesses that the code's indices show, where no run came upon them."""
    if notes.has("out of bounds"):
        return
    sizes = {t.name: int(np.prod(t.shape)) for t in (*record.inputs, *record.outputs)}
    for name, extent in record.touched:
        notes.add(
            "out of bounds", f"{name}[{extent - 1}] is touched; it has {sizes[name]} elements"
        )


def _agreement(of: Examination, code: str | None, first: Both | None) -> bool | None:
    """Whether all sides compute the same on all trials, each buffer with room for what is touched.

    So a read beyond an input, which both sides make alike, is no disagreement; it has been noted.
    ``first`` is what the sides made of the first trial, where the buffers have room as they are.
    """
    record = of.record.padded()
    racing = of.notes.has("race")  # then only one order can be expected to agree
    orders = ORDERS[:1] * len(TRIALS) if racing else ORDERS
    results: list[Sides] = []
    ended = True
    for trial, order in zip(TRIALS, orders, strict=True):
        arrays = trial.draw(record.inputs)
        if first is not None and trial is UNIT:
            wanted, got = first
        else:
            wanted, got = of.c(record, arrays), of.cuda(record, arrays, order)
        if not (wanted and got):
            return None
        made = of.rules(record, code, arrays) if code is not None else got
        ended &= bool(made)
        results.append(tuple(own(of.record, side) for side in (wanted, got, made or got)))
    empty_programs(of.record, [r[0] for r in results], of.notes)
    no_numbers(of.record, [r[0] for r in results], of.notes)
    agrees = _compared(of, results, (1, 0), "inequivalent", "CUDA against C")
    agrees &= _compared(of, results, (2, 1), "rules differ", "transpiled against emulated")
    return None if agrees and (racing or not ended) else agrees


Sides = tuple[Arrays, ...]
"""The outputs of the C, of the emulated and of the transpiled CUDA, in their own shapes."""


def _compared(
    of: Examination, results: Sequence[Sides], sides: tuple[int, int], kind: Kind, who: str
) -> bool:
    """Whether two sides agree on all trials; the first output in which they do not is noted."""
    one, other = sides
    for tensor in of.record.outputs:
        pairs = [
            (trial, made[one][tensor.name], made[other][tensor.name])
            for trial, made in zip(TRIALS, results, strict=True)
        ]
        if (words := disagreement(tensor.name, pairs, who)) is not None:
            of.notes.add(kind, words)
            return False
    return True
