"""The published records as two C functions each: their own, and what ``rules`` makes of the CUDA.

Launches are inferred by :mod:`hpctc.audit`; a record in which both sides have different extents
has nothing to compare and is skipped with the reason. Nothing of the records is kept.
"""

from collections.abc import Iterator
from pathlib import Path

from _paired import Row, pair
from hpctc.audit.call import Setup as CallSetup
from hpctc.audit.kernels import NotInferred
from hpctc.audit.launches import RULES, Runnable
from hpctc.audit.settle import settle
from hpctc.core.errors import HpctcError
from hpctc.dataset.hpctranseval import Published, load
from hpctc.native.compiler import Gcc
from hpctc.native.race import Program, Setup
from hpctc.sandbox.launcher import build as build_runner


def rows(path: Path, only: str, folder: Path, seconds: float) -> Iterator[Row]:
    """One row a record whose name holds ``only``."""
    how = CallSetup(folder, build_runner(folder))
    for record in load(path):
        name = f"{record.group[0]}{record.index:02d} {record.op_name}"
        if only in name:
            yield _row(name, record, how, seconds)


def _row(name: str, record: Published, how: CallSetup, seconds: float) -> Row:
    try:
        found = settle(record, how).runnable.padded()
        code = found.rules()
    except NotInferred as problem:
        return Row(name, note=f"launch not inferred: {problem}")
    except HpctcError as problem:
        return Row(name, note=problem.message)
    if any(t.name in dict(found.touched) for t in found.outputs) or _short(found):
        return Row(name, note=f"not the same extents: {found.contradictions[0]}")
    names = tuple(t.name for t in (*found.inputs, *found.outputs))
    sides = []
    for text, entry, args in (
        (code, RULES, names),
        (found.c_code, found.entry, found.args),
    ):
        built = Gcc().build(text, how.folder)
        if built.library is None:
            return Row(name, note=built.log)
        sides.append(Program(built.library, entry, args))
    return pair(name, sides[0], sides[1], (found.inputs, found.outputs), Setup(seconds=seconds))


def _short(found: Runnable) -> bool:
    """Whether the CUDA leaves some of an output unwritten."""
    return any("whatever its grid" in words for words in found.contradictions)
