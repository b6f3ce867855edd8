"""The rung that is PyTorch: a process beside the jail that takes its turns like everyone."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpctc.core.errors import HpctcError
from hpctc.core.records import Pair
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.eager import lacks
from hpctc.evaluate.match import Side
from hpctc.graph.text import parse
from hpctc.native.call import Array
from hpctc.native.evict import evict
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.process import Called, Ended, Setup

CHILD = "import sys; sys.path[:] = {path!r}; from hpctc.evaluate.eager import serve; serve()"

START_SECONDS = 120.0
"""For importing torch on a busy machine."""


@dataclass(frozen=True)
class Torch:
    """The rung ``torch``: the graph in eager PyTorch."""

    name: str = "torch"

    def open(self, pair: Pair, bench: Bench, opened: ExitStack) -> Side | str:
        """Start the child; or say which operator torch lacks."""
        if missing := lacks(parse(pair.graph)):
            return f"there is no {missing} in the table of torch's operators"
        try:
            return Beside(pair, bench.setup, bench.folder, opened)
        except HpctcError as problem:
            return problem.message


class Beside:
    """A child of ``eager.serve``; between its calls it is stopped, as the others are."""

    def __init__(self, pair: Pair, setup: Setup, scratch: Path, opened: ExitStack) -> None:
        self._scratch = scratch
        self._seconds = setup.limits.wall_seconds
        self._inputs = opened.enter_context(Arena(pair.inputs, False))
        self.outputs = opened.enter_context(Arena(pair.outputs, True))
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the others
        opened.enter_context(self._words)
        self._child = subprocess.Popen(
            [sys.executable, "-c", CHILD.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            pass_fds=(self._inputs.fd, self.outputs.fd),
            env=os.environ | setup.environment,
        )
        opened.callback(self._end)
        request = {
            "graph": pair.graph,
            "cores": list(setup.cores),
            "inputs": _described(self._inputs),
            "outputs": _described(self.outputs),
        }
        if self._ask(json.dumps(request), START_SECONDS) != "ready":
            raise HpctcError(f"torch does not start: {self._complaint()}")
        self._child.send_signal(signal.SIGSTOP)

    def call(self, values: Sequence[Array], turn: int, cold: bool = False) -> Called | Ended:
        """One evaluation of the graph; making its outputs is part of the time, as in any use."""
        self._inputs.store(values)
        self.outputs.poison(turn)
        if cold:
            for arena in (self._inputs, self.outputs):
                evict(arena.pages, self._scratch)
        began = time.perf_counter_ns()
        self._child.send_signal(signal.SIGCONT)
        answer = self._ask("call", self._seconds)
        taken = time.perf_counter_ns() - began
        if not answer.isdigit():
            return Ended("crashed", self._complaint() or "it gave no answer")
        self._child.send_signal(signal.SIGSTOP)
        return Called(int(answer), taken, 0)

    def restart(self) -> None:
        """It stays: importing torch takes longer than all the calls."""

    def _ask(self, words: str, seconds: float) -> str:
        """Send a line and read one; empty where none comes."""
        question, answer = self._child.stdin, self._child.stdout
        assert question is not None
        assert answer is not None
        try:
            question.write(words.encode() + b"\n")
            question.flush()
        except BrokenPipeError:
            return ""
        if not select.select([answer], [], [], seconds)[0]:
            return ""
        return answer.readline().decode().strip()

    def _complaint(self) -> str:
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""

    def _end(self) -> None:
        self._child.kill()
        self._child.communicate()


def _described(arena: Arena) -> dict[str, Any]:
    return {
        "fd": arena.fd,
        "size": arena.pages.size,
        "places": [
            (p.offset + p.lead, p.nbytes, t.dtype, t.shape)
            for p, t in zip(arena.places, arena.tensors, strict=True)
        ],
    }
