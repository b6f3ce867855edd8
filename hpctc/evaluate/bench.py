"""The bench on which candidates lie: one compiler, one sandbox, one folder for what is built."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from hpctc.core.records import Answer, Build, Candidate, Task, Tier
from hpctc.native.compiler import Built, Compiler
from hpctc.sandbox.compiling import checked, fenced
from hpctc.sandbox.limits import COMPILE
from hpctc.sandbox.process import Setup

S = TypeVar("S")
R = TypeVar("R")


@dataclass(frozen=True)
class Bench:
    """Equal conditions for all candidates of a run."""

    setup: Setup
    compiler: Compiler
    folder: Path
    """Shared objects, by content."""
    jobs: int = 1
    """How many candidates are built or verified at once; timing is alone on the machine."""
    tiers: tuple[Tier, ...] = ()
    """What a candidate that is right is put through beside plain calls."""

    def at(self, threads: int) -> "Bench":
        """The same on the first so many of its cores."""
        return replace(self, setup=replace(self.setup, cores=self.setup.cores[:threads]))

    def compile(self, code: str) -> Built:
        """Build ``code`` in the jail of a compile."""
        setup = self.setup
        wrap = fenced(setup.runner, COMPILE, setup.jail, self.compiler.program)
        return checked(self.compiler.build(code, self.folder, COMPILE.wall_seconds, wrap))


@dataclass(frozen=True)
class Attempt:
    """One answer on its way: what the stages behind it need to know of those before."""

    task: Task
    answer: Answer
    candidate: Candidate
    build: Build | None = None


def in_order(work: Callable[[S], R], items: Iterable[S], jobs: int) -> Iterator[R]:
    """``work`` of each item, ``jobs`` at a time, in the items' order; no more is begun ahead."""
    source = iter(items)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        waiting: list[Future[R]] = [pool.submit(work, item) for item in islice(source, jobs)]
        try:
            while waiting:
                result = waiting.pop(0).result()
                waiting += [pool.submit(work, item) for item in islice(source, 1)]
                yield result
        finally:
            for future in waiting:
                future.cancel()
