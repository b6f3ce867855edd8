"""MetaSchedule with our hands: candidates are printed as C, built by gcc, timed in our child.

TVM's own builder and runner measure LLVM code in worker processes that import TVM anew; ours
measure what ships. The result is a trace, stored as JSON, which makes the schedule again without a
search. Search parameters are small on purpose: the default population spends more time in the
search than in measuring.
"""

import logging
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tvm import ir, target, tirx
from tvm.ir.utils import derived_object
from tvm.s_tir import meta_schedule as ms

from hpctc.lower.cpu.refusal import REFUSALS
from hpctc.lower.cpu.replay import trace_text
from hpctc.lower.cpu.ship import Shipyard, signature
from hpctc.native.race import Failure, Program, Setup, compare

POPULATION = 128

log = logging.getLogger(__name__)
log.setLevel(logging.WARNING)  # MetaSchedule reports every step at INFO


@dataclass(frozen=True)
class Search:
    """What a search may use."""

    trials: int
    threads: int
    yard: Shipyard
    setup: Setup
    seed: int = 0


def search(func: tirx.PrimFunc, how: Search) -> str | None:
    """The JSON trace of the best schedule that MetaSchedule finds; None where it finds none."""
    strategy = ms.search_strategy.EvolutionarySearch(
        population_size=POPULATION, genetic_num_iters=3, init_min_unmeasured=32
    )
    kind = target.Target({"kind": "llvm", "num-cores": how.threads})
    module = ir.IRModule({"main": func.with_attr("global_symbol", "main")})
    with tempfile.TemporaryDirectory() as folder:
        context = ms.TuneContext(
            mod=module["main"],
            target=kind,
            space_generator="post-order-apply",
            search_strategy=strategy,
            task_name="main",
            rand_state=how.seed + 1,
            num_threads=1,
            logger=log,
        ).clone()
        database = ms.tune.tune_tasks(
            tasks=[context],
            task_weights=[1.0],
            work_dir=folder,
            max_trials_global=how.trials,
            num_trials_per_iter=min(16, how.trials),
            builder=_builder(func, how.yard),
            runner=_runner(func, how),
            database=ms.database.MemoryDatabase(),
            # The default callbacks also delete the folder of every artifact: ours is a cache.
            measure_callbacks=[
                ms.measure_callback.AddToDatabase(),
                ms.measure_callback.UpdateCostModel(),
            ],
        )
        record = database.query_tuning_record(module, kind, "main")
    if record is None:
        return None
    return trace_text(record.trace)


def _builder(func: tirx.PrimFunc, yard: Shipyard) -> Any:
    known = signature(func)

    def source(candidate: Any) -> str | None:
        try:
            return yard.source(candidate.mod["main"])
        except REFUSALS:
            return None

    def compiled(text: str | None) -> Any:
        made = "the printer refused it" if text is None else yard.compile(text, known)
        if isinstance(made, str):
            return ms.builder.BuilderResult(None, made)
        return ms.builder.BuilderResult(str(made.library), None)

    @derived_object
    class Builder(ms.builder.PyBuilder):  # type: ignore[misc]
        """Print one after another, compile side by side; the artifact is a path."""

        def build(self, build_inputs: Sequence[Any]) -> list[Any]:
            with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
                return list(pool.map(compiled, [source(i) for i in build_inputs]))

    return Builder()


def _runner(func: tirx.PrimFunc, how: Search) -> Any:
    known = signature(func)
    args = tuple(t.name for t in (*known.inputs, *known.outputs))
    setup = replace(how.setup, seconds=0.2, samples=5)

    @derived_object
    class Runner(ms.runner.PyRunner):  # type: ignore[misc]
        """Time each artifact in a child of its own."""

        def run(self, runner_inputs: Sequence[Any]) -> list[Any]:
            return [_Done(self._one(Path(str(i.artifact_path)))) for i in runner_inputs]

        def _one(self, library: Path) -> Any:
            program = Program(library, "kernel", args)
            taken = compare([program], known.inputs, known.outputs, setup)
            if isinstance(taken, Failure):
                return ms.runner.RunnerResult(None, taken.reason)
            return ms.runner.RunnerResult([taken.median(0) * 1e-9], None)

    return Runner()


@derived_object
class _Done(ms.runner.PyRunnerFuture):  # type: ignore[misc]
    """A result that is there already."""

    def __init__(self, outcome: Any) -> None:
        super().__init__()
        self.outcome = outcome

    def done(self) -> bool:
        return True

    def result(self) -> Any:
        return self.outcome
