"""A failure that fails again alone: one folder that needs gcc and nothing of ours.

In: an answer with the scene of its failure. Out: its source, the inputs of all calls up to the one
that failed, what was right there, a driver in C, the build line, and ``run.sh`` that prints the
verdict. It is for reading and debugging, so the code runs as it is, without the jail.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Answer, Candidate, Pair, Scene, Task, VerdictClass
from hpctc.core.resources import render, root
from hpctc.evaluate.cases import Case, case, inputs_of, rolled
from hpctc.evaluate.sanitize import WATCHERS
from hpctc.native.compiler import Compiler
from hpctc.sandbox.limits import COMPILE, Limits
from hpctc.sandbox.process import Setup

ORDERED = " races.c -rdynamic -fopenmp -Wl,--no-as-needed"
"""What a driver needs that tells ThreadSanitizer of OpenMP."""

_CALL = re.compile(r"seed (\d+), ([\w-]+?)(?:, rolled ([\d ]+))?")


@dataclass(frozen=True)
class Failure:
    """An answer that failed, and all that is known of it."""

    task: Task
    answer: Answer
    candidate: Candidate
    verdict: VerdictClass
    detail: str
    scene: Scene | None
    """None: it never ran."""
    compiler: Compiler
    call_seconds: float
    jail: tuple[str, ...] = ()
    score: str = ""


@dataclass(frozen=True)
class _Call:
    """One call of a scene."""

    case: str
    inputs: str
    """Folder of its inputs before they are rolled."""
    rolled: str
    seed: int
    distribution: str
    distances: tuple[int, ...]


def write(failure: Failure, folder: Path) -> None:
    """Write the folder; one that is not empty is a :class:`UsageError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", "name a new folder")
        _write(failure, folder)
    except OSError as problem:
        raise HpctcError(f"cannot write {folder}: {problem.strerror}") from None


def _write(failure: Failure, folder: Path) -> None:
    source, pair = _source(failure), failure.task.pair
    calls = [_call(text) for text in failure.scene.calls] if failure.scene else []
    (folder / "answer.md").write_text(failure.answer.text or "", encoding="utf-8")
    if source is not None:
        (folder / "candidate.c").write_text(source, encoding="utf-8")
        (folder / "main.c").write_text(_template("main.c"), encoding="utf-8")
    if failure.scene and failure.scene.tier == "race":
        text = Path(__file__).with_name("races.c").read_text(encoding="utf-8")
        (folder / "races.c").write_text(text, encoding="utf-8")
    right = _arrays(pair, calls, folder) if calls else None
    values = {
        "name": failure.task.name,
        "entry": pair.entry,
        "verdict": failure.verdict,
        "detail": failure.detail,
        "has_source": source is not None,
    }
    header = render(
        "repro/task.h.j2",
        **values,
        without_entry="not built" if failure.candidate.source else "not found",
        tolerance=repr(_tolerance(failure.scene, right)),
        call_seconds=max(1, round(failure.call_seconds)),
        flush_start=int(failure.scene is not None and failure.scene.flush == "start"),
        arrays=list(_described(pair)),
        calls=calls or [_Call("", "inputs", "0", 0, "", ())],
    )
    (folder / "task.h").write_text(header, encoding="utf-8")
    script = folder / "run.sh"
    script.write_text(render("repro/run.sh.j2", **values, **_commands(failure)), encoding="utf-8")
    script.chmod(0o755)
    scene = failure.scene
    readme = render(
        "repro/README.md.j2",
        **values,
        model=failure.answer.model,
        sample=failure.answer.sample,
        task=failure.task.id,
        score=failure.score,
        tier=scene.tier if scene else "",
        threads=scene.threads if scene else 1,
        calls=calls,
        jail=failure.jail,
    )
    (folder / "README.md").write_text(readme, encoding="utf-8")


def _tolerance(scene: Scene | None, right: Case | None) -> float:
    """What held when it failed: of the graph, or wider where rebuilds of the reference were."""
    known = [right.right.tolerance if right else 0.0]
    if scene is not None and scene.tolerance is not None:
        known.append(scene.tolerance)
    return max(known)


def _source(failure: Failure) -> str | None:
    """What was compiled; of an answer without the wanted function, all its text as it stands."""
    if failure.candidate.source is not None or failure.verdict == "abstained":
        return failure.candidate.source
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", failure.answer.text or "", re.M | re.S)
    return "\n".join(blocks) or "/* The answer holds no C code: see answer.md. */\n"


def _call(text: str) -> _Call:
    found = _CALL.fullmatch(text)
    if found is None:
        raise HpctcError(f"the scene's call {text!r} cannot be made again")
    seed, distribution, moved = int(found[1]), found[2], found[3] or ""
    folder = f"inputs/seed-{seed}-{distribution}"
    distances = tuple(int(word) for word in moved.split())
    return _Call(text, folder, ", ".join(moved.split()) or "0", seed, distribution, distances)


def _arrays(pair: Pair, calls: Sequence[_Call], folder: Path) -> Case:
    """Write the inputs of all calls, and what is right on the last one."""
    for call in {c.inputs: c for c in calls}.values():
        (folder / call.inputs).mkdir(parents=True)
        for tensor, array in zip(pair.inputs, _inputs(pair, call), strict=True):
            (folder / call.inputs / f"{tensor.name}.bin").write_bytes(array.tobytes())
    last = calls[-1]
    inputs = _inputs(pair, last)
    right = case(pair, rolled(inputs, last.distances) if last.distances else inputs, last.case)
    (folder / "expected").mkdir()
    for tensor in pair.outputs:
        expected = right.right.outputs[tensor.name]
        with np.errstate(over="ignore"):
            # What overflows the output's own type is right to be infinite there.
            narrow = expected.astype(tensor.dtype)
        wanted = np.where(np.isinf(narrow), narrow, expected).astype(np.float64)
        (folder / "expected" / f"{tensor.name}.f64").write_bytes(wanted.tobytes())
        open_ = right.right.undecided[tensor.name].astype(np.uint8)
        (folder / "expected" / f"{tensor.name}.undecided").write_bytes(open_.tobytes())
    return right


def _inputs(pair: Pair, call: _Call) -> tuple[np.ndarray[Any, Any], ...]:
    return inputs_of(pair, call.seed, call.distribution)


def _described(pair: Pair) -> Iterator[Mapping[str, object]]:
    for tensor in (*pair.inputs, *pair.outputs):
        kind = np.dtype(tensor.dtype)
        yield {
            "name": tensor.name,
            "kind": kind.kind,
            "size": kind.itemsize,
            "count": prod(tensor.shape),
            "is_input": int(tensor in pair.inputs),
        }


def _commands(failure: Failure) -> Mapping[str, object]:
    """How the source and the driver are built and what they are run under."""
    using, scene = failure.compiler, failure.scene
    watcher = next((w for w in WATCHERS if scene and w.tier == scene.tier), None)
    flags = f"{using.flags} {watcher.flags}" if watcher else using.flags
    program = "gcc" if watcher else using.program
    setup = Setup(Path(), cores=tuple(range(scene.threads if scene else 1)))
    environment = {**setup.environment, **(watcher.options if watcher else {})}
    race = watcher is not None and watcher.tier == "race"
    driver = f"gcc -g {watcher.flags if watcher else '-O1'} -o driver main.c"
    memory = Limits().memory_bytes + sum(
        prod(t.shape) * np.dtype(t.dtype).itemsize
        for t in (*failure.task.pair.inputs, *failure.task.pair.outputs)
    )
    return {
        "build": f"{program} -std={using.std} {flags} -fPIC -shared -Wl,-z,defs "
        "-o candidate.so candidate.c -lm",
        "build_seconds": round(COMPILE.wall_seconds),
        "driver": f"{driver}{ORDERED if race else ''} -ldl -lm",
        "memory_kib": None if watcher else memory >> 10,
        "environment": list(environment.items()),
    }


def _template(name: str) -> str:
    return (root("templates") / "repro" / name).read_text(encoding="utf-8")
