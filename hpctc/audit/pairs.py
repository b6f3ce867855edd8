"""Audits one pair of ours: its launches are recorded, its graph says what is right."""

import time
from collections.abc import Callable

from hpctc.audit.call import Setup
from hpctc.audit.duplicates import likeness
from hpctc.audit.examine import Arrays, Examination, Limits, OutOfTime
from hpctc.audit.findings import Audit, Kind, Notes
from hpctc.audit.launches import Runnable
from hpctc.core.errors import HpctcError
from hpctc.core.records import Pair
from hpctc.dataset.admission import vacuous
from hpctc.dataset.device import EMULABLE
from hpctc.dataset.launches import problems
from hpctc.dataset.trials import Trial, error, first_wrong, trials
from hpctc.emulate import Emulation
from hpctc.graph.text import parse as parse_graph
from hpctc.syntax.parse import parse
from hpctc.syntax.preprocess import preprocess
from hpctc.transpile import read

ORDERS = (Emulation(), Emulation(order="reverse", guard="left"), Emulation(order="random", seed=7))
"""Of threads, one a trial."""

NOT_FINITE = "an output is not finite"
"""The reason with which :func:`~hpctc.dataset.admission.vacuous` refuses NaN and infinities."""


def audit_pair(pair: Pair, how: Setup, limits: Limits, version: str) -> Audit:
    """All checks of one pair; whatever goes wrong is a finding."""
    began = time.monotonic()
    notes = Notes()
    parses = _parses(pair, notes)
    lowers: bool | None = False
    agrees: bool | None = None
    if parses and (found := problems(pair)):
        notes.add("bad launch", "; ".join(found[:3]))
        lowers = None
    elif parses:
        record = runnable(pair)
        code = None
        try:
            code = record.rules()
        except HpctcError as problem:
            notes.add("does not lower", problem.message)
        lowers = code is not None
        agrees = _examined(pair, Examination(record, how, limits, notes), code)
    return Audit.make(
        of=pair.id,
        how=f"{version}; {limits}",
        name=pair.name,
        parses=parses,
        lowers=lowers,
        agrees=agrees,
        findings=tuple(notes.found),
        likeness=likeness(pair.cuda_code, pair.c_code),
        seconds=round(time.monotonic() - began, 2),
    )


def runnable(pair: Pair) -> Runnable:
    """A pair as a record whose sides can be run; its launches are its own."""
    return Runnable(
        name=pair.name,
        cuda_code=pair.cuda_code,
        c_code=pair.c_code,
        entry=pair.entry,
        args=tuple(t.name for t in (*pair.inputs, *pair.outputs)),
        launches=pair.launches,
        inputs=pair.inputs,
        outputs=pair.outputs,
        intermediates=pair.intermediates,
    )


def _parses(pair: Pair, notes: Notes) -> bool:
    def whole_c(code: str) -> None:
        parse(preprocess(code, "c_code"), "c_code")

    readers: tuple[tuple[str, str, Callable[[str], object]], ...] = (
        ("graph", pair.graph, parse_graph),
        ("CUDA", pair.cuda_code, read),
        ("C", pair.c_code, whole_c),
    )
    for side, text, reads in readers:
        try:
            reads(text)
        except HpctcError as problem:
            notes.add("does not parse", f"the {side}: {problem.message}")
    return not notes.found


def _examined(pair: Pair, of: Examination, code: str | None) -> bool | None:
    graph = parse_graph(pair.graph)
    tried = trials(graph)
    if (empty := vacuous(graph, tried)) is not None:
        kind: Kind = "nan" if empty.reason == NOT_FINITE else "vacuous"
        of.notes.add(kind, f"{empty.reason}: {empty.detail}")
    emulable = pair.flops + pair.bytes <= EMULABLE
    if not emulable:
        of.notes.add("not decided", "to emulate its CUDA would take minutes")
    try:
        return _agreement(of, tried, code, emulable)
    except OutOfTime as problem:
        of.notes.add("not decided", str(problem))
        return None


def _agreement(
    of: Examination, tried: list[Trial], code: str | None, emulable: bool
) -> bool | None:
    """Whether every side is right on every trial; the first trial looks for races too."""
    ended = agrees = True
    for trial, order in zip(tried, ORDERS, strict=False):
        arrays = dict(trial.inputs)
        first = trial is tried[0]
        sides = {"the C": of.c(of.record, arrays)}
        if first:
            of.c(of.record, arrays, "left")
        if code is not None:
            sides["the transpiled CUDA"] = of.rules(of.record, code, arrays)
        if emulable:
            ran = of.races(arrays) if first else of.cuda(of.record, arrays, order)
            sides["the emulated CUDA"] = ran
        ended &= all(sides.values())
        wrong = {side: words for side, made in sides.items() if (words := _wrong(made, trial))}
        for side, words in wrong.items():
            transpiled = side == "the transpiled CUDA"
            if transpiled and "the emulated CUDA" in wrong:
                continue  # it is the CUDA that is wrong, and both say so
            kind: Kind = "rules differ" if transpiled else "inequivalent"
            of.notes.add(kind, f"{side}: {words} ({trial})")
        agrees &= not wrong
    if not agrees:
        return False
    return True if ended and emulable and not of.notes.has("race") else None


def _wrong(outputs: Arrays, trial: Trial) -> str | None:
    """The first element that is not right, in words."""
    for name, got in outputs.items():
        if not error(name, got, trial) <= trial.right.tolerance:
            return first_wrong(name, got, trial)
    return None
