"""One kernel of a user's file through a model: prompt, answer, build, a run beside the CUDA.

The C has the kernel's own parameters, as what ``hpctc transpile`` writes. It is held against the
CUDA itself, emulated on this machine (:mod:`hpctc.flow.beside`), where all sizes are known.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from hpctc.core.codec import content_id
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Pair,
    Prompt,
    Provenance,
    Task,
    Verdict,
    VerdictClass,
)
from hpctc.dataset import read
from hpctc.dataset.neighbours import Neighbours
from hpctc.decode import strategy as strategies
from hpctc.evaluate.bench import Bench
from hpctc.flow.beside import Sides, judge
from hpctc.models import model
from hpctc.models.base import Hear, Model, Question, Sampling, fenced
from hpctc.models.rules import Rules
from hpctc.native.compiler import compiler
from hpctc.prompt import extract, render
from hpctc.prompt.repair import Turn, is_repairable, repairs
from hpctc.sandbox import launcher
from hpctc.sandbox.layers import choose
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Setup, cores
from hpctc.transpile.file import Asked, transpile_file
from hpctc.transpile.launched import Launched, Parameter, launched


@dataclass(frozen=True)
class File:
    """A .cu file and which of its kernels is meant."""

    path: Path
    source: str
    asked: Asked


@dataclass(frozen=True)
class How:
    """What a user chooses for a translation."""

    model: str
    strategy: str = ""
    temperature: float = 0.0
    seed: int = 0
    shots: int = 0
    shots_from: str = "mini"
    repair: int = 0
    compiler: str = "gcc"
    threads: int = 2
    args: tuple[str, ...] = ()
    """``NAME=f32[1024]:random``, ``NAME=1024``: what the file does not say itself."""
    seconds: float = 10.0
    """For one call of the C, and for one run of the emulated CUDA."""
    sandbox: str = "jail"


@dataclass(frozen=True)
class Translated:
    """What came of it: the last turn."""

    kernel: Launched
    answer: Answer
    code: str | None
    """None: the answer holds none."""
    verdict: VerdictClass | None
    """None: it builds, and could not be held against the CUDA."""
    words: str
    """Why; for ``correct`` on which inputs."""
    turns: int


def translate(file: File, how: How, scratch: Path, hear: Hear | None = None) -> Translated:
    """Ask, build and check; ``scratch`` is an empty folder, ``hear`` gets the answer as it comes.

    Raises:
        Diagnosed: The file holds no such kernel, or nothing is known of its launch.
        UsageError: The model or an option is not what it has to be.
    """
    chat = _model(how)
    kernel = launched(file.source, file.asked, str(file.path), file.path.parent)
    sides = Sides(kernel, how.args, file.path.parent)
    bench = _bench(how, scratch)
    build = f"{bench.compiler.program} -std={bench.compiler.std} {bench.compiler.flags}"
    wording = render.How(build, len(bench.setup.cores))
    task = _task(kernel, file)
    question = Question(
        _prompt(kernel, task, how, wording),
        hints=_rules(file) if "hints" in _needs(how) else (),
        signature=kernel.signature,
    )
    tasks = {question.prompt.of: task}
    sampling = Sampling(how.temperature, how.seed, how.strategy)
    for turn in range(how.repair + 1):
        if isinstance(chat, Rules):
            answer = _by_rules(chat, question, file)
        else:
            (answer,) = chat.answer([question], tasks, sampling, hear)
        made, built, verdict = _judged(answer, sides, bench)
        if isinstance(verdict, str) or not is_repairable(answer, verdict) or turn == how.repair:
            break
        (prompt,) = repairs([Turn(question.prompt, answer, built, verdict)], wording)
        tasks[prompt.of] = task
        question = replace(question, prompt=prompt)
    if isinstance(verdict, str):
        return Translated(kernel, answer, made.source, None, verdict, turn + 1)
    return Translated(kernel, answer, made.source, verdict.verdict, verdict.detail, turn + 1)


def _model(how: How) -> Model:
    chat = model(how.model)
    if not chat.converses and not isinstance(chat, Rules):
        raise UsageError(
            f"{how.model} knows the pairs of a suite, and no file of yours",
            "--model is hf{path=...}, http://host:port/v1#MODEL, replay{path=...} or rules",
        )
    if isinstance(chat, Rules) and (how.repair or how.shots):
        raise UsageError("rules does not read a prompt", "leave --repair and --shots out")
    if how.strategy and not chat.decodes:
        raise UsageError(
            f"{how.model} does not decode here, so it cannot be told how",
            "--strategy is for hf{path=...}",
        )
    return chat


def _needs(how: How) -> frozenset[str]:
    return strategies(how.strategy).needs if how.strategy else frozenset()


def _rules(file: File) -> tuple[str, ...]:
    """What the rule transpiler makes of the kernel, as a model would answer it."""
    try:
        made = transpile_file(file.source, file.asked, str(file.path), file.path.parent)
    except HpctcError:
        return ()
    return (fenced(made.code),)


def _by_rules(chat: Rules, asked: Question, file: File) -> Answer:
    """The rule transpiler's answer; what it cannot do ends with its diagnostic."""
    made = transpile_file(file.source, file.asked, str(file.path), file.path.parent)
    return Answer.make(of=asked.prompt.id, model=str(chat), sample=0, text=fenced(made.code))


def _bench(how: How, scratch: Path) -> Bench:
    runner = launcher.build(scratch)
    setup = Setup(
        runner,
        Limits(wall_seconds=how.seconds),
        cores(min(how.threads, len(cores(None)))),
        layers=choose(how.sandbox, runner),
    )
    return Bench(setup, compiler(how.compiler), scratch)


def _task(kernel: Launched, file: File) -> Task:
    """The kernel as a task, for models that look recordings up by its name."""
    pair = Pair.make(
        name=kernel.name, category="elementwise", graph="", c_code="", cuda_code=kernel.device,
        entry=kernel.name, launches=(), inputs=(), outputs=(), flops=0, bytes=0,
        provenance=Provenance(source=f"file {file.path.name}"),
    )  # fmt: skip
    return Task.make(of=pair.id, suite="", name=kernel.name, pair=pair)


def _prompt(kernel: Launched, task: Task, how: How, wording: render.How) -> Prompt:
    asked = render.Work(
        kernel.device,
        [
            render.Shape(
                kernel.kernel,
                kernel.extents,
                kernel.block,
                kernel.shared_bytes,
                tuple(p.name for p in kernel.parameters[: kernel.own]),
            )
        ],
        [_argument(p) for p in kernel.parameters if p.is_array],
        kernel.signature,
    )
    shots: list[Pair] = []
    if how.shots:
        known = Neighbours(list(read.pairs(read.locate(how.shots_from))))
        shots = known.like(kernel.device, how.shots)
    return Prompt.make(
        of=content_id("File", [kernel.device, kernel.kernel, kernel.signature]),
        template=render.fingerprint(render.FEW_SHOT if shots else render.ZERO_SHOT),
        text=render.written(asked, wording, [render.work(p, solved=True) for p in shots]),
        shots=tuple(p.id for p in shots),
    )


def _argument(array: Parameter) -> render.Argument:
    role = "input" if array.is_const else "read and written, what the kernel leaves alone stays"
    count = f"[{array.elements}]" if array.elements else "as many elements as the kernel touches"
    return render.Argument(array.name, role, f"{array.dtype or 'as declared'} {count}")


def _judged(answer: Answer, sides: Sides, bench: Bench) -> tuple[Candidate, Build, Verdict | str]:
    """Candidate, build and verdict of an answer; a text: it builds, and why there is no verdict."""
    (made,) = extract.candidates([answer], {answer.of: sides.kernel.name})
    using = str(bench.compiler)
    if made.source is None:
        lacks = Build.make(of=made.id, compiler=using, ok=False, log=made.reason)
        nothing: VerdictClass = "abstained" if answer.text is None else "not found"
        return made, lacks, Verdict.make(of=lacks.id, verdict=nothing, detail=made.reason)
    compiled = bench.compile(made.source)
    ok = compiled.library is not None
    built = Build.make(of=made.id, compiler=using, ok=ok, log=compiled.log)
    if not ok:
        return made, built, Verdict.make(of=built.id, verdict="not built", detail=compiled.log)
    outcome = judge(made.source, sides, bench)
    if isinstance(outcome, str):
        return made, built, outcome
    return made, built, Verdict.make(of=built.id, verdict=outcome.verdict, detail=outcome.detail)


__all__ = ["File", "How", "Translated", "translate"]
