"""Audits one published record: launches are inferred, the C is what the CUDA is held against."""

import re
import time
from collections.abc import Mapping, Sequence

import numpy as np

from hpctc.audit.call import Setup
from hpctc.audit.duplicates import likeness
from hpctc.audit.examine import Arrays, Examination, Limits, OutOfTime
from hpctc.audit.findings import Audit, Kind, Notes
from hpctc.audit.kernels import NotInferred
from hpctc.audit.launches import Runnable
from hpctc.audit.settle import Settled, settle
from hpctc.audit.sides import own
from hpctc.audit.trials import TRIALS, UNIT, disagreement, equal
from hpctc.core.errors import HpctcError
from hpctc.core.records import Tensor
from hpctc.dataset.admission import MIMICS
from hpctc.dataset.hpctranseval import Published
from hpctc.emulate import Emulation
from hpctc.native.call import Array, poisoned
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
    _nothing(of.record, [r[0] for r in results], of.notes)
    _no_numbers(of.record, [r[0] for r in results], of.notes)
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


def _no_numbers(record: Runnable, results: Sequence[Arrays], notes: Notes) -> None:
    """Outputs that are NaN on what the benchmark draws, with their share on every trial."""
    for tensor in record.outputs:
        if np.dtype(tensor.dtype).kind != "f":
            continue
        shares = [float(np.isnan(made[tensor.name]).mean()) for made in results]
        if shares and (shares[0] > 0 or min(shares) > 0):
            listed = ", ".join(
                f"{share:.0%} on {trial.name}" for share, trial in zip(shares, TRIALS, strict=False)
            )
            notes.add("nan", f"{tensor.name} is NaN: {listed}")


def _nothing(record: Runnable, results: Sequence[Arrays], notes: Notes) -> None:
    """Outputs that an empty program gets right on every trial."""
    if len(results) < len(TRIALS):
        return
    for tensor in record.outputs:
        made = [r[tensor.name] for r in results]
        if all(np.array_equal(m, made[0], equal_nan=m.dtype.kind == "f") for m in made[1:]):
            notes.add("vacuous", f"{tensor.name} is the same whatever the inputs that were drawn")
            continue
        for what, written in _mimics(record, tensor, made[0]).items():
            if all(equal(w, m) for w, m in zip(written, made, strict=True)):
                notes.add("vacuous", f"a program passes that would {what}, as {tensor.name}")
                break


def _mimics(record: Runnable, tensor: Tensor, made: Array) -> Mapping[str, Sequence[Array]]:
    """What empty programs leave in an output, trial by trial; as in ``hpctc generate``."""
    count = len(TRIALS)
    zeros = np.zeros(tensor.shape, tensor.dtype)
    constant = np.full(tensor.shape, made.reshape(-1)[0])
    found: dict[str, Sequence[Array]] = {
        MIMICS[0]: [poisoned(tensor.shape, tensor.dtype)] * count,
        MIMICS[1]: [zeros] * count,
        MIMICS[2]: [constant] * count,
    }
    for given in record.inputs:
        if np.prod(given.shape) == np.prod(tensor.shape) and given.dtype == tensor.dtype:
            copies = [t.draw(record.inputs)[given.name].reshape(tensor.shape) for t in TRIALS]
            found[f"{MIMICS[3]} ({given.name})"] = copies
    return found
