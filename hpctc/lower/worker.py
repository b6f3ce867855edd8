"""Tasks in forked children: a crash, a hang or a memory hunger of TVM costs one task.

A server process imports TVM once (seconds) and forks a child a task (milliseconds); the process
that asks needs no TVM and may have threads. Whatever happens to a task comes back as its result or
as a :class:`Failure` with the reason.
"""

import pickle
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from multiprocessing.connection import Connection, Pipe
from types import TracebackType
from typing import Self, TypeVar

from hpctc.core.errors import HpctcError
from hpctc.lower.forkserver import Failure, Order

__all__ = ["LOWERING", "TUNING", "Failure", "WorkerError", "Workers"]

LOWERING = ("hpctc.lower.pair",)
"""What a server imports whose children lower graphs."""

TUNING = (*LOWERING, "tvm.s_tir.tensor_intrin")
"""The same for children that search schedules: TVM's tensor intrinsics take 10 to 30 s to load."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerError(HpctcError):
    """The server itself does not start or has gone: the harness is broken, not a task."""


class Workers:
    """``with Workers(jobs=2, seconds=60) as workers: workers.map(function, items)``.

    ``function`` is picklable (a module's function or a partial of one); so are items and results.
    """

    def __init__(
        self,
        jobs: int = 1,
        seconds: float = 60.0,
        memory: int | None = None,
        preload: Iterable[str] = LOWERING,
    ) -> None:
        self.jobs = jobs
        """Children that run at the same time."""
        self.seconds = seconds
        """Wall time a task may take."""
        self.memory = memory
        """Bytes of data a task may allocate; None: no limit."""
        self.preload = tuple(preload)
        """Modules that the server imports before it forks; ``module:function`` is called, too."""
        self._server: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, ordered: bool = False
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Apply ``function`` to every item, ``jobs`` at a time; items are taken as needed.

        Pairs come as they are ready, or in the order of the items. An iterator that is left early,
        by an exception or Ctrl-C, ends its children.
        """
        line = self._start()
        numbers = count()
        waiting: dict[int, Item] = {}
        done: dict[int, Result | Failure] = {}
        order: deque[int] = deque()
        source = iter(items)
        finished = False
        try:
            while True:
                for item in islice(source, self.jobs - len(waiting) + len(done)):
                    number = next(numbers)
                    waiting[number] = item
                    if ordered:
                        order.append(number)
                    task = pickle.dumps((function, item))
                    line.send(Order(number, task, self.seconds, self.memory))
                if not waiting:
                    break
                number, outcome = pickle.loads(self._receive(line))
                done[number] = outcome
                ready = order if ordered else deque([number])
                while ready and ready[0] in done:
                    number = ready.popleft()
                    yield waiting.pop(number), done.pop(number)
            finished = True
        finally:
            if not finished:
                self.close()

    def close(self) -> None:
        """End the server and all its children; :meth:`map` starts a new one when called again."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._server is not None:
            self._server.wait()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> Connection:
        """The line to a running server."""
        if self._line is not None:
            return self._line
        ours, theirs = Pipe()
        with theirs, tempfile.TemporaryFile() as words:
            program = (
                f"import sys; sys.path[:] = {sys.path!r}; from hpctc.lower import forkserver; "
                f"forkserver.main({theirs.fileno()}, {list(self.preload)!r})"
            )
            self._server = subprocess.Popen(
                [sys.executable, "-c", program],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us, and we end the children
            )
            theirs.close()
            try:
                problem = ours.recv()
            except (EOFError, OSError):
                words.seek(0)
                problem = words.read().decode(errors="replace").strip()[-2000:] or "no word"
            except BaseException:
                ours.close()
                self._server.kill()
                raise
        if problem is not None:
            ours.close()
            self.close()
            raise WorkerError(f"the worker server does not start: {problem}", "run 'hpctc doctor'")
        self._line = ours
        return ours

    def _receive(self, line: Connection) -> bytes:
        try:
            return line.recv_bytes()
        except (EOFError, OSError):
            self.close()
            raise WorkerError(
                "the worker server was killed", "is there enough memory? try fewer jobs"
            ) from None
